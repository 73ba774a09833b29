import { ALPHANUMERIC, hasClass } from './byte-class.ts';
import type { WindowDetector } from './detector.ts';

const AT = 0x40;
const COLON = 0x3a;
const SPACE = 0x20;
const ASTERISK = 0x2a;
/** Longest user and password looked through (L10). */
const USERINFO_BYTES = 1_024;
/** What ends the authority of a URI (RFC 3986 section 3.2), or the URI in text, JSON and markup. */
const ends: ReadonlySet<number> = new Set(Array.from('/?#"<>`\\', (char) => char.charCodeAt(0)));

/**
 * Passwords in connection strings and other URIs: `scheme://user:password@host`. Only the password is hidden. An `@`
 * that should have been written %40 belongs to the password: the last one counts.
 */
export const connectionString: WindowDetector = {
  kind: 'window',
  dataClass: 'connection-string',
  leastBytes: 7,
  windows: ['://?'],
  confirms(bytes, _start, end, at) {
    const limit = Math.min(end, at + USERINFO_BYTES);
    let colon = false;
    for (let i = at; i < limit && !isEnd(bytes[i] as number); i += 1) {
      if (colon && bytes[i] === AT) return true;
      colon ||= bytes[i] === COLON;
    }
    return false;
  },
  finds(bytes, start, end, at, found) {
    if (!hasClass(bytes, start, end, at - 4, ALPHANUMERIC)) return;
    const limit = Math.min(end, at + USERINFO_BYTES);
    let password = 0;
    let host = 0;
    for (let i = at; i < limit && !isEnd(bytes[i] as number); i += 1) {
      if (bytes[i] === COLON && password === 0) password = i + 1;
      if (bytes[i] === AT && password > 0) host = i;
    }
    if (host > password && !isStarred(bytes, password, host)) found.add(password, host);
  },
};

function isEnd(byte: number): boolean {
  return byte <= SPACE || ends.has(byte);
}

/** Whether somebody hid it before. */
function isStarred(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i += 1) if (bytes[i] !== ASTERISK) return false;
  return true;
}
