import type { AccessRequest } from '@sallyport/contract';
import type { AccessRequestView, ApprovalRoom } from '../approval/index.ts';
import { type Authorization, accessRequestResource } from './authorization.ts';
import { cursorOf, positionOf } from './cursor.ts';
import type { Handlers } from './serve-routes.ts';

interface AccessRequestDependencies {
  readonly approvals: Pick<ApprovalRoom, 'page' | 'approve' | 'deny'>;
  readonly authorization: Pick<Authorization, 'those'>;
}

type Names = 'listAccessRequests' | 'getAccessRequest' | 'approve' | 'deny';

/** Looking at access requests and deciding them. After policy, the approval room has rules of its own (L3). */
export function accessRequestHandlers({
  approvals,
  authorization,
}: AccessRequestDependencies): Pick<Handlers, Names> {
  return {
    async listAccessRequests({ caller, query: { state, limit, cursor } }) {
      const filter = { limit, ...positionOf(cursor), ...(state === undefined ? {} : { state }) };
      const { found, next } = await approvals.page(caller, filter);
      // The room knows whose they are and who could decide them; policy may show less than that, never more.
      const seen = await authorization.those(caller, 'see-access-request', found, accessRequestResource);
      return { accessRequests: seen.map(present), next: cursorOf(next) };
    },
    getAccessRequest: ({ found }) => present(found),
    approve: async ({ params: { id }, caller, body: { reason } }) =>
      present(await approvals.approve(id, caller, reason)),
    deny: async ({ params: { id }, caller, body: { reason } }) =>
      present(await approvals.deny(id, caller, reason)),
  };
}

function present(view: AccessRequestView): AccessRequest {
  return {
    ...view,
    delegation: [...view.delegation],
    parameters: view.parameters === null ? null : [...view.parameters],
    requirements: view.requirements.map(({ group, seats }) => ({ group, seats })),
    decisions: view.decisions.map((one) => ({ ...one, decidedAt: iso(one.decidedAt) })),
    createdAt: iso(view.createdAt),
    expiresAt: iso(view.expiresAt),
    endedAt: view.endedAt === null ? null : iso(view.endedAt),
    redeemedAt: view.redeemedAt === null ? null : iso(view.redeemedAt),
  };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
