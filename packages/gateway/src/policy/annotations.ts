import type { ApprovalRequirement } from './decision.ts';

/** What the annotations of one policy say. */
export interface Annotated {
  readonly id: string | null;
  readonly requirement: ApprovalRequirement | null;
}

/** Letters first, so that an id is never a name JavaScript objects treat specially. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._:#/ -]{0,127}$/;
const APPROVAL = /^\s*([^,\s](?:[^,]{0,126}[^,\s])?)\s*(?:,\s*([1-9]\d?)\s*)?$/;
const MOST_SEATS = 20;

/** Reads @id and @approval. Returns a sentence when an annotation cannot be honoured: one not understood is not skipped. */
export function readAnnotations(
  effect: 'permit' | 'forbid',
  annotations: Readonly<Record<string, string | null>>,
): Annotated | string {
  for (const name of Object.keys(annotations)) {
    if (name !== 'id' && name !== 'approval')
      return `annotation @${name} is not known: only @id and @approval are`;
  }
  const { id, approval } = annotations;
  if (id !== undefined && (id === null || !ID.test(id))) {
    return `@id("${id ?? ''}") is not usable: up to 128 letters, digits, spaces and . _ : # / -, a letter or digit first`;
  }
  if (approval === undefined) return { id: id ?? null, requirement: null };
  if (effect === 'forbid') return '@approval on a forbid has no meaning: nobody can approve past a forbid';
  const [, group, seats = '1'] = APPROVAL.exec(approval ?? '') ?? [];
  if (group === undefined || Number(seats) > MOST_SEATS) {
    return `@approval("${approval ?? ''}") is not usable: write @approval("group") or @approval("group, seats") with 1 to ${MOST_SEATS} seats`;
  }
  return { id: id ?? null, requirement: { group, seats: Number(seats) } };
}
