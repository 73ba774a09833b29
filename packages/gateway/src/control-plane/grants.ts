import type { ApprovalRoom } from '../approval/index.ts';
import type { Clock } from '../lib/clock.ts';
import { presentGrant, presentReview } from './approval-views.ts';
import { type Authorization, GATEWAY } from './authorization.ts';
import type { Handlers } from './serve-routes.ts';

interface GrantDependencies {
  readonly approvals: Pick<ApprovalRoom, 'grants' | 'reviews'>;
  readonly authorization: Pick<Authorization, 'may'>;
  readonly clock: Clock;
}

type Names = 'listGrants' | 'revokeGrant' | 'listReviews' | 'getReview' | 'closeReview';

/**
 * What was granted for a time, and what has to be reviewed. Whose they are is the approval room's to say; policy says who sees
 * everybody's, and who ends any grant. Closing a review stays with those who would have been asked.
 */
export function grantHandlers({ approvals, authorization, clock }: GrantDependencies): Pick<Handlers, Names> {
  const { grants, reviews } = approvals;
  return {
    async listGrants({ caller, query: { limit, past = false } }) {
      const all = await authorization.may(caller, 'see-all-grants', GATEWAY);
      const found = await grants.list(caller, { limit, past, all });
      return { grants: found.map((one) => presentGrant(one, clock.now())) };
    },
    async revokeGrant({ params: { id }, caller, body: { reason } }) {
      const any = await authorization.may(caller, 'revoke-any-grant', GATEWAY);
      return presentGrant(await grants.revoke(id, caller, reason, any), clock.now());
    },
    async listReviews({ caller, query: { limit, past = false } }) {
      const all = await authorization.may(caller, 'see-all-grants', GATEWAY);
      return { reviews: (await reviews.list(caller, { limit, past, all })).map(presentReview) };
    },
    async getReview({ params: { id }, caller }) {
      const all = await authorization.may(caller, 'see-all-grants', GATEWAY);
      return presentReview(await reviews.get(id, caller, all));
    },
    closeReview: async ({ params: { id }, caller, body: { verdict, words } }) =>
      presentReview(await reviews.close(id, caller, verdict, words)),
  };
}
