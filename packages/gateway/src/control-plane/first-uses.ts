import { hash } from 'node:crypto';

/** Most tokens remembered, with the addresses they came from; the longest unused goes first. About 100 bytes each. */
export const KNOWN_USES = 10_000;

/**
 * Which tokens came in from where, so that using one again is not news: a command that asks every second would fill the log.
 * A token that comes from another address is news, as is one that was forgotten. Only digests are kept.
 */
export class FirstUses {
  readonly #known = new Set<string>();

  isFirst(token: string, address: string): boolean {
    const key = keyOf(token, address);
    const isKnown = this.#known.delete(key);
    if (isKnown) this.#known.add(key);
    return !isKnown;
  }

  /** Once its entry is in the log, and not before. */
  remember(token: string, address: string): void {
    this.#known.add(keyOf(token, address));
    if (this.#known.size <= KNOWN_USES) return;
    const [oldest] = this.#known;
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}

function keyOf(token: string, address: string): string {
  return `${hash('sha256', token, 'base64url')} ${address}`;
}
