import { BackendType, BodyReader, FrameReader, WireError } from '@sallyport/postgres-wire';
import type { Transcript } from '../protocol.ts';

/** Most lines made of one recorded reply; recordings are bounded, this bounds what tiny messages make of them. */
const LINES = 100_000;
const TEXT_FORMAT = 0;

/** Turns recorded reply messages into lines to show. The bytes came from the target: every length is checked. */
export function transcribe(reply: Buffer): readonly Transcript[] {
  const lines: Transcript[] = [];
  let formats: readonly number[] = [];
  const show = (type: number, bytes: Buffer, start: number, end: number): void => {
    if (lines.length >= LINES) return;
    const body = new BodyReader(bytes, start, end);
    switch (type) {
      case BackendType.RowDescription: {
        const columns = readColumns(body);
        formats = columns.map(({ format }) => format);
        lines.push({ kind: 'columns', names: columns.map(({ name }) => name) });
        break;
      }
      case BackendType.DataRow:
        lines.push({ kind: 'row', values: readRow(body, formats) });
        break;
      case BackendType.CommandComplete:
        lines.push({ kind: 'complete', text: body.string() });
        break;
      case BackendType.ErrorResponse:
      case BackendType.NoticeResponse:
        lines.push({ kind: type === BackendType.ErrorResponse ? 'error' : 'notice', text: readFields(body) });
        break;
      case BackendType.CopyData:
        lines.push({ kind: 'text', text: shown(body.bytes(body.remaining)) });
        break;
      default:
    }
  };
  try {
    new FrameReader(reply.length + 1).push(reply, show);
  } catch (fault) {
    if (!(fault instanceof WireError)) throw fault;
    // A recording is cut at its limit, which may be in the middle of a message.
    lines.push({ kind: 'text', text: '(the rest cannot be read)' });
  }
  return lines;
}

function readColumns(body: BodyReader): { readonly name: string; readonly format: number }[] {
  return Array.from({ length: body.count() }, () => {
    const name = body.string();
    body.bytes(16);
    return { name, format: body.int16() };
  });
}

function readRow(body: BodyReader, formats: readonly number[]): (string | null)[] {
  return Array.from({ length: body.count() }, (_, column) => {
    const value = body.value();
    if (value === null) return null;
    return (formats[column] ?? TEXT_FORMAT) === TEXT_FORMAT ? shown(value) : `\\x${value.toString('hex')}`;
  });
}

/** Error and notice fields: severity, code and message, then detail and hint where there are any. */
function readFields(body: BodyReader): string {
  const fields = new Map<string, string>();
  for (let code = body.uint8(); code !== 0; code = body.uint8())
    fields.set(String.fromCharCode(code), body.string());
  const first = `${fields.get('S') ?? ''} ${fields.get('C') ?? ''}: ${fields.get('M') ?? ''}`;
  return [first, fields.get('D'), fields.get('H')].filter((line) => line !== undefined).join('\n');
}

/** Text for people: what is not valid UTF-8 shows as replacement characters. */
function shown(bytes: Buffer): string {
  return bytes.toString('utf8');
}
