import { LogError } from './log-error.ts';

/** A value of an entry. `undefined` fields are left out. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

export type EntryFields = Readonly<Record<string, Json | undefined>>;

/** Deepest nesting of an entry; deeper is refused rather than recursed into. */
export const maxEntryDepth = 16;

/** What the log itself puts in every entry. */
export interface Stamp {
  readonly seq: number;
  /** Milliseconds since the epoch, never less than in the entry before. */
  readonly time: number;
}

/**
 * An entry as canonical JSON (RFC 8785: keys in UTF-16 order, no space, ECMAScript numbers and string escapes), with
 * `seq` and `time` put in their places. One deviation: a lone surrogate is escaped, where the RFC would refuse it, since
 * refusing would let whoever controls a string keep an entry out of the log.
 */
export function canonicalEntry(fields: EntryFields, stamp: Stamp): string {
  const { seq, time } = stamp;
  // Already stamped, in order and without surprises: then the runtime's own serialiser writes exactly the canonical form.
  if (fields.seq === seq && fields.time === time && isOrdered(fields)) return JSON.stringify(fields);
  if ((fields.seq ?? seq) !== seq || (fields.time ?? time) !== time) {
    throw new LogError('entry-invalid', 'an entry cannot bring its own seq or time: the log sets them');
  }
  return canonical({ ...fields, seq, time });
}

/** Whether keys are in order all the way down and every value is one that JSON.stringify writes canonically. */
function isOrdered(object: EntryFields, depth = 0): boolean {
  if (depth >= maxEntryDepth) return false;
  const keys = Object.keys(object);
  let last = '';
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string;
    if (key < last) return false;
    last = key;
    const value = object[key];
    if (typeof value === 'string' || value === undefined || value === null || typeof value === 'boolean')
      continue;
    if (typeof value === 'number') {
      if (!Number.isFinite(value)) return false;
    } else if (Array.isArray(value)) {
      for (let j = 0; j < value.length; j++) if (typeof value[j] !== 'string') return false;
    } else if (!isOrdered(value as EntryFields, depth + 1)) return false;
  }
  return true;
}

/** Any JSON value in canonical form. */
export function canonical(value: Json, depth = 0): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return canonicalNumber(value);
  if (typeof value !== 'object')
    throw new LogError('entry-invalid', `an entry cannot hold a ${typeof value}`);
  if (depth >= maxEntryDepth) {
    throw new LogError('entry-invalid', `an entry is nested deeper than maxEntryDepth (${maxEntryDepth})`);
  }
  if (Array.isArray(value)) {
    const items: readonly Json[] = value;
    return `[${items.map((item) => canonical(item, depth + 1)).join(',')}]`;
  }
  const object = value as EntryFields;
  const members: string[] = [];
  for (const key of sortedKeys(object)) {
    const member = object[key];
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${canonical(member, depth + 1)}`);
  }
  return `{${members.join(',')}}`;
}

function canonicalNumber(value: number): string {
  if (!Number.isFinite(value))
    throw new LogError('entry-invalid', `an entry cannot hold the number ${value}`);
  return JSON.stringify(value);
}

/** In UTF-16 order, as RFC 8785 section 3.2.3 wants. */
function sortedKeys(object: EntryFields): readonly string[] {
  return Object.keys(object).sort();
}
