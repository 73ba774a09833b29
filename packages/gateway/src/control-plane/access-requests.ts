import {
  type AccessRequest,
  accessRequestQuerySchema,
  approveBodySchema,
  denyBodySchema,
  idParamsSchema,
  routes,
} from '@sallyport/contract';
import type { FastifyInstance } from 'fastify';
import type { AccessRequestView, ApprovalRoom } from '../approval/index.ts';
import type { AuditLog } from '../audit/index.ts';
import type { Identity } from '../identity/index.ts';
import { Fault } from '../lib/fault.ts';
import { adminEntry } from './admin-entry.ts';
import type { CallerOf } from './authentication.ts';

interface AccessRequestDependencies {
  readonly approvals: Pick<ApprovalRoom, 'list' | 'get' | 'approve' | 'deny'>;
  readonly audit: Pick<AuditLog, 'append'>;
}

/** Looking at access requests and deciding them. Who may do which is the approval room's to say. */
export function accessRequestRoutes(
  app: FastifyInstance,
  deps: AccessRequestDependencies,
  callerOf: CallerOf,
): void {
  const { approvals } = deps;
  app.get(routes.listAccessRequests.path, async (request) => {
    const { state, limit } = accessRequestQuerySchema.parse(request.query);
    const views = await approvals.list(callerOf(request), {
      limit,
      ...(state === undefined ? {} : { state }),
    });
    return { accessRequests: views.map(present) };
  });
  app.get(routes.getAccessRequest.path, async (request) => {
    const { id } = idParamsSchema.parse(request.params);
    return present(await approvals.get(id, callerOf(request)));
  });
  app.post(routes.approve.path, async (request) => {
    const { id } = idParamsSchema.parse(request.params);
    const { reason } = approveBodySchema.parse(request.body ?? {});
    const caller = callerOf(request);
    return present(await recordRefusals(deps, caller, id, 'approve', approvals.approve(id, caller, reason)));
  });
  app.post(routes.deny.path, async (request) => {
    const { id } = idParamsSchema.parse(request.params);
    const { reason } = denyBodySchema.parse(request.body ?? {});
    const caller = callerOf(request);
    return present(await recordRefusals(deps, caller, id, 'deny', approvals.deny(id, caller, reason)));
  });
}

/** A decision is logged where it is made; an attempt that was refused is logged here. */
async function recordRefusals<T>(
  deps: AccessRequestDependencies,
  caller: Identity,
  requestId: string,
  attempt: string,
  decision: Promise<T>,
): Promise<T> {
  try {
    return await decision;
  } catch (error) {
    if (error instanceof Fault)
      deps.audit.append(adminEntry(caller, { attempt, refused: error.code }, { requestId }));
    throw error;
  }
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
