import { BASE64URL, hasClass, runEnd, standsAt } from './byte-class.ts';
import type { Detector, Span } from './detector.ts';

const DOT = 0x2e;
const E = 0x65;

/**
 * JSON Web Tokens in compact form (RFC 7515 section 7.1): header and claims both begin with `{"`, which is `eyJ` in
 * base64url. A part after the claims is taken with it, whatever it holds.
 */
export const jwt: Detector = {
  dataClass: 'jwt',
  leastBytes: 11,
  windows: ['.eyJ'],
  confirms: (bytes, start, end, at) =>
    hasClass(bytes, start, end, at - 4, BASE64URL) && hasClass(bytes, start, end, at + 1, BASE64URL),
  find: findJwt,
};

function findJwt(bytes: Uint8Array, start: number, end: number, from: number, span: Span): boolean {
  let at = from;
  while (at < end) {
    if (
      bytes[at] !== E ||
      !standsAt(bytes, from, end, at, 'eyJ') ||
      hasClass(bytes, start, end, at - 1, BASE64URL)
    ) {
      at += 1;
      continue;
    }
    const headerEnd = runEnd(bytes, at, end, BASE64URL);
    if (headerEnd - at > 3 && standsAt(bytes, from, end, headerEnd, '.eyJ')) {
      const claimsEnd = runEnd(bytes, headerEnd + 1, end, BASE64URL);
      if (claimsEnd - headerEnd > 4 && claimsEnd < end && bytes[claimsEnd] === DOT) {
        span.start = at;
        span.end = runEnd(bytes, claimsEnd + 1, end, BASE64URL);
        return true;
      }
    }
    at = headerEnd;
  }
  return false;
}
