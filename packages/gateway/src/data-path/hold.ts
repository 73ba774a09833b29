import { isUtf8 } from 'node:buffer';
import type { AccessRequestEnding, PendingAccess } from '../approval/index.ts';
import type { ApprovalRequirement, Decision } from '../policy/index.ts';
import type { HoldListener, Meaning, Operation, Outcome, ParameterForm } from '../protocols/protocol.ts';
import { decide } from './decide.ts';
import { decisionFacts, deny, permit, type Refusing } from './record.ts';
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

/**
 * Keeps the operation open while people decide. An approval is evidence for a new decision, never a way through:
 * it is redeemed once, for this digest, and then the operation is judged again (L3).
 */
export async function hold(
  session: Session,
  operation: Operation,
  decision: Decision & { effect: 'deny' },
  requirements: readonly ApprovalRequirement[],
  listener: HoldWatcher,
): Promise<Outcome> {
  const { house } = session;
  const heldSince = house.clock.elapsed();
  const digest = session.digest(operation, decision.policyVersion);
  const over = (await session.budget?.take('approvals')) ?? null;
  if (over !== null) return deny(session, operation, overBudget(over, session.identity.tokenId));
  if (session.ending !== null) return deny(session, operation, session.ending);
  const request = open(session, operation, decision, requirements, digest);
  if ('code' in request) return deny(session, operation, request);

  const ending = await decided(session, operation, requirements, request, listener);

  const circumstances = { requestId: request.id, heldMs: house.clock.elapsed() - heldSince };
  const facts = decisionFacts(decision);
  const refused = (refusing: Refusing): Outcome =>
    deny(session, operation, { ...refusing, ...circumstances, ...(facts === undefined ? {} : { facts }) });
  if (ending.state !== 'approved') return refused(notApproved(ending));
  if (session.ending !== null) return refused(session.ending);
  // Nobody would be told what became of it.
  if (listener.signal.aborted) return refused(notApproved({ state: 'cancelled' }));
  if (!(await stillMeant(operation.meaning, listener))) return refused(MEANS_SOMETHING_ELSE);
  // The digest names the policy version: an approval given under another policy is evidence of nothing.
  const again = session.digest(operation, house.decisionPoint.version);
  if (again !== digest || !request.redeem(again)) return refused(NOT_REDEEMED);
  const judged = await decide(session, operation, ending.approvals);
  // The policy may have changed during that decision, too.
  if (judged.policyVersion !== decision.policyVersion) return refused(NOT_REDEEMED);
  if (judged.effect === 'permit') {
    listener.approved?.({ requestId: request.id, approvals: ending.approvals, by: ending.by });
    return permit(session, operation, judged, { ...circumstances, approved: ending.approvals });
  }
  return refused({
    code: 'forbidden',
    reason: judged.reason,
    policies: judged.policies,
    policyVersion: judged.policyVersion,
    hint: 'it was approved, but policy does not permit it any more',
  });
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
  decision: Decision & { effect: 'deny' },
  requirements: readonly ApprovalRequirement[],
  digest: string,
): PendingAccess | Refusing {
  try {
    return session.house.approvals.open({
      sessionId: session.id,
      identity: session.identity,
      target: session.target,
      digest,
      text: operation.text,
      form: operation.meaning.form,
      parameters: operation.parameters.map((value, at) => shown(value, operation.parameterForms?.[at])),
      requirements,
      reason: reasonFor(decision),
    });
  } catch (fault) {
    session.house.report(fault);
    return {
      code: 'limit-exceeded',
      reason: `it needs approval, and no access request could be opened: ${fault instanceof Error ? fault.message : 'unknown fault'}`,
      policies: decision.policies,
      hint: 'wait until earlier access requests are decided, then try again',
    };
  }
}

/** Why it waits, with how dangerous it is where a policy asks for that. */
function reasonFor({ reason, risk }: Decision & { effect: 'deny' }): string {
  if (risk === undefined) return reason;
  const why = risk.reasons.length === 0 ? '' : `: ${risk.reasons.join(', ')}`;
  return `${reason}; risk ${risk.score} of 100${why}`;
}

/** A bound value whole, as an approver sees it: one who cannot see it all must not be asked. */
function shown(value: Uint8Array | null, form: ParameterForm = 'text'): string {
  if (value === null) return 'NULL';
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  // Bytes that happen to be readable must not pass for the value they spell.
  if (form === 'binary') return `(binary) \\x${bytes.toString('hex')}`;
  if (!isUtf8(bytes)) return `\\x${bytes.toString('hex')}`;
  const text = bytes.toString('utf8');
  // A text that spells one of the forms above, or begins as a quoted one, is quoted.
  return /^(?:NULL$|\(binary\) |\\x|")/.test(text) ? JSON.stringify(text) : text;
}

/** Whether the operation still does what people were shown: a function it calls may have been replaced meanwhile. */
async function stillMeant(meaning: Meaning, listener: HoldListener): Promise<boolean> {
  const now = (await listener.meaningNow?.(meaning)) ?? meaning;
  return now === meaning || substance(now) === substance(meaning);
}

function substance({
  evaluations,
  undetermined,
  undeterminedOn = [],
  basis = '',
  fields = [],
}: Meaning): string {
  return JSON.stringify([evaluations, undetermined, undeterminedOn, basis, fields]);
}

const MEANS_SOMETHING_ELSE: Refusing = {
  code: 'access-request-expired',
  reason: 'what it would do changed while people decided: something it uses was replaced',
  policies: [],
  hint: 'send the statement again to ask anew',
};

const NOT_REDEEMED: Refusing = {
  code: 'access-request-expired',
  reason: 'the approval is not good any more: it expired, was used, or the policy changed after it was given',
  policies: [],
  hint: 'send the statement again to ask anew',
};

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
