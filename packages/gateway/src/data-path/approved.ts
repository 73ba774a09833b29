import type { ApprovalRequirement } from '../policy/index.ts';
import type { HoldListener, Meaning, Operation, Outcome } from '../protocols/protocol.ts';
import { decide } from './decide.ts';
import type { HoldWatcher } from './hold.ts';
import { deny, permit, type Refusing } from './record.ts';
import type { Session } from './session.ts';

/** What people agreed to, ready to be used. */
export interface Agreed {
  readonly requestId: string;
  readonly approvals: readonly ApprovalRequirement[];
  /** The people, by subject. */
  readonly by: readonly string[];
  /** The policy it was asked under. */
  readonly policyVersion: string;
  readonly heldMs: number;
  /** Uses it up, if it is for exactly what would run now. */
  redeem(): boolean;
}

/**
 * An approval is evidence for a new decision, never a way through: it is redeemed once, for what would run now, and then the
 * operation is judged again (L3).
 */
export async function judgeApproved(
  session: Session,
  operation: Operation,
  agreed: Agreed,
  listener: HoldWatcher,
): Promise<Outcome> {
  const { requestId, approvals, by, policyVersion, heldMs } = agreed;
  const circumstances = { requestId, heldMs };
  const refused = (refusing: Refusing): Outcome =>
    deny(session, operation, { ...refusing, ...circumstances });
  if (!(await stillMeant(operation.meaning, listener))) return refused(MEANS_SOMETHING_ELSE);
  if (session.ending !== null) return deny(session, operation, { ...session.ending, ...circumstances });
  // The digest names the policy version: an approval given under another policy is evidence of nothing.
  if (!agreed.redeem()) return refused(NOT_REDEEMED);
  const judged = await decide(session, operation, approvals);
  // The policy may have changed during that decision, too.
  if (judged.policyVersion !== policyVersion) return refused(NOT_REDEEMED);
  if (judged.effect === 'permit') {
    listener.approved?.({ requestId, approvals, by });
    return permit(session, operation, judged, { ...circumstances, approved: approvals });
  }
  return refused({
    code: 'forbidden',
    reason: judged.reason,
    policies: judged.policies,
    policyVersion: judged.policyVersion,
    hint: 'it was approved, but policy does not permit it any more',
  });
}

/** Whether the operation still does what people were shown: a function it calls may have been replaced meanwhile. */
async function stillMeant(meaning: Meaning, listener: HoldListener): Promise<boolean> {
  const now = (await listener.meaningNow?.(meaning)) ?? meaning;
  return now === meaning || substance(now) === substance(meaning);
}

/** What an operation does, as text: two with the same do the same. */
export function substance({
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
  reason:
    'the approval is not good any more: it expired, was used, whoever gave it may not any more, or the policy changed after it was given',
  policies: [],
  hint: 'send the statement again to ask anew',
};
