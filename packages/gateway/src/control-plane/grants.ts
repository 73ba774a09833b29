import {
  closeReviewBodySchema,
  idParamsSchema,
  revokeGrantBodySchema,
  routes,
  standingQuerySchema,
} from '@sallyport/contract';
import type { FastifyInstance } from 'fastify';
import type { ApprovalRoom } from '../approval/index.ts';
import type { AuditLog } from '../audit/index.ts';
import type { Identity } from '../identity/index.ts';
import type { Clock } from '../lib/clock.ts';
import { recordRefusals } from './access-requests.ts';
import { presentGrant, presentReview } from './approval-views.ts';
import type { CallerOf } from './authentication.ts';
import { isMember, type Roles } from './sessions.ts';

interface GrantDependencies {
  readonly approvals: Pick<ApprovalRoom, 'grants' | 'reviews'>;
  readonly audit: Pick<AuditLog, 'append'>;
  readonly clock: Clock;
}

/**
 * What was granted for a time, and what has to be reviewed. Auditors and operators see all of it, operators end any grant;
 * closing a review stays with those who would have been asked.
 */
export function grantRoutes(
  app: FastifyInstance,
  deps: GrantDependencies,
  callerOf: CallerOf,
  roles: Roles,
): void {
  const { grants } = deps.approvals;
  const all = (caller: Identity) => isMember(caller, roles.auditors) || isMember(caller, roles.operators);
  app.get(routes.listGrants.path, async (request) => {
    const { limit, past = false } = standingQuerySchema.parse(request.query);
    const caller = callerOf(request);
    const found = await grants.list(caller, { limit, past, all: all(caller) });
    return { grants: found.map((one) => presentGrant(one, deps.clock.now())) };
  });
  app.post(routes.revokeGrant.path, async (request) => {
    const { id } = idParamsSchema.parse(request.params);
    const { reason } = revokeGrantBodySchema.parse(request.body ?? {});
    const caller = callerOf(request);
    const revoked = grants.revoke(id, caller, reason, isMember(caller, roles.operators));
    return presentGrant(await recordRefusals(deps, caller, id, 'revoke-grant', revoked), deps.clock.now());
  });
  reviewRoutes(app, deps, callerOf, all);
}

function reviewRoutes(
  app: FastifyInstance,
  deps: GrantDependencies,
  callerOf: CallerOf,
  all: (caller: Identity) => boolean,
): void {
  const { reviews } = deps.approvals;
  app.get(routes.listReviews.path, async (request) => {
    const { limit, past = false } = standingQuerySchema.parse(request.query);
    const caller = callerOf(request);
    const found = await reviews.list(caller, { limit, past, all: all(caller) });
    return { reviews: found.map(presentReview) };
  });
  app.get(routes.getReview.path, async (request) => {
    const { id } = idParamsSchema.parse(request.params);
    const caller = callerOf(request);
    return presentReview(await reviews.get(id, caller, all(caller)));
  });
  app.post(routes.closeReview.path, async (request) => {
    const { id } = idParamsSchema.parse(request.params);
    const { verdict, words } = closeReviewBodySchema.parse(request.body ?? {});
    const caller = callerOf(request);
    const closed = reviews.close(id, caller, verdict, words);
    return presentReview(await recordRefusals(deps, caller, id, 'close-review', closed));
  });
}
