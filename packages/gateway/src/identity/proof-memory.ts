import type { Clock } from '../lib/clock.ts';

/** Proofs remembered at once, of all keys and of one (L10). */
const PROOFS = 200_000;
const PROOFS_OF_ONE_KEY = 20_000;
/** How often those that would be refused for their age are forgotten, in milliseconds. */
const SWEEP_MS = 5_000;

/**
 * The proofs that were used, each until it would be refused for its age. When there are too many, a further one is
 * refused: forgetting one early would let it be used again. One key cannot take the place of all.
 */
export class ProofMemory {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #mostOfOne: number;
  readonly #keys = new Map<string, Map<string, number>>();
  #size = 0;
  #sweptAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, most = PROOFS, mostOfOne = PROOFS_OF_ONE_KEY) {
    this.#clock = clock;
    this.#most = most;
    this.#mostOfOne = mostOfOne;
  }

  /** Remembers one, until a time in milliseconds since the epoch. */
  add(key: string, id: string, until: number): 'new' | 'seen' | 'full' {
    this.#sweep();
    const ids = this.#keys.get(key) ?? new Map<string, number>();
    const before = ids.get(id);
    if (before !== undefined && before > this.#clock.now()) return 'seen';
    if (before === undefined) {
      if (this.#size >= this.#most || ids.size >= this.#mostOfOne) return 'full';
      this.#size += 1;
    }
    this.#keys.set(key, ids.set(id, until));
    return 'new';
  }

  #sweep(): void {
    const elapsed = this.#clock.elapsed();
    if (elapsed - this.#sweptAt < SWEEP_MS) return;
    this.#sweptAt = elapsed;
    const now = this.#clock.now();
    for (const [key, ids] of this.#keys) {
      for (const [id, until] of ids) {
        if (until > now) continue;
        ids.delete(id);
        this.#size -= 1;
      }
      if (ids.size === 0) this.#keys.delete(key);
    }
  }
}
