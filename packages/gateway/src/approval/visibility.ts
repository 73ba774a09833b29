import type { Identity } from '../identity/index.ts';
import type { AccessRequestView } from './approval.ts';

/** Whether this viewer may see this access request, with the exact operation: its requester, and people who could decide it. */
export function maySee(viewer: Identity, request: AccessRequestView): boolean {
  return isOwn(viewer, request) || couldDecide(viewer, request);
}

/** A person sees what their agents asked; an agent sees only what it asked itself. */
function isOwn(viewer: Identity, request: AccessRequestView): boolean {
  if (viewer.subject !== request.subject) return false;
  return viewer.actor === request.actor || (viewer.kind === 'person' && viewer.actor === null);
}

function couldDecide(viewer: Identity, request: AccessRequestView): boolean {
  if (viewer.kind !== 'person' || viewer.actor !== null) return false;
  return request.requirements.some((one) => viewer.groups.includes(one.group));
}
