import { Fault } from '../lib/fault.ts';
import type { Approved } from '../policy/index.ts';
import type { Operation, Outcome } from '../protocols/protocol.ts';
import { about } from './ask-people.ts';
import { decide } from './decide.ts';
import type { HoldWatcher } from './hold.ts';
import { deny, permit, type Refusing, unavailable } from './record.ts';
import { type RequestableDenial, requestSubject } from './request-subject.ts';
import type { Session } from './session.ts';

/**
 * A person goes ahead without waiting, where policy lets one of their groups: the operation is judged with that as evidence,
 * the review is on record and open, and only then is there a permit.
 */
export async function breakGlass(
  session: Session,
  operation: Operation,
  decision: RequestableDenial,
  stated: string,
  listener: HoldWatcher,
): Promise<Outcome> {
  const { identity, house } = session;
  const refused = (reason: string): Outcome =>
    deny(session, operation, about(decision, { ...NOT_BROKEN, reason: `${decision.reason}; ${reason}` }));
  // An agent that acts for somebody of the group is not one of them.
  if (identity.kind !== 'person' || identity.actor !== null) return refused('only a person can break glass');
  const objection = house.approvals.breakGlassObjection(identity);
  if (objection !== null) return refused(`you cannot break glass: ${objection}`);
  const evidence = identity.groups.map(
    (group): Approved => ({ group, seats: 1, standing: { kind: 'break-glass' } }),
  );
  const judged = await decide(session, operation, evidence);
  if (judged.effect === 'deny') return refused('policy does not let your groups break glass here');
  if (session.ending !== null) return deny(session, operation, session.ending);
  const groups = (judged.evidence ?? []).flatMap((one) => (one.kind === 'break-glass' ? [one.group] : []));
  // Permitted meanwhile without it: there is nothing to review.
  if (groups.length === 0) return permit(session, operation, judged);
  const digest = session.digest(operation, judged.policyVersion);
  let review: string;
  try {
    review = house.approvals.breakGlass(
      requestSubject(session, operation, decision, { mode: 'hold', digest, stated }),
      groups,
    );
  } catch (fault) {
    house.report(fault);
    return fault instanceof Fault && fault.code === 'limit-exceeded'
      ? refused(fault.message)
      : unavailable(session, operation);
  }
  listener.approved?.({ requestId: review, approvals: evidence, by: [] });
  return permit(session, operation, judged, { requestId: review, approved: evidence });
}

const NOT_BROKEN: Refusing = {
  code: 'forbidden',
  reason: '',
  policies: [],
  hint: 'ask for approval instead: leave sallyport.break_glass, or the header Sallyport-Break-Glass, out',
};
