import { BASE64URL, hasClass, runEnd, runStart, standsAt } from './byte-class.ts';
import type { WindowDetector } from './detector.ts';

const DOT = 0x2e;

/**
 * JSON Web Tokens in compact form (RFC 7515 section 7.1): header and claims both begin with `{"`, which is `eyJ` in
 * base64url. A part after the claims is taken with it, whatever it holds.
 */
export const jwt: WindowDetector = {
  kind: 'window',
  dataClass: 'jwt',
  leastBytes: 11,
  windows: ['.eyJ'],
  confirms: (bytes, start, end, at) =>
    hasClass(bytes, start, end, at - 4, BASE64URL) && hasClass(bytes, start, end, at + 1, BASE64URL),
  finds(bytes, start, end, at, found) {
    const headerEnd = at - 3;
    const header = runStart(bytes, headerEnd, start, BASE64URL);
    if (headerEnd - header <= 3 || !standsAt(bytes, start, end, header, 'eyJ')) return;
    const claimsEnd = runEnd(bytes, at + 1, end, BASE64URL);
    if (claimsEnd === at + 1 || claimsEnd === end || bytes[claimsEnd] !== DOT) return;
    found.add(header, runEnd(bytes, claimsEnd + 1, end, BASE64URL));
  },
};
