import type { Disguise } from '../../protocol.ts';
import type { Rewrite } from './hiding.ts';
import { shortText } from './rewrite-numbers.ts';

const DATE = 1082;
const TIMESTAMP = 1114;
const TIMESTAMPTZ = 1184;

/** ISO 8601 as PostgreSQL writes it, which sessions use unless they ask for another DateStyle. Years of our era only. */
const DAY_TEXT = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/;
const INSTANT_TEXT =
  /^([0-9]{4}-[0-9]{2}-[0-9]{2}) ([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6}))?([+-][0-9]{2}(?::[0-9]{2}){0,2})?$/;

/** Days from 1970-01-01 to 2000-01-01, from which PostgreSQL counts. */
const EPOCH_DAY = 10_957;
const DAY_MS = 86_400_000;
const DAY_MICROS = 86_400_000_000n;
/** 0001-01-01 and 9999-12-31: what every client can read. */
const FIRST_DAY = -730_119n;
const LAST_DAY = 2_921_939n;

/** Rewrites a date or timestamp; null when the type is neither or the strategy has nothing for one. */
export function timeRewrite(type: number, binary: boolean, { days, instant }: Disguise): Rewrite | null {
  if (type === DATE && days !== undefined) return binary ? dayBytes(days) : dayText(days);
  if ((type !== TIMESTAMP && type !== TIMESTAMPTZ) || instant === undefined) return null;
  return binary ? instantBytes(instant) : instantText(instant, type === TIMESTAMPTZ);
}

type Move = (value: bigint) => bigint | null;

function dayBytes(move: Move): Rewrite {
  return (bytes, start, end) => {
    const other = end - start === 4 ? within(BigInt(bytes.readInt32BE(start)), move, 1n) : null;
    if (other === null) return null;
    const written = Buffer.alloc(4);
    written.writeInt32BE(Number(other));
    return written;
  };
}

function dayText(move: Move): Rewrite {
  return (bytes, start, end) => {
    const day = dayOf(shortText(bytes, start, end));
    const other = day === null ? null : within(day, move, 1n);
    return other === null ? null : Buffer.from(textOf(other));
  };
}

function instantBytes(move: Move): Rewrite {
  return (bytes, start, end) => {
    const other = end - start === 8 ? within(bytes.readBigInt64BE(start), move, DAY_MICROS) : null;
    if (other === null) return null;
    const written = Buffer.alloc(8);
    written.writeBigInt64BE(other);
    return written;
  };
}

/** The zone is written as it was: the same moment, in whichever zone the session has. */
function instantText(move: Move, zoned: boolean): Rewrite {
  return (bytes, start, end) => {
    const found = INSTANT_TEXT.exec(shortText(bytes, start, end));
    if (found === null) return null;
    const [, date = '', hours = '', minutes = '', seconds = '', fraction = '', zone = ''] = found;
    const day = dayOf(date);
    if (day === null || zoned !== (zone !== '')) return null;
    const clock = BigInt(Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1_000_000n;
    const offset = offsetOf(zone);
    const local = day * DAY_MICROS + clock + BigInt(fraction.padEnd(6, '0'));
    const other = within(local - offset, move, DAY_MICROS);
    if (other === null) return null;
    const shown = localText(other + offset);
    return shown === null ? null : Buffer.from(shown + zone);
  };
}

/** Moves a time that is, and stays, in the years every client can read; `unit` is what a day has. */
function within(value: bigint, move: Move, unit: bigint): bigint | null {
  const inside = (time: bigint) => time >= FIRST_DAY * unit && time < (LAST_DAY + 1n) * unit;
  const other = inside(value) ? move(value) : null;
  return other === null || !inside(other) ? null : other;
}

function dayOf(text: string): bigint | null {
  const [, year, month, day] = DAY_TEXT.exec(text) ?? [];
  if (year === undefined) return null;
  const ms = new Date(0).setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  return BigInt(ms / DAY_MS - EPOCH_DAY);
}

function textOf(day: bigint): string {
  return new Date((Number(day) + EPOCH_DAY) * DAY_MS).toISOString().slice(0, 10);
}

/** Microseconds an offset such as +05:30 is ahead. */
function offsetOf(zone: string): bigint {
  const [hours = 0, minutes = 0, seconds = 0] = zone.slice(1).split(':').map(Number);
  const ahead = BigInt(hours * 3600 + minutes * 60 + seconds) * 1_000_000n;
  return zone.startsWith('-') ? -ahead : ahead;
}

function localText(micros: bigint): string | null {
  const clock = ((micros % DAY_MICROS) + DAY_MICROS) % DAY_MICROS;
  const day = (micros - clock) / DAY_MICROS;
  // An offset may lead out of the years that have four digits.
  if (day < FIRST_DAY || day > LAST_DAY) return null;
  const seconds = Number(clock / 1_000_000n);
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const part = String(clock % 1_000_000n)
    .padStart(6, '0')
    .replace(/0+$/, '');
  return `${textOf(day)} ${two(seconds / 3600)}:${two((seconds % 3600) / 60)}:${two(seconds % 60)}${part === '' ? '' : `.${part}`}`;
}
