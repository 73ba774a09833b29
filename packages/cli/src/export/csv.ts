import type { RecordingEvent } from '@sallyport/contract';
import { inert } from '@sallyport/gateway/inert';
import { exitCode, Failure } from '../failure.ts';
import { type Fields, list, text } from '../recorded-fields.ts';
import { type ExportedOperation, exportedOf, timeOf } from './operations.ts';

const COLUMNS = [
  'time',
  'number',
  'effect',
  'text',
  'parameters',
  'policies',
  'reason',
  'request',
  'outcome',
  'rows',
  'bytes',
  'status',
];

/** The operations of a session, one a row (RFC 4180). */
export async function* csv(events: AsyncIterable<RecordingEvent>): AsyncGenerator<string> {
  let header: Fields = {};
  yield row(COLUMNS);
  for await (const exported of exportedOf(events)) {
    if (exported.kind === 'header') header = exported.header;
    if (exported.kind === 'operation') yield row(cellsOf(exported.one, header));
  }
}

/** What one operation was replied, with its columns as the first row. */
export async function* replyCsv(
  events: AsyncIterable<RecordingEvent>,
  number: number,
): AsyncGenerator<string> {
  for await (const exported of exportedOf(events)) {
    if (exported.kind !== 'operation' || exported.one.number !== number) continue;
    for (const line of exported.one.reply) {
      if (line.kind === 'columns') yield row(list(line.names));
      if (line.kind === 'row' && Array.isArray(line.values)) yield row(line.values.map(value));
    }
    return;
  }
  throw new Failure(exitCode.usage, `There is no operation ${number} in this recording.`);
}

function cellsOf({ number, at, operation, result }: ExportedOperation, header: Fields): (string | null)[] {
  const { effect, reason, requestId } = operation;
  const parameters = Array.isArray(operation.parameters) ? JSON.stringify(operation.parameters) : '';
  return [
    timeOf(header, at),
    String(number),
    text(effect),
    text(operation.text),
    parameters === '[]' ? '' : parameters,
    list(operation.policies).join(' '),
    text(reason),
    text(requestId),
    ...[result?.outcome, result?.rows, result?.bytes, result?.status].map(text),
  ];
}

function value(cell: unknown): string | null {
  return cell === null ? null : text(cell);
}

/** No value is nothing at all, so that it is not the empty text. */
function row(cells: readonly (string | null)[]): string {
  return `${cells.map((cell) => (cell === null ? '' : `"${inertCell(cell).replaceAll('"', '""')}"`)).join(',')}\r`;
}

/**
 * A cell that a spreadsheet takes for text: one that begins like a formula gets an apostrophe before it (OWASP, CSV
 * injection), also after spaces, which some pass over. Controls, escapes and direction marks become visible marks.
 */
export function inertCell(cell: string): string {
  const shown = inert(cell, { lines: true });
  return /^[ \u00a0\u3000]*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(cell) ? `'${shown}` : shown;
}
