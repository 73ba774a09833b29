import type { Identity } from '../identity/index.ts';
import type { ApprovalRequirement } from '../policy/index.ts';

/** Something that somebody asked for, or did, and that others decide about. */
export interface Visible {
  readonly subject: string;
  readonly actor: string | null;
  readonly requirements: readonly ApprovalRequirement[];
}

/** Whether this viewer may see it, with the exact operation: whose it is, and people who could decide it. */
export function maySee(viewer: Identity, thing: Visible): boolean {
  return isOwn(viewer, thing) || couldDecide(viewer, thing);
}

/** A person sees what their agents asked; an agent sees only what it asked itself. */
export function isOwn(viewer: Identity, thing: Pick<Visible, 'subject' | 'actor'>): boolean {
  if (viewer.subject !== thing.subject) return false;
  return viewer.actor === thing.actor || isPlainPerson(viewer);
}

export function isPlainPerson(viewer: Pick<Identity, 'kind' | 'actor'>): boolean {
  return viewer.kind === 'person' && viewer.actor === null;
}

function couldDecide(viewer: Identity, { requirements }: Visible): boolean {
  return isPlainPerson(viewer) && requirements.some((one) => viewer.groups.includes(one.group));
}
