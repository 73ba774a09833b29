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

/**
 * An entry as canonical JSON (RFC 8785: keys in UTF-16 order, no space, ECMAScript numbers and string escapes), with
 * `seq` and `time` put in their places. One deviation: a lone surrogate is escaped, where the RFC would refuse it, since
 * refusing would let whoever controls a string keep an entry out of the log.
 */
export function canonicalEntry(fields: EntryFields, seq: number, time: number): string {
  const keys = sortedKeys(fields);
  let text = '{';
  let seqDue = true;
  let timeDue = true;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string;
    const value = fields[key];
    if (value === undefined) continue;
    if (seqDue && key >= 'seq') {
      if (key === 'seq') throw reserved(key);
      text += `"seq":${seq},`;
      seqDue = false;
    }
    if (timeDue && key >= 'time') {
      if (key === 'time') throw reserved(key);
      text += `"time":${time},`;
      timeDue = false;
    }
    text += `${JSON.stringify(key)}:${typeof value === 'string' ? JSON.stringify(value) : canonical(value, 1)},`;
  }
  if (seqDue) text += `"seq":${seq},`;
  if (timeDue) text += `"time":${time},`;
  return `${text.slice(0, -1)}}`;
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

/** Callers on the hot path build their objects in order already; then this is one pass. */
function sortedKeys(object: EntryFields): readonly string[] {
  const keys = Object.keys(object);
  for (let i = 1; i < keys.length; i++) {
    if ((keys[i - 1] as string) > (keys[i] as string)) return keys.sort();
  }
  return keys;
}

function reserved(key: string): LogError {
  return new LogError('entry-invalid', `an entry cannot bring its own "${key}": the log sets it`);
}
