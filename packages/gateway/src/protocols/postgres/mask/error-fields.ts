import {
  BackendType,
  BodyReader,
  FrameWriter,
  MESSAGE_HEADER_BYTES,
  WireError,
} from '@sallyport/postgres-wire';
import type { Mask } from '../../protocol.ts';
import { type ColumnOrigins, handlesHidden, mayHide } from './hidden-columns.ts';
import type { ReplyScope } from './reply-scope.ts';

/**
 * SQLSTATE classes whose messages are about the session or the server, and quote no row: they pass unless they come from
 * inside a function, where any message can be made of anything (PostgreSQL, appendix A).
 */
const ABOUT_THE_SESSION = new Set(['08', '25', '53', '57']);
/**
 * Classes whose messages name what a statement names. They are raised while it is parsed, and then say at which place;
 * or while it runs, and then what they name may have been read from a row, as in `email::regclass`.
 */
const ABOUT_THE_STATEMENT = new Set(['0A', '26', '28', '34', '3D', '3F', '42', '58']);
/** Classes whose text the author of a function chooses (RAISE), and notices, which have no code that tells. */
const FREE_TEXT = new Set(['00', '01', '02', 'P0']);

/** Fields without values of rows: severity, code, place in the statement and in the server's source. */
const ALWAYS_SHOWN = new Set('SVPFLR');
/** Names of objects: schema, table, column, type, constraint. RAISE puts there what it likes. */
const NAMES = new Set('stcdn');
const WITHHELD = 'withheld: the operation touches masked data';
/**
 * Codes that are shown of what comes from inside a function. RAISE takes any five letters and digits, so a code that is
 * not one drivers act upon is a value in five characters; `P0001` stands for it, which is what RAISE says by itself.
 */
const CODES_OF_FUNCTIONS = new Set(
  `00000 01000 02000 0A000 21000 22001 22003 22004 22007 22008 22012 22023 22P02 23502 23503 23505 23514 23P01 25006
  40001 40P01 42501 42601 42703 42883 42P01 53100 53200 53300 54001 55000 55P03 57014 57P01 P0001 P0002 P0003 P0004
  XX000`.split(/\s+/),
);
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
  const quotes = handlesHidden(scope, mask, origins) && mayQuoteRows(fields, scope);
  if (!quotes && !mask.suspects(bytes, start, end)) return null;
  const scrubbed = ([name, value]: readonly [string, string]): Fields[number] =>
    name === 'S' || name === 'V' || name === 'C' ? [name, value] : [name, mask.scrubText(value)];
  const shown = quotes ? withoutRows(type, fields, scope) : fields;
  return write(type, shown.map(scrubbed));
}

/** The fields of a message that may quote rows, without what may be of one. */
function withoutRows(type: number, fields: Fields, scope: ReplyScope | null): Fields {
  const code = fieldOf(fields, 'C');
  const chosen = isChosen(code, fields);
  return fields.flatMap(([name, value]): Fields => {
    if (name === 'C') return [[name, chosen ? codeOfFunction(type, value) : value]];
    if (name === 'M') return [[name, chosen ? WITHHELD : shortMessage(value)]];
    if (name === 'D') return [[name, WITHHELD]];
    if (NAMES.has(name)) return chosen && !names(scope, value) ? [] : [[name, value]];
    // An unclassified field is a secret: what a later version of the protocol adds is left out too, as are hint,
    // context, and a function's own statement.
    return ALWAYS_SHOWN.has(name) ? [[name, value]] : [];
  });
}

/**
 * Masks the body [start, end) of a NotificationResponse; otherwise like maskErrorFields. Who notified made the payload of
 * what only that session knows, so it is hidden wherever any column is.
 */
export function maskNotification(
  bytes: Buffer,
  start: number,
  end: number,
  mask: Mask,
  origins: ColumnOrigins,
): Buffer | null {
  const hides = mayHide(mask, origins);
  if (!hides && !mask.suspects(bytes, start, end)) return null;
  const body = new BodyReader(bytes, start, end);
  const sender = body.int32();
  const channel = body.string();
  const payload = body.string();
  body.finish();
  const hidden = hides && payload !== '';
  return new FrameWriter()
    .begin(BackendType.NotificationResponse)
    .int32(sender)
    .string(mask.scrubText(channel))
    .string(hidden ? Buffer.from(mask.placeholder).toString() : mask.scrubText(payload))
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

function mayQuoteRows(fields: Fields, scope: ReplyScope | null): boolean {
  if (fieldOf(fields, 'W') !== '') return true;
  const group = fieldOf(fields, 'C').slice(0, 2);
  if (ABOUT_THE_SESSION.has(group)) return false;
  if (!ABOUT_THE_STATEMENT.has(group)) return true;
  return fieldOf(fields, 'P') === '' && !namesOnlyItsOwn(fieldOf(fields, 'M'), scope);
}

/** Whether every name a message quotes is one the statement itself has, so that it tells nothing new. */
function namesOnlyItsOwn(message: string, scope: ReplyScope | null): boolean {
  const quoted = message.split('"');
  // Nothing but quotes marks a name off from the server's own words: a message without them may be cut at other signs.
  if (quoted.length % 2 === 0 || shortMessage(quoted[0] ?? '') !== quoted[0]) return false;
  return quoted.every((part, i) => (i % 2 === 0 ? shortMessage(part) === part : names(scope, part)));
}

/** Whether this is the name of something the operation is known to be about. */
function names(scope: ReplyScope | null, name: string): boolean {
  if (scope === null) return false;
  return (
    scope.columnNames.has(name) ||
    scope.relations.some(({ schema, table }) => table === name || schema === name) ||
    scope.evaluations.some(({ resource }) => resource.path.includes(name))
  );
}

/** Whether whoever wrote a function chose what the message says. */
function isChosen(code: string, fields: Fields): boolean {
  return FREE_TEXT.has(code.slice(0, 2)) || fieldOf(fields, 'W') !== '';
}

function codeOfFunction(type: number, code: string): string {
  if (CODES_OF_FUNCTIONS.has(code)) return code;
  return type === BackendType.NoticeResponse ? '00000' : 'P0001';
}

/** The server's own words up to where a value may begin: a quote, a colon, a bracket, an equals sign or a digit. */
function shortMessage(message: string): string {
  const at = message.search(/["'`:=(«„“0-9]/);
  if (at < 0) return message;
  return `${message.slice(0, at).trimEnd()} ***`.trimStart();
}

function write(type: number, fields: Fields): Buffer {
  const writer = new FrameWriter().begin(type);
  for (const [name, value] of fields) writer.uint8(name.charCodeAt(0)).string(value);
  return writer.uint8(0).end().take();
}
