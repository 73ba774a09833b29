import type { Progress } from './follower.ts';
import type { ExportConfig } from './section.ts';

export interface Lag {
  /** Entries the sink has not acknowledged; null while that cannot be known. */
  readonly entries: number | null;
  /** Age of the oldest of them, in seconds. */
  readonly seconds: number;
}

/** How far behind a sink is, of a log of `size` entries. */
export function lagOf({ acknowledged, oldest, caughtUpAt }: Progress, size: number, now: number): Lag {
  if (acknowledged === null) return { entries: null, seconds: age(caughtUpAt, now) };
  const entries = Math.max(0, size - acknowledged);
  return { entries, seconds: entries === 0 ? 0 : age(oldest ?? caughtUpAt, now) };
}

/** Whether that is more than is allowed. What cannot be known is taken to be. */
export function isOver(
  { entries, seconds }: Lag,
  { lagEntries, lagSeconds }: Pick<ExportConfig, 'lagEntries' | 'lagSeconds'>,
): boolean {
  return entries === null || entries > lagEntries || seconds > lagSeconds;
}

function age(since: number, now: number): number {
  return Math.max(0, Math.floor((now - since) / 1_000));
}
