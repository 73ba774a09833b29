import { InvalidArgumentError } from 'commander';

/** A span for people: `45s`, `12m 5s`, `3h 20m`, `2d 4h`. */
export function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1_000));
  const units: readonly (readonly [size: number, name: string])[] = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'm'],
    [1, 's'],
  ];
  const first = units.findIndex(([size]) => seconds >= size);
  if (first === -1) return '0s';
  const [[size, name] = [1, 's'], next] = units.slice(first);
  const rest = next === undefined ? 0 : Math.floor((seconds % size) / next[0]);
  const head = `${Math.floor(seconds / size)}${name}`;
  return rest === 0 || next === undefined ? head : `${head} ${rest}${next[1]}`;
}

/** `2026-03-01 12:00:05` in UTC. */
export function moment(iso: string): string {
  return iso.slice(0, 19).replace('T', ' ');
}

/** Time since the start of a session: `01:02.345`. */
export function offset(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / 60_000);
  const seconds = ((milliseconds % 60_000) / 1_000).toFixed(3);
  return `${String(minutes).padStart(2, '0')}:${seconds.padStart(6, '0')}`;
}

/** Milliseconds of a span as people write it: `90`, `90s`, `1m30s`, `2h`, `02:05`, `1:02:05.5`. */
export function readSpan(text: string): number {
  const clock = /^(?:(\d{1,4}):)?(\d{1,4}):(\d{1,2}(?:\.\d{1,3})?)$/.exec(text);
  const units = /^(?:(\d{1,6})h)?\s?(?:(\d{1,6})m)?\s?(?:(\d{1,9}(?:\.\d{1,3})?)s?)?$/.exec(text);
  const [, hours, minutes, seconds] = clock ?? units ?? [];
  if (text === '' || (hours ?? minutes ?? seconds) === undefined)
    throw new InvalidArgumentError('Give a time, such as 90s, 1m30s or 02:05.');
  return Math.round((Number(hours ?? 0) * 3_600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0)) * 1_000);
}
