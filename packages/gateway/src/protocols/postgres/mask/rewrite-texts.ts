import type { Disguise } from '../../protocol.ts';
import type { Rewrite } from './hiding.ts';

/** text, varchar, name, unknown: the bytes are the text in both formats. */
const TEXTS: ReadonlySet<number | 'text'> = new Set(['text', 25, 1043, 19, 705]);
const BPCHAR = 1042;
const BYTEA = 17;
const UUID = 2950;
const JSON_TYPE = 114;
const JSONB = 3802;
/** First byte of jsonb in binary format. */
const JSONB_VERSION = 1;

const SPACE = 0x20;
const QUOTE = 0x22;
/** Longest JSON string that is read, in bytes (L10); a longer document is hidden whole. */
const JSON_STRING_BYTES = 65_536;
const UUID_TEXT = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const UUID_TEXT_BYTES = 36;
const HEX = /^[0-9a-f]*$/i;

/** Rewrites a value of a type that is a text, or is written as one; null when this strategy has nothing for the type. */
export function textRewrite(type: number | 'text', binary: boolean, disguise: Disguise): Rewrite | null {
  if (type === UUID) return uuidRewrite(binary, disguise);
  if (type === BYTEA) return byteaRewrite(binary, disguise);
  if (type === JSON_TYPE || type === JSONB) return jsonRewrite(binary && type === JSONB, disguise);
  const padded = type === BPCHAR;
  if (disguise.text === undefined || !(padded || TEXTS.has(type))) return null;
  return (bytes, start, end) => {
    let last = end;
    // The blanks a char(n) is filled up with are no part of its value.
    while (padded && last > start && bytes[last - 1] === SPACE) last -= 1;
    return disguise.text?.(bytes.subarray(start, last)) ?? null;
  };
}

function uuidRewrite(binary: boolean, disguise: Disguise): Rewrite | null {
  const { uuid } = disguise;
  if (uuid === undefined) return null;
  if (binary) return (bytes, start, end) => (end - start === 16 ? uuid(bytes.subarray(start, end)) : null);
  return (bytes, start, end) => {
    if (end - start !== UUID_TEXT_BYTES) return null;
    const text = bytes.toString('latin1', start, end);
    const other = UUID_TEXT.test(text) ? uuid(Buffer.from(text.replaceAll('-', ''), 'hex')) : null;
    if (other === null) return null;
    return Buffer.from(other.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'));
  };
}

function byteaRewrite(binary: boolean, disguise: Disguise): Rewrite | null {
  const rewrite = disguise.bytes;
  if (rewrite === undefined) return null;
  if (binary) return (bytes, start, end) => rewrite(bytes.subarray(start, end));
  return (bytes, start, end) => {
    const text = bytes.toString('latin1', start, end);
    // The older format, in which some bytes are escaped, is one a session must ask for.
    if (!text.startsWith('\\x') || text.length % 2 === 1 || !HEX.test(text.slice(2))) return null;
    const other = rewrite(Buffer.from(text.slice(2), 'hex'));
    return other === null ? null : Buffer.from(`\\x${other.toString('hex')}`);
  };
}

/** The JSON in a value with members of it hidden; null when the type holds none. */
export function memberRewrite(
  type: number,
  binary: boolean,
  members: (json: Buffer) => Buffer | null,
): Rewrite | null {
  if (type !== JSON_TYPE && type !== JSONB && !TEXTS.has(type)) return null;
  const versioned = binary && type === JSONB;
  return (bytes, start, end) => {
    if (versioned && bytes[start] !== JSONB_VERSION) return null;
    const hidden = members(bytes.subarray(versioned ? start + 1 : start, end));
    return hidden === null || !versioned ? hidden : Buffer.concat([Buffer.of(JSONB_VERSION), hidden]);
  };
}

/** A string by what it says, any other document as a whole; what comes out is a string. */
function jsonRewrite(versioned: boolean, disguise: Disguise): Rewrite | null {
  const { text, document } = disguise;
  if (text === undefined && document === undefined) return null;
  return (bytes, start, end) => {
    if (versioned && bytes[start] !== JSONB_VERSION) return null;
    const json = bytes.subarray(versioned ? start + 1 : start, end);
    const value = json[0] === QUOTE ? stringIn(json) : null;
    const other = value === null ? document?.(json) : text?.(value);
    if (other === null || other === undefined) return null;
    const written = JSON.stringify(other.toString());
    return Buffer.from(versioned ? `\u0001${written}` : written);
  };
}

/** What a JSON string says; null when it is none, or too long to be read. */
function stringIn(json: Buffer): Buffer | null {
  if (json.length > JSON_STRING_BYTES) return null;
  try {
    const value: unknown = JSON.parse(json.toString());
    return typeof value === 'string' ? Buffer.from(value) : null;
  } catch {
    return null;
  }
}
