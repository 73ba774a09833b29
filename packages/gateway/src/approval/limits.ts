import { Fault } from '../lib/fault.ts';
import type { AccessRequestSubject } from './approval.ts';
import { seatsNeeded } from './rules.ts';
import type { ApprovalConfig } from './section.ts';

/** Most seats one access request may ask for: a policy that needs more is a mistake. */
const SEATS = 64;

/** How many access requests are pending, of whom: counted as they come and go, so that opening one costs the same among many. */
export class Pending {
  readonly #bySession = new Map<string, number>();
  readonly #bySubject = new Map<string, number>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  came({ sessionId, identity }: AccessRequestSubject): void {
    this.#total += 1;
    add(this.#bySession, sessionId, 1);
    add(this.#bySubject, identity.subject, 1);
  }

  went({ sessionId, identity }: AccessRequestSubject): void {
    this.#total -= 1;
    add(this.#bySession, sessionId, -1);
    add(this.#bySubject, identity.subject, -1);
  }

  /** Throws Fault `limit-exceeded` when one more would be too many. */
  check({ sessionId, identity }: AccessRequestSubject, config: ApprovalConfig): void {
    const ofSession = this.#bySession.get(sessionId) ?? 0;
    const ofSubject = this.#bySubject.get(identity.subject) ?? 0;
    if (ofSession >= config.pendingPerSession)
      throw exceeded(`this session has ${ofSession} pending (approval.pending_per_session)`);
    if (ofSubject >= config.pendingPerSubject)
      throw exceeded(`this subject has ${ofSubject} pending (approval.pending_per_subject)`);
    if (this.#total >= config.pendingTotal)
      throw exceeded(`${this.#total} are pending (approval.pending_total)`);
  }
}

function add(counts: Map<string, number>, key: string, more: number): void {
  const count = (counts.get(key) ?? 0) + more;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}

/** Throws Fault `limit-exceeded` when it is too large to put before people, or when nobody would have to agree. */
export function checkSize(subject: AccessRequestSubject, config: ApprovalConfig): void {
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
    throw exceeded(`it is ${size} bytes; people are shown up to ${config.textBytes} (approval.text_bytes)`);
}

/** The reason as kept, without the characters that could forge a line. Throws Fault `limit-exceeded`. */
export function reasonWithin(reason: string, limit: number): string {
  if (reason.length > limit) {
    throw new Fault(
      'limit-exceeded',
      `Could not decide: the reason is ${reason.length} characters; up to ${limit} are kept (approval.reason_length).`,
    );
  }
  return reason.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}

/** The reason as kept. Throws Fault `limit-exceeded` when it is too long, or has to be given and was not. */
export function reasonToApprove(
  id: string,
  reason: string,
  { reasonLength, reasonRequired }: ApprovalConfig,
): string {
  const said = reasonWithin(reason, reasonLength);
  if (reasonRequired && said === '')
    throw new Fault(
      'limit-exceeded',
      `Could not approve ${id}: say why, in 1 to ${reasonLength} characters (approval.reason_required).`,
    );
  return said;
}

/** The reason as kept. Throws Fault `limit-exceeded` when it is too long, or empty: whoever asked is told. */
export function reasonToDeny(id: string, reason: string, limit: number): string {
  const said = reasonWithin(reason, limit);
  if (said === '')
    throw new Fault('limit-exceeded', `Could not deny ${id}: say why, in 1 to ${limit} characters.`);
  return said;
}

/** Throws Fault `not-permitted` when policy does not let it be granted for so long. */
export function checkGrant(
  { id, subject }: { readonly id: string; readonly subject: AccessRequestSubject },
  grantMs: number | null,
): void {
  if (grantMs === null) return;
  const longest = subject.shown.grantMs;
  if (longest === null)
    throw new Fault(
      'not-permitted',
      `Could not grant ${id}: policy lets it be approved once only (no @grant).`,
    );
  if (!(grantMs >= 1_000 && grantMs <= longest))
    throw new Fault(
      'not-permitted',
      `Could not grant ${id}: policy permits 1 to ${longest / 1_000} seconds (@grant).`,
    );
}

function exceeded(why: string): Fault {
  return new Fault('limit-exceeded', `Could not open an access request: ${why}.`);
}
