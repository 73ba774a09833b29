import {
  BackendType,
  BodyReader,
  FrameWriter,
  MESSAGE_HEADER_BYTES,
  WireError,
} from '@sallyport/postgres-wire';
import type { Mask } from '../../protocol.ts';
import { type ColumnOrigins, handlesHidden } from './hidden-columns.ts';
import type { ReplyScope } from './reply-scope.ts';

/**
 * SQLSTATE classes whose messages are about the statement, the session or the server, and quote no row: they pass
 * unless they come from inside a function, where any message can be made of anything (PostgreSQL, appendix A).
 */
const ABOUT_THE_STATEMENT = new Set(['08', '0A', '25', '26', '28', '34', '3D', '3F', '42', '53', '57', '58']);
/** Classes whose text the author of a function chooses (RAISE), and notices, which have no code that tells. */
const FREE_TEXT = new Set(['00', '01', '02', 'P0']);

/** Fields without values of rows: severity, code, names of objects, places in the statement and in the server's source. */
const NAMES = new Set('SVCPstcdnFLR');
/** Fields that are withheld when the operation touches masked data: detail, hint, context, and a function's own statement. */
const VALUES = new Set('DHWqp');
const WITHHELD = 'withheld: the operation touches masked data';
/** Most fields one message may have (L10); the protocol defines 18. */
const MAX_FIELDS = 64;

type Fields = readonly (readonly [name: string, value: string])[];

/**
 * Masks the body [start, end) of an ErrorResponse or NoticeResponse whose header stands before it. Returns the whole
 * message to deliver instead, or null when it passes as it came. `scope` is null when no operation is under way.
 * A message that cannot be read is replaced, keeping that it is an error.
 */
export function maskErrorFields(
  bytes: Buffer,
  start: number,
  end: number,
  scope: ReplyScope | null,
  mask: Mask,
  origins: ColumnOrigins,
): Buffer | null {
  const type = bytes[start - MESSAGE_HEADER_BYTES] ?? BackendType.ErrorResponse;
  const fields = readFields(bytes, start, end);
  if (fields === null) return write(type, UNREADABLE);
  const quotes = handlesHidden(scope, mask, origins) && mayQuoteRows(fields);
  if (!quotes && !mask.suspects(bytes, start, end)) return null;
  const code = fieldOf(fields, 'C');
  const masked = fields.flatMap(([name, value]): Fields => {
    if (name === 'S' || name === 'V' || name === 'C') return [[name, value]];
    if (NAMES.has(name) || !quotes) return [[name, mask.scrubText(value)]];
    if (name === 'M') return [[name, mask.scrubText(shortMessage(value, isFreeText(code, fields)))]];
    if (name === 'D') return [[name, WITHHELD]];
    // An unclassified field is a secret: what a later version of the protocol adds is left out too.
    return VALUES.has(name) ? [] : [];
  });
  return write(type, masked);
}

/** Masks the body [start, end) of a NotificationResponse; otherwise like maskErrorFields. */
export function maskNotification(bytes: Buffer, start: number, end: number, mask: Mask): Buffer | null {
  if (!mask.suspects(bytes, start, end)) return null;
  const body = new BodyReader(bytes, start, end);
  const sender = body.int32();
  const channel = body.string();
  const payload = body.string();
  body.finish();
  return new FrameWriter()
    .begin(BackendType.NotificationResponse)
    .int32(sender)
    .string(mask.scrubText(channel))
    .string(mask.scrubText(payload))
    .end()
    .take();
}

const UNREADABLE: Fields = [
  ['S', 'ERROR'],
  ['V', 'ERROR'],
  ['C', '08P01'],
  ['M', 'the target sent an error that cannot be read; it is withheld'],
];

function readFields(bytes: Buffer, start: number, end: number): Fields | null {
  try {
    const body = new BodyReader(bytes, start, end);
    const fields: [string, string][] = [];
    for (let name = body.uint8(); name !== 0; name = body.uint8()) {
      if (fields.length === MAX_FIELDS) return null;
      fields.push([String.fromCharCode(name), body.string()]);
    }
    body.finish();
    return fields;
  } catch (fault) {
    if (fault instanceof WireError) return null;
    throw fault;
  }
}

function fieldOf(fields: Fields, name: string): string {
  return fields.find(([field]) => field === name)?.[1] ?? '';
}

function mayQuoteRows(fields: Fields): boolean {
  return !ABOUT_THE_STATEMENT.has(fieldOf(fields, 'C').slice(0, 2)) || fieldOf(fields, 'W') !== '';
}

function isFreeText(code: string, fields: Fields): boolean {
  return FREE_TEXT.has(code.slice(0, 2)) || fieldOf(fields, 'W') !== '';
}

/** The server's own words up to where a value may begin: a quote, a colon, a bracket, an equals sign or a digit. */
function shortMessage(message: string, freeText: boolean): string {
  if (freeText) return WITHHELD;
  const at = message.search(/["'`:=(«„“0-9]/);
  if (at < 0) return message;
  return `${message.slice(0, at).trimEnd()} ***`.trimStart();
}

function write(type: number, fields: Fields): Buffer {
  const writer = new FrameWriter().begin(type);
  for (const [name, value] of fields) writer.uint8(name.charCodeAt(0)).string(value);
  return writer.uint8(0).end().take();
}
