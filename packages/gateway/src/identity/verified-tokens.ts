import { BoundedMap } from '../lib/bounded-map.ts';
import type { Clock } from '../lib/clock.ts';
import type { Identity } from './identity.ts';

interface Entry {
  readonly identity: Identity;
  readonly until: number;
  readonly current: () => boolean;
}

/**
 * Tokens verified a moment ago, by SHA-256, so that a client that reconnects does not pay for a signature each time.
 * Bounded; the longest unused goes first. Nothing is remembered past its expiry or a change of its issuer's keys.
 */
export class VerifiedTokens {
  readonly #entries: BoundedMap<string, Entry>;
  readonly #limit: number;
  readonly #lifetimeMs: number;
  readonly #clock: Clock;

  constructor(limit: number, lifetimeMs: number, clock: Clock) {
    this.#entries = new BoundedMap(limit);
    this.#limit = limit;
    this.#lifetimeMs = lifetimeMs;
    this.#clock = clock;
  }

  get(digest: string): Identity | null {
    const entry = this.#entries.get(digest);
    if (entry === undefined) return null;
    if (entry.until > this.#clock.now() && entry.current()) return entry.identity;
    this.#entries.delete(digest);
    return null;
  }

  /** `current` tells whether the keys it was verified with are still the issuer's. */
  set(digest: string, identity: Identity, current: () => boolean): void {
    if (this.#limit === 0 || this.#lifetimeMs === 0) return;
    const until = Math.min(identity.expiresAt, this.#clock.now() + this.#lifetimeMs);
    this.#entries.set(digest, { identity, until, current });
  }
}
