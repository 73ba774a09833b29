import type { ApprovalRoom } from '../approval/index.ts';
import type { StepUp } from '../step-up/index.ts';
import { presentRequest, presentTask } from './approval-views.ts';
import { type Authorization, accessRequestResource } from './authorization.ts';
import { cursorOf, positionOf } from './cursor.ts';
import { configured } from './passkeys.ts';
import type { Handlers } from './serve-routes.ts';

interface AccessRequestDependencies {
  readonly approvals: Pick<ApprovalRoom, 'page' | 'approve' | 'deny' | 'cancel'>;
  /** Null where no passkeys are configured. */
  readonly stepUp: StepUp | null;
  readonly authorization: Pick<Authorization, 'those'>;
}

type Names =
  | 'listAccessRequests'
  | 'getAccessRequest'
  | 'approve'
  | 'deny'
  | 'cancelAccessRequest'
  | 'accessRequestTask';

/** Looking at access requests and deciding them. After policy, the approval room has rules of its own (L3). */
export function accessRequestHandlers({
  approvals,
  stepUp,
  authorization,
}: AccessRequestDependencies): Pick<Handlers, Names> {
  return {
    async listAccessRequests({ caller, query: { state, limit, cursor } }) {
      const filter = { limit, ...positionOf(cursor), ...(state === undefined ? {} : { state }) };
      const { found, next } = await approvals.page(caller, filter);
      // The room knows whose they are and who could decide them; policy may show less than that, never more.
      const seen = await authorization.those(caller, 'see-access-request', found, accessRequestResource);
      return { accessRequests: seen.map(presentRequest), next: cursorOf(next) };
    },
    getAccessRequest: ({ found }) => presentRequest(found),
    async approve({ params: { id }, caller, body: { reason, grantSeconds, assertion }, found: { digest } }) {
      const grantMs = grantSeconds === undefined ? null : grantSeconds * 1_000;
      if (assertion === undefined)
        return presentRequest(await approvals.approve(id, caller, reason, grantMs));
      const purpose = { kind: 'decide', requestId: id, digest, verdict: 'approve' } as const;
      const proof = await configured(stepUp).verify(caller, purpose, assertion);
      return presentRequest(await approvals.approve(id, caller, reason, grantMs, { stepUp: proof }));
    },
    deny: async ({ params: { id }, caller, body: { reason } }) =>
      presentRequest(await approvals.deny(id, caller, reason)),
    cancelAccessRequest: async ({ params: { id }, caller }) =>
      presentRequest(await approvals.cancel(id, caller)),
    accessRequestTask: ({ found }) => presentTask(found),
  };
}
