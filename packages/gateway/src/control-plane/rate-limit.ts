import type { Clock } from '../lib/clock.ts';

/** Most addresses counted at once; when there are more, the longest quiet is forgotten. */
const ADDRESSES = 10_000;

interface Bucket {
  tokens: number;
  at: number;
}

/** A token bucket per key: a minute's worth at once, refilled evenly. Bounded. */
export class RateLimit {
  readonly #perMinute: number;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(perMinute: number, clock: Clock) {
    this.#perMinute = perMinute;
    this.#clock = clock;
  }

  /** Whether one more is within the limit. */
  take(key: string): boolean {
    const now = this.#clock.elapsed();
    const bucket = this.#buckets.get(key) ?? { tokens: this.#perMinute, at: now };
    const refilled = bucket.tokens + ((now - bucket.at) * this.#perMinute) / 60_000;
    const tokens = Math.min(this.#perMinute, refilled);
    const allowed = tokens >= 1;
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: allowed ? tokens - 1 : tokens, at: now });
    if (this.#buckets.size > ADDRESSES) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    return allowed;
  }
}
