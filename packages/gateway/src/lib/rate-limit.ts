import { isIPv6 } from 'node:net';
import { BoundedMap } from './bounded-map.ts';
import type { Clock } from './clock.ts';

/** Most keys counted at once; when there are more, the longest quiet is forgotten. */
const KEYS = 10_000;

interface Bucket {
  tokens: number;
  at: number;
}

/** What is left after one was asked for. */
export interface Taken {
  readonly allowed: boolean;
  /** How many more are allowed at once. */
  readonly left: number;
  /** Seconds until one more is allowed; 0 when one is. */
  readonly seconds: number;
}

/** A token bucket per key: a minute's worth at once, refilled evenly. Bounded. */
export class RateLimit {
  readonly perMinute: number;
  readonly #clock: Clock;
  readonly #buckets = new BoundedMap<string, Bucket>(KEYS);

  constructor(perMinute: number, clock: Clock) {
    this.perMinute = perMinute;
    this.#clock = clock;
  }

  /** Takes one, if one is left. */
  take(key: string): Taken {
    const { tokens, at } = this.#refilled(key);
    const allowed = tokens >= 1;
    const left = allowed ? tokens - 1 : tokens;
    this.#buckets.set(key, { tokens: left, at });
    return { allowed, ...this.#tell(left) };
  }

  /** Whether one is left, taking none. */
  look(key: string): Taken {
    const { tokens } = this.#refilled(key);
    return { allowed: tokens >= 1, ...this.#tell(tokens) };
  }

  #refilled(key: string): Bucket {
    const now = this.#clock.elapsed();
    const bucket = this.#buckets.get(key) ?? { tokens: this.perMinute, at: now };
    const refilled = bucket.tokens + ((now - bucket.at) * this.perMinute) / 60_000;
    return { tokens: Math.min(this.perMinute, refilled), at: now };
  }

  #tell(tokens: number): Omit<Taken, 'allowed'> {
    const seconds = tokens >= 1 ? 0 : Math.ceil(((1 - tokens) * 60) / this.perMinute);
    return { left: Math.floor(tokens), seconds };
  }
}

/**
 * What an address is counted as. Of an IPv6 address its network of 64 bits: a host has all of those to choose from
 * (RFC 4291, 2.5.1). An IPv4 address may come in its IPv6 form.
 */
export function addressKey(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.toLowerCase().split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups =
    tail === undefined ? left : [...left, ...Array(8 - left.length - right.length).fill('0'), ...right];
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}
