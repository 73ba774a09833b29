import { byteClass, LETTER } from './byte-class.ts';
import type { WindowDetector } from './detector.ts';
import { looksDrawn } from './entropy.ts';

const SPACE = 0x20;
const DASH = 0x2d;
const EQUALS = 0x3d;
const COLON = 0x3a;
const GREATER = 0x3e;
const BACKSLASH = 0x5c;
const DOUBLE = 0x22;
const SINGLE = 0x27;

/** Most spaces on each side of what stands between a name and its value. */
const SPACES = 8;
/** Longest option name looked through for its two dashes. */
const OPTION_BYTES = 40;
/** How much of a value is judged; it is hidden to its end. */
const JUDGED_BYTES = 64;
const LEAST_BYTES = 8;

interface Name {
  /** What the name ends in, in lower case; `_` is `_`, `-`, a space, or nothing. */
  readonly text: string;
  /** Its value is a password, and may look less drawn than a generated token does. */
  readonly password: boolean;
  /** A space is enough between it and its value. */
  readonly scheme: boolean;
}

const names: readonly Name[] = [
  ...['password', 'passwd', 'pass', 'pwd', 'passphrase'].map((text) => ({
    text,
    password: true,
    scheme: false,
  })),
  ...['secret', 'token', 'api_key', 'access_key', 'secret_key', 'private_key', 'auth_key', 'signing_key'].map(
    (text) => ({ text, password: false, scheme: false }),
  ),
  // The schemes of an Authorization header (RFC 6750, RFC 7617).
  ...['bearer', 'basic'].map((text) => ({ text, password: false, scheme: true })),
];

/**
 * Windows for names in small letters, in capitals, and with capitals where words begin: the last four bytes of a name, or
 * its last three and what may follow, so that none begins with anything.
 */
function windowsOf(texts: readonly string[]): readonly string[] {
  const windows = texts.flatMap((text) => {
    const [word = '', before = ''] = text.split('_').reverse();
    const tails = before === '' ? [word] : ['_', '-', ' ', before.slice(-1)].map((joint) => joint + word);
    const capital = (tail: string): string =>
      before === ''
        ? tail.charAt(0).toUpperCase() + tail.slice(1)
        : tail.charAt(0) + tail.charAt(1).toUpperCase() + tail.slice(2);
    return tails
      .flatMap((tail) => [tail, tail.toUpperCase(), capital(tail)])
      .flatMap((tail) =>
        tail.length < 4 ? Array.from('=:"\' >\\', (next) => tail + next) : [tail.slice(-4)],
      );
  });
  return [...new Set(windows)];
}

/** What ends a value without quotes. */
const stops: ReadonlySet<number> = new Set(Array.from('"<>\'`,;&()[]{}|\\', (char) => char.charCodeAt(0)));

/**
 * Values beside a name that promises a secret, such as `password=` or `"api_key": "`: at least 8 characters that look
 * drawn rather than written. What a name is given without these signs may be a word, a placeholder, or where the
 * secret is.
 */
export const secret: WindowDetector = {
  kind: 'window',
  dataClass: 'secret',
  leastBytes: 12,
  windows: windowsOf(names.map(({ text }) => text)),
  confirms(bytes, start, end, at) {
    const last = nameEnd(bytes, at);
    const name = nameBefore(bytes, start, last);
    const from = name === null ? 0 : valueStart(bytes, start, end, last, name);
    return from > 0 && valueEnd(bytes, from, Math.min(end, from + LEAST_BYTES)) === from + LEAST_BYTES;
  },
  finds(bytes, start, end, at, found) {
    if (found.passed(at)) return;
    const last = nameEnd(bytes, at);
    const name = nameBefore(bytes, start, last);
    const from = name === null ? 0 : valueStart(bytes, start, end, last, name);
    if (name === null || from === 0) return;
    const limit = Math.min(end, from + JUDGED_BYTES);
    const judged = valueEnd(bytes, from, limit);
    if (judged - from < LEAST_BYTES || !looksDrawn(bytes, from, judged, name.password)) return;
    // A space before the closing quote: a sentence.
    if (judged < limit && isQuote(bytes[from - 1]) && bytes[judged] === SPACE) return;
    found.add(from, judged < limit ? judged : valueEnd(bytes, from, end));
  },
};

/** The last byte of the name around a window: a short one has a byte after it in its window. */
function nameEnd(bytes: Uint8Array, at: number): number {
  return ((byteClass[bytes[at] as number] as number) & LETTER) === 0 ? at - 1 : at;
}

/** The name that ends with the byte at `at`, whatever it begins with. */
function nameBefore(bytes: Uint8Array, start: number, at: number): Name | null {
  for (const name of names) if (endsWith(bytes, start, at, name.text)) return name;
  return null;
}

function endsWith(bytes: Uint8Array, start: number, at: number, text: string): boolean {
  let i = at;
  for (let place = text.length - 1; place >= 0; place -= 1) {
    const byte = bytes[i] as number;
    const wanted = text[place];
    const joins = byte === SPACE || byte === DASH || byte === 0x5f;
    if (wanted === '_' && !joins) continue;
    if (i < start || (wanted !== '_' && (byte | SPACE) !== text.charCodeAt(place))) return false;
    i -= 1;
  }
  return true;
}

/** Where the value of the name that ends at `at` begins, or 0 when none does. */
function valueStart(bytes: Uint8Array, start: number, end: number, at: number, name: Name): number {
  const unquoted = afterQuote(bytes, at + 1);
  let i = afterSpaces(bytes, unquoted, end);
  const spaced = i > unquoted;
  const separator = bytes[i];
  const assigned = separator === EQUALS || separator === COLON || separator === GREATER;
  if (assigned) {
    i += 1;
    if (bytes[i] === EQUALS || bytes[i] === GREATER) i += 1;
    i = afterSpaces(bytes, i, end);
  } else if (!spaced || !(name.scheme || separator === SINGLE || isOption(bytes, start, at))) return 0;
  i = afterQuote(bytes, i);
  return i < end ? i : 0;
}

function afterSpaces(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end && i < at + SPACES && bytes[i] === SPACE) i += 1;
  return i;
}

/** After a quote, which JSON in a string has a backslash before. */
function afterQuote(bytes: Uint8Array, at: number): number {
  const quote = bytes[at] === BACKSLASH ? at + 1 : at;
  return isQuote(bytes[quote]) ? quote + 1 : at;
}

function isQuote(byte: number | undefined): boolean {
  return byte === DOUBLE || byte === SINGLE;
}

/** Whether the name that ends at `at` is an option of a command: `--password value`. */
function isOption(bytes: Uint8Array, start: number, at: number): boolean {
  for (let i = at; i > start && i > at - OPTION_BYTES && (bytes[i] as number) > SPACE; i -= 1) {
    if (bytes[i] === DASH && bytes[i - 1] === DASH) return true;
  }
  return false;
}

/** Where the value that begins at `from` ends: in quotes more is allowed. */
function valueEnd(bytes: Uint8Array, from: number, end: number): number {
  const quote = isQuote(bytes[from - 1]) ? bytes[from - 1] : 0;
  const escaped = quote !== 0 && bytes[from - 2] === BACKSLASH;
  for (let i = from; i < end; i += 1) {
    const byte = bytes[i] as number;
    if (byte <= SPACE || byte === DOUBLE || byte === quote || byte === 0x3c || byte === GREATER) return i;
    if (byte === BACKSLASH ? quote === 0 || escaped : quote === 0 && stops.has(byte)) return i;
  }
  return end;
}
