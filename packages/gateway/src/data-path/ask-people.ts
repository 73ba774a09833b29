import type { AskMode } from '../approval/index.ts';
import type { Operation, Outcome, Wishes } from '../protocols/protocol.ts';
import { breakGlass } from './break-glass.ts';
import { type HoldWatcher, hold } from './hold.ts';
import { deny, type Refusing } from './record.ts';
import type { RequestableDenial } from './request-subject.ts';
import { askAndReturn, redeemEarlier } from './return.ts';
import type { Session } from './session.ts';

/** Longest reason that is taken from a client, in characters (L10). */
const STATED_CHARACTERS = 500;

/**
 * What becomes of a requestable denial:
 *
 *     reason missing ─► deny
 *     break glass ────► decide with that as evidence, open a review, permit
 *     approved before ► decide with that as evidence
 *     mode hold ──────► keep it open while people decide
 *     mode return ────► deny with the id of the access request
 */
export async function askPeople(
  session: Session,
  operation: Operation,
  decision: RequestableDenial,
  listener: HoldWatcher,
): Promise<Outcome> {
  const wishes = listener.wishes ?? NO_WISHES;
  const stated = statedReason(wishes);
  if (stated === null) return deny(session, operation, about(decision, REASON_TOO_LONG));
  if (stated === '' && (decision.terms?.reason === true || wishes.breakGlass === true))
    return deny(session, operation, about(decision, REASON_MISSING));
  // Nobody is there to wait, or to come back: connecting, for one.
  if (listener.signal.aborted) return hold(session, operation, decision, stated, listener);
  if (wishes.breakGlass === true) return breakGlass(session, operation, decision, stated, listener);
  const earlier = await redeemEarlier(session, operation, decision, listener);
  if (earlier !== null) return earlier;
  return modeOf(session, wishes) === 'return'
    ? askAndReturn(session, operation, decision, stated)
    : hold(session, operation, decision, stated, listener);
}

const NO_WISHES: Wishes = {};

function modeOf(session: Session, { mode }: Wishes): AskMode {
  return mode ?? session.house.approvalMode(session.target);
}

/** What the client says of why, as it is shown and kept: one line, with nothing that could forge another. Null: too long. */
function statedReason({ reason = '' }: Wishes): string | null {
  if (reason.length > STATED_CHARACTERS) return null;
  return reason
    .toWellFormed()
    .replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim();
}

/** A refusal in the name of the policies that ask. */
export function about({ policies, policyVersion }: RequestableDenial, refusing: Refusing): Refusing {
  return { ...refusing, policies, policyVersion };
}

const HOW_TO_SAY =
  "say it first: SET sallyport.reason = '…' or -c sallyport.reason=… in the start-up options (PostgreSQL), or the header Sallyport-Reason (HTTP)";

const REASON_MISSING: Refusing = {
  code: 'forbidden',
  reason: 'it needs a reason, and none was given',
  policies: [],
  hint: HOW_TO_SAY,
};

const REASON_TOO_LONG: Refusing = {
  code: 'limit-exceeded',
  reason: `the reason given is longer than ${STATED_CHARACTERS} characters`,
  policies: [],
  hint: 'say it in fewer words',
};
