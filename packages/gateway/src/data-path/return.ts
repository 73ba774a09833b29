import type { Answer } from '../approval/index.ts';
import type { Operation, Outcome } from '../protocols/protocol.ts';
import { judgeApproved, substance } from './approved.ts';
import { requestDigest } from './digest.ts';
import { type HoldWatcher, noRequestOpened } from './hold.ts';
import { deny } from './record.ts';
import { type RequestableDenial, requestSubject } from './request-subject.ts';
import type { Session } from './session.ts';
import { overBudget } from './task-scope.ts';

/**
 * An approval that was given for exactly this, in whatever session it was asked for: the operation is judged with it. A person's
 * no is told as long as their answer would have been awaited. Null when there is neither.
 */
export async function redeemEarlier(
  session: Session,
  operation: Operation,
  decision: RequestableDenial,
  listener: HoldWatcher,
): Promise<Outcome | null> {
  const { approvals } = session.house;
  const answer = approvals.answer(digestOf(session, operation, decision.policyVersion));
  if (answer?.state === 'denied') return refusedBy(session, operation, answer);
  if (answer?.state !== 'approved') return null;
  const agreed = {
    requestId: answer.id,
    approvals: answer.approvals,
    by: answer.by,
    policyVersion: decision.policyVersion,
    heldMs: 0,
    redeem: () =>
      answer.redeem(digestOf(session, operation, session.house.decisionPoint.version), session.identity),
  };
  return judgeApproved(session, operation, agreed, listener);
}

/** Refuses it with the id of the access request that people can decide meanwhile: the same for as long as it is pending. */
export async function askAndReturn(
  session: Session,
  operation: Operation,
  decision: RequestableDenial,
  stated: string,
): Promise<Outcome> {
  const digest = digestOf(session, operation, decision.policyVersion);
  if (session.house.approvals.answer(digest) === null) {
    const over = (await session.budget?.take('approvals')) ?? null;
    if (over !== null) return deny(session, operation, overBudget(over, session.identity.tokenId));
    if (session.ending !== null) return deny(session, operation, session.ending);
  }
  let answer: Answer;
  try {
    const subject = requestSubject(session, operation, decision, { mode: 'return', digest, stated });
    answer = session.house.approvals.ask(subject);
  } catch (fault) {
    return deny(session, operation, noRequestOpened(session, decision, fault));
  }
  if (answer.state === 'denied') return refusedBy(session, operation, answer);
  const { id } = answer;
  const until = answer.state === 'pending' ? answer.expiresAt : session.house.clock.now();
  return deny(session, operation, {
    code: 'access-request-pending',
    reason: `${decision.reason}; people are asked: access request ${id}`,
    policies: decision.policies,
    policyVersion: decision.policyVersion,
    hint: `send exactly the same again once it is approved, until ${new Date(until).toISOString()}; an approver decides with: sallyport approve ${id}`,
    requestId: id,
    accessRequest: { id, expiresAt: until },
  });
}

function refusedBy(
  session: Session,
  operation: Operation,
  { id, by, reason }: Answer & { state: 'denied' },
): Outcome {
  return deny(session, operation, {
    code: 'access-request-denied',
    reason: `${by} denied it: ${reason}`,
    policies: [],
    hint: 'do without it, or talk to the people who decide',
    requestId: id,
  });
}

/** The same wherever this identity sends exactly this, and where it would do exactly this. */
function digestOf(session: Session, operation: Operation, policyVersion: string): string {
  const { house, target, facet, identity } = session;
  const { subject, actor, task } = identity;
  const does = substance(operation.meaning);
  const scope = { target, facet, subject, actor, task, policyVersion, substance: does };
  return requestDigest(house.approvals.digestKey, scope, operation);
}
