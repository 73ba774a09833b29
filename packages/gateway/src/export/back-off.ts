/** How long to wait before the next attempt, in milliseconds. */
export interface Waits {
  readonly retryMs: number;
  readonly retryMostMs: number;
}

/**
 * Doubles with every failure up to a cap; half of it is random, so that exports that failed together do not come back
 * together. `random` is from 0 to 1.
 */
export function waitAfter(failures: number, { retryMs, retryMostMs }: Waits, random: number): number {
  // 2 ** 30 is past every cap; more would not stay a number.
  const full = Math.min(retryMostMs, retryMs * 2 ** Math.min(failures - 1, 30));
  return Math.ceil(full * (0.5 + random / 2));
}
