import { BackendType, MESSAGE_HEADER_BYTES } from '@sallyport/postgres-wire';
import type { ReplyLimit } from '../protocol.ts';

/** The tighter of two limits, one by one. */
export function tighter(a: ReplyLimit | null, b: ReplyLimit | null): ReplyLimit | null {
  if (a === null || b === null) return a ?? b;
  const least = (key: 'rows' | 'bytes' | 'timeoutMs'): number | null => {
    const most = Math.min(a[key] ?? Number.POSITIVE_INFINITY, b[key] ?? Number.POSITIVE_INFINITY);
    return most === Number.POSITIVE_INFINITY ? null : most;
  };
  const takeRows = a.takeRows ?? b.takeRows;
  const shared = takeRows === undefined ? {} : { takeRows };
  return { rows: least('rows'), bytes: least('bytes'), timeoutMs: least('timeoutMs'), ...shared };
}

/** What an operation's reply came to so far. Every Execute of one portal counts on. */
export interface Taken {
  rows: number;
  bytes: number;
}

/** The limit that a reply goes over. */
export type Over = 'rows' | 'bytes' | 'timeoutMs' | 'budget';

/** How far a run of messages may be delivered. */
export interface Fit {
  readonly end: number;
  readonly over: Over | null;
}

/**
 * Counts a run of whole messages, bytes [start, end), each one row, and says where it goes over the limit. A message is
 * delivered as a whole or not at all.
 */
export function fit(bytes: Buffer, start: number, end: number, limit: ReplyLimit, taken: Taken): Fit {
  if (limit.takeRows === undefined) return walk(bytes, start, end, limit, taken);
  const tried = { ...taken };
  const within = walk(bytes, start, end, limit, tried);
  const rows = tried.rows - taken.rows;
  const granted = rows === 0 ? 0 : limit.takeRows(rows);
  if (granted < rows) {
    const most = { ...limit, rows: taken.rows + granted };
    return { end: walk(bytes, start, end, most, taken).end, over: 'budget' };
  }
  Object.assign(taken, tried);
  return within;
}

function walk(bytes: Buffer, start: number, end: number, limit: ReplyLimit, taken: Taken): Fit {
  const rows = limit.rows ?? Number.POSITIVE_INFINITY;
  const most = limit.bytes ?? Number.POSITIVE_INFINITY;
  let at = start;
  while (at < end) {
    const next = at + 1 + bytes.readInt32BE(at + 1);
    if (taken.bytes + next - at > most) return { end: at, over: 'bytes' };
    if (!isTrailer(bytes, at, next)) {
      if (taken.rows >= rows) return { end: at, over: 'rows' };
      taken.rows += 1;
    }
    taken.bytes += next - at;
    at = next;
  }
  return { end, over: null };
}

/** Counts bytes that are no rows: a notice can say as much as a row. */
export function fitsBeside(size: number, limit: ReplyLimit, taken: Taken): boolean {
  if (limit.bytes !== null && taken.bytes + size > limit.bytes) return false;
  taken.bytes += size;
  return true;
}

/** The end of a binary COPY: a count of −1 where a row would have its columns. */
function isTrailer(bytes: Buffer, at: number, next: number): boolean {
  return (
    bytes[at] === BackendType.CopyData &&
    next - at === MESSAGE_HEADER_BYTES + 2 &&
    bytes.readInt16BE(at + MESSAGE_HEADER_BYTES) === -1
  );
}

/** SQLSTATE (appendix A): a program limit was passed, or the statement was cancelled for its time. */
export const SQLSTATE_OVER: Readonly<Record<Over, string>> = {
  rows: '54000',
  bytes: '54000',
  timeoutMs: '57014',
  budget: '54000',
};

/** What the client is told, and what it could do. */
export function overLimit(over: Over, limit: ReplyLimit, evaluationId: string): readonly [string, string] {
  const most = over === 'budget' ? 0 : (limit[over] ?? 0);
  const beginning = `the reply to evaluation ${evaluationId}`;
  switch (over) {
    case 'rows':
      return [`${beginning} has more than ${most} rows (limit_rows)`, 'ask for fewer rows, or a summary'];
    case 'bytes':
      return [`${beginning} has more than ${most} bytes (limit_bytes)`, 'ask for fewer rows or columns'];
    case 'budget':
      return [
        `the budget of the task token, in rows, is used up by ${beginning}`,
        'exchange your access token for a task token with a budget that is enough',
      ];
    case 'timeoutMs':
      return [
        `${beginning} took more than ${most} ms (limit_time)`,
        'ask for something that takes less time',
      ];
  }
}
