import { exitCode, Failure } from '../../failure.ts';

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** `30d`, `12h`, or a date, as milliseconds since the epoch. */
export function readWhen(given: string, now: number, option: string): number {
  const [, count = '', unit = ''] = /^(\d{1,6})([mhdw])$/.exec(given) ?? [];
  const length = UNITS[unit];
  if (length !== undefined) return now - Number(count) * length;
  const at = /^\d{4}-\d{2}-\d{2}/.test(given) ? Date.parse(given) : Number.NaN;
  if (Number.isFinite(at)) return at;
  throw new Failure(
    exitCode.usage,
    `${option} ${given} is no time: give how long ago (30d, 12h, 90m), or a date such as 2026-03-01.`,
  );
}
