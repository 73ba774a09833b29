import { hash } from 'node:crypto';
import { BoundedMap } from '../lib/bounded-map.ts';

/** Most tokens remembered, with the addresses they came from; the longest unused goes first. About 100 bytes each. */
export const KNOWN_USES = 10_000;

/**
 * Which tokens came in from where, so that using one again is not news: a command that asks every second would fill the log.
 * A token that comes from another address is news, as is one that was forgotten. Only digests are kept.
 */
export class FirstUses {
  readonly #known = new BoundedMap<string, true>(KNOWN_USES);

  isFirst(token: string, address: string): boolean {
    return this.#known.get(keyOf(token, address)) === undefined;
  }

  /** Once its entry is in the log, and not before. */
  remember(token: string, address: string): void {
    this.#known.set(keyOf(token, address), true);
  }
}

function keyOf(token: string, address: string): string {
  return `${hash('sha256', token, 'base64url')} ${address}`;
}
