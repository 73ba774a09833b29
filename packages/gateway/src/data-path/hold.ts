import type { AccessRequestEnding, PendingAccess } from '../approval/index.ts';
import type { ApprovalRequirement } from '../policy/index.ts';
import type { HoldListener, Operation, Outcome } from '../protocols/protocol.ts';
import { judgeApproved } from './approved.ts';
import { decisionFacts, deny, type Refusing } from './record.ts';
import { type RequestableDenial, requestSubject } from './request-subject.ts';
import type { Session } from './session.ts';
import { overBudget } from './task-scope.ts';

/** How an operation that was held came to be permitted. */
export interface Approved {
  readonly requestId: string;
  readonly approvals: readonly ApprovalRequirement[];
  /** The people, by subject. */
  readonly by: readonly string[];
}

/** A listener within the data path: what people did is told before the outcome is. */
export interface HoldWatcher extends HoldListener {
  approved?(how: Approved): void;
}

/** Keeps the operation open while people decide. */
export async function hold(
  session: Session,
  operation: Operation,
  decision: RequestableDenial,
  stated: string,
  listener: HoldWatcher,
): Promise<Outcome> {
  const { house } = session;
  const heldSince = house.clock.elapsed();
  const digest = session.digest(operation, decision.policyVersion);
  const over = (await session.budget?.take('approvals')) ?? null;
  if (over !== null) return deny(session, operation, overBudget(over, session.identity.tokenId));
  if (session.ending !== null) return deny(session, operation, session.ending);
  const request = open(session, operation, decision, { digest, stated });
  if ('code' in request) return deny(session, operation, request);

  const ending = await decided(session, operation, decision.approvals, request, listener);

  const circumstances = { requestId: request.id, heldMs: house.clock.elapsed() - heldSince };
  const facts = decisionFacts(decision);
  const refused = (refusing: Refusing): Outcome =>
    deny(session, operation, { ...refusing, ...circumstances, ...(facts === undefined ? {} : { facts }) });
  if (ending.state !== 'approved') return refused(notApproved(ending));
  if (session.ending !== null) return refused(session.ending);
  // Nobody would be told what became of it.
  if (listener.signal.aborted) return refused(notApproved({ state: 'cancelled' }));
  const { approvals, by } = ending;
  const { policyVersion } = decision;
  const redeem = (): boolean =>
    session.digest(operation, house.decisionPoint.version) === digest && request.redeem(digest);
  return judgeApproved(
    session,
    operation,
    { ...circumstances, approvals, by, policyVersion, redeem },
    listener,
  );
}

/** How the access request ends: by people, by time, or because the client or the session is gone. */
async function decided(
  session: Session,
  operation: Operation,
  approvers: readonly ApprovalRequirement[],
  request: PendingAccess,
  listener: HoldListener,
): Promise<AccessRequestEnding> {
  const { signal } = listener;
  const cancel = (): void => request.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  const forget = session.onEnd(cancel);
  try {
    if (signal.aborted) cancel();
    listener.held({
      requestId: request.id,
      what: operation.meaning.form,
      approvers,
      expiresAt: request.expiresAt,
    });
    return await request.ended;
  } finally {
    // Nothing is left waiting for people when whoever held it failed; over already, this does nothing.
    cancel();
    forget();
    signal.removeEventListener('abort', cancel);
  }
}

function open(
  session: Session,
  operation: Operation,
  decision: RequestableDenial,
  asked: { readonly digest: string; readonly stated: string },
): PendingAccess | Refusing {
  try {
    return session.house.approvals.open(
      requestSubject(session, operation, decision, { mode: 'hold', ...asked }),
    );
  } catch (fault) {
    return noRequestOpened(session, decision, fault);
  }
}

/** Why people cannot be asked. */
export function noRequestOpened(session: Session, { policies }: RequestableDenial, fault: unknown): Refusing {
  session.house.report(fault);
  return {
    code: 'limit-exceeded',
    reason: `it needs approval, and no access request could be opened: ${fault instanceof Error ? fault.message : 'unknown fault'}`,
    policies,
    hint: 'wait until earlier access requests are decided, then try again',
  };
}

function notApproved(ending: Exclude<AccessRequestEnding, { state: 'approved' }>): Refusing {
  switch (ending.state) {
    case 'denied':
      return {
        code: 'access-request-denied',
        reason: `${ending.by} denied it: ${ending.reason}`,
        policies: [],
        hint: 'do without it, or talk to the people who decide',
      };
    case 'expired':
      return {
        code: 'access-request-expired',
        reason: 'nobody decided in time',
        policies: [],
        hint: 'send the statement again to ask anew',
      };
    case 'cancelled':
    case 'failed':
      return {
        code: 'access-request-cancelled',
        reason: ending.state === 'failed' ? 'the access request failed' : 'the access request was cancelled',
        policies: [],
        hint: 'send the statement again to ask anew',
      };
  }
}
