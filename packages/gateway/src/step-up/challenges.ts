import { createHash } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import { Fault } from '../lib/fault.ts';

/** What a passkey is used for: exactly this, and nothing else. */
export type Purpose =
  | {
      readonly kind: 'decide';
      readonly requestId: string;
      readonly digest: string;
      readonly verdict: 'approve' | 'deny';
    }
  | { readonly kind: 'add-passkey' }
  | { readonly kind: 'remove-passkey'; readonly credential: string }
  /** The answer is a new passkey; `first` says that there was none to prove it with. */
  | { readonly kind: 'register'; readonly first: boolean };

/** How long a challenge is good for, in milliseconds. */
export const CHALLENGE_MS = 120_000;
/** Most challenges at once, of one person and in all: of more, the oldest of that person, or of all, is forgotten. */
const PER_SUBJECT = 16;
const IN_ALL = 5_000;
const RANDOM_BYTES = 32;

interface Issued {
  readonly subject: string;
  readonly purpose: Purpose;
  readonly until: number;
}

/**
 * Challenges that are good once. A challenge is a digest over fresh random bytes, who it is for and what for; what it is
 * for is looked up here, so that an answer for one thing is no answer for another.
 */
export class Challenges {
  readonly #clock: Clock;
  readonly #random: (bytes: number) => string;
  readonly #issued = new Map<string, Issued>();

  constructor(clock: Clock, random: (bytes: number) => string) {
    this.#clock = clock;
    this.#random = random;
  }

  /** A challenge, base64url. */
  issue(subject: string, purpose: Purpose): string {
    const now = this.#clock.now();
    for (const [old, { until }] of this.#issued) if (until <= now) this.#issued.delete(old);
    const own = [...this.#issued].filter(([, one]) => one.subject === subject);
    const [ownOldest] = own;
    if (own.length >= PER_SUBJECT && ownOldest !== undefined) this.#issued.delete(ownOldest[0]);
    const [oldest] = this.#issued.keys();
    if (this.#issued.size >= IN_ALL && oldest !== undefined) this.#issued.delete(oldest);
    const challenge = createHash('sha256')
      .update(JSON.stringify([this.#random(RANDOM_BYTES), subject, purpose]))
      .digest('base64url');
    this.#issued.set(challenge, { subject, purpose, until: now + CHALLENGE_MS });
    return challenge;
  }

  /**
   * Uses one up. Throws Fault `not-permitted` when it was not issued, was used, is too old, or is for another person or
   * another thing; it is used up all the same.
   */
  redeem(challenge: string, subject: string, wanted: (purpose: Purpose) => boolean): Purpose {
    const found = this.#issued.get(challenge);
    this.#issued.delete(challenge);
    const good =
      found !== undefined &&
      found.until > this.#clock.now() &&
      found.subject === subject &&
      wanted(found.purpose);
    if (good) return found.purpose;
    throw new Fault(
      'not-permitted',
      'The passkey was used for something else, too long ago, or for what was done already: ask for a new challenge.',
    );
  }
}

/** Whether two purposes are the same thing. */
export function samePurpose(one: Purpose, other: Purpose): boolean {
  const text = (purpose: Purpose) =>
    JSON.stringify(Object.entries(purpose).sort(([a], [b]) => (a < b ? -1 : 1)));
  return text(one) === text(other);
}
