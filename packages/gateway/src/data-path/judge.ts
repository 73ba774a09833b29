import { type MaybePromise, whenReady } from '../lib/async.ts';
import type { Decision, Question } from '../policy/index.ts';
import type { Operation, Outcome } from '../protocols/protocol.ts';
import { askPeople } from './ask-people.ts';
import { endingOf } from './contain.ts';
import { decide } from './decide.ts';
import type { HoldWatcher } from './hold.ts';
import { decisionFacts, deny, permit, type Refusing } from './record.ts';
import type { Session } from './session.ts';
import { overBudget } from './task-scope.ts';
import { writesBack } from './write-back.ts';

/**
 * The middle of the picture: decide, then act on the decision, for one operation of any protocol.
 *
 *     decide ─┬─ permit ──────────────► record decision ─► (the protocol forwards, with the permit)
 *       ▲     ├─ requestable denial ─► ask people ─┐
 *       └─────┼──────────────────────────────────┘
 *             └─ deny ────────────────► record decision ─► (the protocol refuses)
 *
 * The answer is immediate when the decision is known and its entry needs no disk sync.
 */
export function judge(session: Session, operation: Operation, listener: HoldWatcher): MaybePromise<Outcome> {
  const ending = endingOf(session);
  if (ending !== null) return deny(session, operation, ending);
  return closed(session, operation, () =>
    whenReady(spend(session), (over) => {
      if (over !== null) return deny(session, operation, over);
      return whenReady(decided(session, operation), (decision) => {
        if (!('effect' in decision)) return deny(session, operation, decision);
        if (decision.effect === 'permit') return permit(session, operation, decision);
        if (decision.approvals !== null)
          return askPeople(session, operation, { ...decision, approvals: decision.approvals }, listener);
        return deny(session, operation, denied(operation, decision));
      });
    }),
  );
}

/** Counts the operation against the budget of a task token, whatever becomes of it; why it must not be, or null. */
function spend({ budget, identity }: Session): MaybePromise<Refusing | null> {
  if (budget === null) return null;
  return whenReady(budget.take('operations'), (over) =>
    over === null ? null : overBudget(over, identity.tokenId),
  );
}

/** Judges making an operation ready: what people could still approve may be prepared, but not run. */
export function judgePreparation(session: Session, operation: Operation): MaybePromise<Outcome> {
  const ending = endingOf(session);
  if (ending !== null) return deny(session, operation, ending);
  // To make something ready is nothing to count; but nothing more is made ready than could be run.
  const over = session.budget?.usedUp('operations') ?? null;
  if (over !== null) return deny(session, operation, overBudget(over, session.identity.tokenId));
  return closed(session, operation, () =>
    whenReady(decided(session, operation), (decision) => {
      if (!('effect' in decision)) return deny(session, operation, decision);
      if (decision.effect === 'deny' && decision.approvals === null) {
        return deny(session, operation, denied(operation, decision));
      }
      return permit(session, operation, decision, { preparing: true });
    }),
  );
}

/** The decision on an operation; no policy permits one that writes what stands for a hidden value. */
function decided(session: Session, operation: Operation): MaybePromise<Decision | Refusing> {
  return writesBack(session, operation) ?? decide(session, operation);
}

/** Whatever breaks while an operation is judged is a deny, with its entry and its reason (L2). */
function closed(
  session: Session,
  operation: Operation,
  judging: () => MaybePromise<Outcome>,
): MaybePromise<Outcome> {
  const broken = (fault: unknown): Outcome => {
    session.house.report(fault);
    return deny(session, operation, NOT_JUDGED);
  };
  try {
    const outcome = judging();
    return outcome instanceof Promise ? outcome.catch(broken) : outcome;
  } catch (fault) {
    return broken(fault);
  }
}

const NOT_JUDGED: Refusing = {
  code: 'undetermined',
  reason: 'the gateway failed to judge it; its own log says why',
  policies: [],
  hint: 'try again, or tell an operator of the gateway',
};

function factsOf(decision: Decision): Pick<Refusing, 'facts'> {
  const facts = decisionFacts(decision);
  return facts === undefined ? {} : { facts };
}

/** What the client is told about this decision. */
export function denied(operation: Operation, decision: Decision & { effect: 'deny' }): Refusing {
  const { reason, policies, policyVersion, denied: hiddenUse, hint = ASK } = decision;
  const undetermined =
    operation.meaning.undetermined !== null &&
    policies.length === 0 &&
    hiddenUse === undefined &&
    decision.hint === undefined;
  return {
    code: undetermined ? 'undetermined' : 'forbidden',
    reason,
    policies,
    policyVersion,
    ...factsOf(decision),
    hint: undetermined ? SIMPLER : hiddenUse === undefined ? hint : otherThan(hiddenUse),
  };
}

const SIMPLER = 'write it in a simpler way, so that what it touches can be seen';
const ASK = 'ask for a policy that permits it, or do without';

/** What to do other than use a hidden column. */
function otherThan({ action, resource }: Question): string {
  const without =
    action === 'probe' ? 'leave the column out of that clause' : 'leave its name and its declaration alone';
  return `${without}, ask to be shown ${resource.path.join()} (reveal), or ask for a policy that permits ${action}`;
}
