import { BackendType, MESSAGE_HEADER_BYTES, WireError } from '@sallyport/postgres-wire';
import type { Mask } from '../../protocol.ts';
import { scanForm } from './column-types.ts';
import { BinaryRows } from './copy-binary.ts';
import type { CopyColumn, CopyRows } from './copy-rows.ts';
import { TextRows } from './copy-text.ts';
import {
  type ColumnOrigins,
  columnClass,
  computesFromHidden,
  type OriginRelation,
} from './hidden-columns.ts';
import type { CopyScope, ReplyScope } from './reply-scope.ts';
import { Sink, type SinkMemory } from './sink.ts';

/** What is done to the rows of one COPY TO STDOUT. For one run of it only: rows may span messages. */
export interface CopyPlan {
  /** Why the rows cannot be masked and none may be delivered (L4), or null. */
  readonly withhold: string | null;
  /** Takes the bytes of one CopyData message and writes what can be shown of them; false when they pass as they came. */
  readonly rows: CopyRows;
}

/** Encodings in which no byte of ASCII is part of a longer character, so that delimiters can be told from data. */
const SAFE_ENCODINGS = /^(?:utf-?8|unicode|sql_ascii|latin[0-9]+|iso_?8859_?[0-9]+|win12[0-9]+|koi8.?)$/i;

export function compileCopyPlan(scope: ReplyScope, mask: Mask, origins: ColumnOrigins): CopyPlan {
  const { copy } = scope;
  if (copy === null) return refused('the target sends COPY rows for an operation that copies nothing');
  if (
    copy.format !== 'binary' &&
    copy.options.encoding !== null &&
    !SAFE_ENCODINGS.test(copy.options.encoding)
  ) {
    return refused(`COPY in encoding ${copy.options.encoding} cannot be masked: ask for UTF8`);
  }
  const collides = copy.format === 'binary' ? false : /[*]/.test(copy.options.delimiter + copy.options.quote);
  if (collides) return refused('COPY with * as delimiter or quote cannot be masked: choose another');
  if (copy.relation === null) {
    // COPY sends no description of its columns: where each comes from cannot be told.
    if (computesFromHidden(scope, mask, origins))
      return refused(
        'COPY of a query over masked columns cannot be masked: use SELECT, or COPY of the table',
      );
    return { withhold: null, rows: rowsOf(copy, null, mask) };
  }
  const relation = origins.named(copy.relation.schema, copy.relation.table);
  if (relation === undefined) {
    if (mask.hidesColumns) return refused('COPY of a table the catalog does not know cannot be masked');
    return { withhold: null, rows: rowsOf(copy, null, mask) };
  }
  return { withhold: null, rows: rowsOf(copy, columnsOf(copy, relation, mask, origins), mask) };
}

function refused(withhold: string): CopyPlan {
  return { withhold, rows: nothing };
}

const nothing: CopyRows = {
  passes: () => false,
  push: () => {
    throw new WireError('trailing-bytes', 'the rows of this COPY are withheld');
  },
  finish: () => undefined,
};

function columnsOf(
  copy: CopyScope,
  relation: OriginRelation,
  mask: Mask,
  origins: ColumnOrigins,
): readonly CopyColumn[] {
  const names = copy.columns ?? relation.columns.filter((name) => name !== null);
  return names.map((name) => {
    const type = relation.types?.[relation.columns.indexOf(name)] ?? null;
    const binary = copy.format === 'binary';
    return {
      dataClass: columnClass(relation, name, mask, origins),
      type,
      scan: type === null ? (binary ? 'opaque' : 'text') : scanForm(type, binary),
    };
  });
}

function rowsOf(copy: CopyScope, columns: readonly CopyColumn[] | null, mask: Mask): CopyRows {
  return copy.format === 'binary' ? new BinaryRows(columns, mask) : new TextRows(copy, columns, mask);
}

/**
 * Masks whole CopyData messages, bytes [start, end), headers included. Returns the messages to deliver instead, which
 * may be none yet, or null when they pass as they came. Throws WireError when a row cannot be masked: it is withheld.
 */
export function maskCopyData(
  bytes: Buffer,
  start: number,
  end: number,
  plan: CopyPlan,
  memory?: SinkMemory,
): Buffer | null {
  const { rows } = plan;
  let sink: Sink | null = null;
  let copied = start;
  for (let at = start; at < end; ) {
    if (end - at < MESSAGE_HEADER_BYTES || bytes[at] !== BackendType.CopyData) throw noCopyData();
    const length = bytes.readInt32BE(at + 1);
    if (length < 4 || length > end - at - 1) throw noCopyData();
    const last = at + 1 + length;
    if (!rows.passes(bytes, at + MESSAGE_HEADER_BYTES, last)) {
      sink ??= new Sink(end - start + 64, memory);
      sink.append(bytes.subarray(copied, at));
      writeCopyData(sink, (out) => rows.push(bytes, at + MESSAGE_HEADER_BYTES, last, out));
      copied = last;
    }
    at = last;
  }
  if (sink === null) return null;
  sink.append(bytes.subarray(copied, end));
  return sink.take();
}

/** What is left at CopyDone: the messages to deliver before it, or null. Throws WireError when a row was cut. */
export function finishCopy(plan: CopyPlan): Buffer | null {
  if (plan.withhold !== null) return null;
  const sink = new Sink(64);
  writeCopyData(sink, (out) => plan.rows.finish(out));
  return sink.length === 0 ? null : sink.take();
}

/** Writes one CopyData message around what `write` writes; none when that is nothing. */
function writeCopyData(sink: Sink, write: (sink: Sink) => void): void {
  const header = sink.length;
  sink.reserve(MESSAGE_HEADER_BYTES);
  sink.length += MESSAGE_HEADER_BYTES;
  write(sink);
  if (sink.length === header + MESSAGE_HEADER_BYTES) {
    sink.length = header;
    return;
  }
  sink.bytes[header] = BackendType.CopyData;
  sink.view.setInt32(header + 1, sink.length - header - 1);
}

function noCopyData(): WireError {
  return new WireError('read-past-end', 'no CopyData message where one must begin: the rows are withheld');
}
