import { Fault } from '../lib/fault.ts';
import type { AccessRequestSubject } from './approval.ts';
import type { HeldRequest } from './held-request.ts';
import { seatsNeeded } from './rules.ts';
import type { ApprovalConfig } from './section.ts';

/** Most seats one access request may ask for: a policy that needs more is a mistake. */
const SEATS = 64;

/** Throws Fault `limit-exceeded` when one more access request would be too many, or too large to put before people. */
export function checkLimits(
  subject: AccessRequestSubject,
  held: Iterable<HeldRequest>,
  config: ApprovalConfig,
): void {
  const seats = seatsNeeded(subject.requirements);
  const whole = subject.requirements.every((one) => Number.isInteger(one.seats) && one.seats >= 1);
  // Without a seat to fill, nobody would have to agree.
  if (!whole || seats < 1 || seats > SEATS)
    throw exceeded(`it asks for ${seats} seats; 1 to ${SEATS} are possible`);
  const size = subject.parameters.reduce(
    (sum, one) => sum + Buffer.byteLength(one),
    Buffer.byteLength(subject.text),
  );
  if (size > config.textBytes)
    throw exceeded(`it is ${size} bytes; people are shown up to ${config.textBytes} (approval.textBytes)`);
  let [total, ofSession, ofSubject] = [0, 0, 0];
  for (const one of held) {
    if (one.state !== 'pending') continue;
    total += 1;
    if (one.subject.sessionId === subject.sessionId) ofSession += 1;
    if (one.subject.identity.subject === subject.identity.subject) ofSubject += 1;
  }
  if (ofSession >= config.pendingPerSession)
    throw exceeded(`this session has ${ofSession} pending (approval.pendingPerSession)`);
  if (ofSubject >= config.pendingPerSubject)
    throw exceeded(`this subject has ${ofSubject} pending (approval.pendingPerSubject)`);
  if (total >= config.pendingTotal) throw exceeded(`${total} are pending (approval.pendingTotal)`);
}

/** The reason as kept, without the characters that could forge a line. Throws Fault `limit-exceeded`. */
export function reasonWithin(reason: string, limit: number): string {
  if (reason.length > limit) {
    throw new Fault(
      'limit-exceeded',
      `Could not decide: the reason is ${reason.length} characters; up to ${limit} are kept (approval.reasonLength).`,
    );
  }
  return reason.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}

function exceeded(why: string): Fault {
  return new Fault('limit-exceeded', `Could not open an access request: ${why}.`);
}
