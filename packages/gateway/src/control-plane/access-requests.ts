import {
  accessRequestQuerySchema,
  approveBodySchema,
  denyBodySchema,
  idParamsSchema,
  routes,
} from '@sallyport/contract';
import type { FastifyInstance } from 'fastify';
import type { ApprovalRoom } from '../approval/index.ts';
import type { AuditLog } from '../audit/index.ts';
import type { Identity } from '../identity/index.ts';
import { Fault } from '../lib/fault.ts';
import { adminEntry } from './admin-entry.ts';
import { presentRequest, presentTask } from './approval-views.ts';
import type { CallerOf } from './authentication.ts';

interface AccessRequestDependencies {
  readonly approvals: Pick<ApprovalRoom, 'list' | 'get' | 'approve' | 'deny' | 'cancel'>;
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
    const { state, limit, before } = accessRequestQuerySchema.parse(request.query);
    const views = await approvals.list(callerOf(request), { limit, state, before });
    return { accessRequests: views.map(presentRequest) };
  });
  app.get(routes.getAccessRequest.path, async (request) => {
    const { id } = idParamsSchema.parse(request.params);
    return presentRequest(await approvals.get(id, callerOf(request)));
  });
  app.post(routes.approve.path, async (request) => {
    const { id } = idParamsSchema.parse(request.params);
    const { reason, grantSeconds } = approveBodySchema.parse(request.body ?? {});
    const caller = callerOf(request);
    const grantMs = grantSeconds === undefined ? null : grantSeconds * 1_000;
    const approved = approvals.approve(id, caller, reason, grantMs);
    return presentRequest(await recordRefusals(deps, caller, id, 'approve', approved));
  });
  app.post(routes.deny.path, async (request) => {
    const { id } = idParamsSchema.parse(request.params);
    const { reason } = denyBodySchema.parse(request.body ?? {});
    const caller = callerOf(request);
    return presentRequest(await recordRefusals(deps, caller, id, 'deny', approvals.deny(id, caller, reason)));
  });
  app.post(routes.cancelAccessRequest.path, async (request) => {
    const { id } = idParamsSchema.parse(request.params);
    return presentRequest(await approvals.cancel(id, callerOf(request)));
  });
  app.get(routes.accessRequestTask.path, async (request) => {
    const { id } = idParamsSchema.parse(request.params);
    return presentTask(await approvals.get(id, callerOf(request)));
  });
}

/** A decision is logged where it is made; an attempt that was refused is logged here. */
export async function recordRefusals<T>(
  deps: Pick<AccessRequestDependencies, 'audit'>,
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
