import type { TextSyntax } from './copy-text-fields.ts';

/** Escapes of text format that stand for another character (PostgreSQL, COPY, "Text Format"). */
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
]);
const WRITTEN: ReadonlyMap<number, string> = new Map(
  [...ESCAPES].map(([letter, character]) => [character.charCodeAt(0), letter]),
);
const BACKSLASH = 0x5c;

/** The value that the field [start, end) stands for; null when it is not written as the server writes one. */
export function readField(bytes: Buffer, start: number, end: number, syntax: TextSyntax): Buffer | null {
  return syntax.quote < 0 ? readText(bytes, start, end) : readCsv(bytes, start, end, syntax);
}

/** The value as a field of COPY. In CSV always quoted: without quotes it could be the null marker. */
export function writeField(value: Buffer, syntax: TextSyntax): Buffer {
  const quoted = syntax.quote >= 0;
  const written = Buffer.allocUnsafe(2 * value.length + 2);
  let to = 0;
  if (quoted) written[to++] = syntax.quote;
  for (const byte of value) {
    const letter = quoted ? undefined : WRITTEN.get(byte);
    const special = quoted
      ? byte === syntax.quote || byte === syntax.escape
      : byte === BACKSLASH || byte === syntax.delimiter || letter !== undefined;
    if (special) written[to++] = syntax.escape;
    written[to++] = letter === undefined ? byte : letter.charCodeAt(0);
  }
  if (quoted) written[to++] = syntax.quote;
  return written.subarray(0, to);
}

function readText(bytes: Buffer, start: number, end: number): Buffer | null {
  if (bytes.subarray(start, end).indexOf(BACKSLASH) < 0) return bytes.subarray(start, end);
  const value = Buffer.allocUnsafe(end - start);
  let to = 0;
  for (let at = start; at < end; at += 1, to += 1) {
    let byte = bytes[at] as number;
    if (byte === BACKSLASH) {
      at += 1;
      if (at >= end) return null;
      byte = bytes[at] as number;
      const letter = String.fromCharCode(byte);
      // The server reads octal and hexadecimal escapes and writes none: here they would be somebody's trick.
      if (/[0-9x]/.test(letter)) return null;
      byte = ESCAPES.get(letter)?.charCodeAt(0) ?? byte;
    }
    value[to] = byte;
  }
  return value.subarray(0, to);
}

/** A field is quoted as a whole or not at all. */
function readCsv(bytes: Buffer, start: number, end: number, syntax: TextSyntax): Buffer | null {
  const { quote } = syntax;
  if (bytes.subarray(start, end).indexOf(quote) < 0) return bytes.subarray(start, end);
  if (end - start < 2 || bytes[start] !== quote || bytes[end - 1] !== quote) return null;
  const value = Buffer.allocUnsafe(end - start);
  let to = 0;
  for (let at = start + 1; at < end - 1; at += 1, to += 1) {
    let byte = bytes[at] as number;
    const next = bytes[at + 1];
    if (byte === syntax.escape && at + 1 < end - 1 && (next === quote || next === syntax.escape)) {
      byte = next;
      at += 1;
    } else if (byte === quote) return null;
    value[to] = byte;
  }
  return value.subarray(0, to);
}
