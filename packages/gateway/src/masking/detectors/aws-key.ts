import { BASE64, HEX, hasClass, KEY_ID, runEnd, runStart, standsAt } from './byte-class.ts';
import type { WindowDetector } from './detector.ts';

const ID_BYTES = 20;
const SECRET_BYTES = 40;
/** How far before a secret key the word "secret" or the access key id is looked for. */
const CONTEXT_BYTES = 64;
const A = 0x41;

/** AWS access key ids: AKIA or ASIA and 16 more. */
export const awsKeyId: WindowDetector = {
  kind: 'window',
  dataClass: 'aws-key',
  leastBytes: ID_BYTES,
  windows: ['AKIA', 'ASIA'],
  confirms: (bytes, start, end, at) => isId(bytes, start, end, at - 3),
  finds(bytes, start, end, at, found) {
    const id = at - 3;
    if (!isId(bytes, start, end, id)) return;
    const alone =
      !hasClass(bytes, start, end, id - 1, KEY_ID) && !hasClass(bytes, start, end, id + ID_BYTES, KEY_ID);
    if (alone) found.add(id, id + ID_BYTES);
  },
};

/**
 * AWS secret access keys: 40 characters where the word "secret" or an access key id stands shortly before. Without
 * that context 40 characters could be anything.
 */
export const awsSecret: WindowDetector = {
  kind: 'window',
  dataClass: 'aws-key',
  leastBytes: SECRET_BYTES,
  windows: ['AKIA', 'ASIA', 'cret', 'CRET'],
  confirms(bytes, start, end, at) {
    if (bytes[at] === A && !isId(bytes, start, end, at - 3)) return false;
    // Every fortieth byte is in a secret key if there is one.
    const limit = Math.min(end, at + CONTEXT_BYTES + SECRET_BYTES + ID_BYTES);
    for (let probe = at + SECRET_BYTES; probe < limit; probe += SECRET_BYTES) {
      if (runEnd(bytes, probe, limit, BASE64) - runStart(bytes, probe, at + 1, BASE64) >= SECRET_BYTES)
        return true;
    }
    return false;
  },
  finds(bytes, start, end, at, found) {
    if (bytes[at] === A && !isId(bytes, start, end, at - 3)) return;
    const context = bytes[at] === A ? at - 3 + ID_BYTES : at + 1;
    const limit = Math.min(end, context + CONTEXT_BYTES + SECRET_BYTES);
    for (let token = at + 1; token + SECRET_BYTES <= limit; token += 1) {
      if (!hasClass(bytes, start, end, token, BASE64)) continue;
      const bounded = token >= context && !hasClass(bytes, start, end, token - 1, BASE64);
      const tokenEnd = runEnd(bytes, token, Math.min(end, token + SECRET_BYTES + 1), BASE64);
      if (bounded && tokenEnd - token === SECRET_BYTES && !isDigest(bytes, token)) found.add(token, tokenEnd);
      token = tokenEnd;
    }
  },
};

function isId(bytes: Uint8Array, start: number, end: number, at: number): boolean {
  if (at + ID_BYTES > end) return false;
  if (!standsAt(bytes, start, end, at, 'AKIA') && !standsAt(bytes, start, end, at, 'ASIA')) return false;
  return runEnd(bytes, at, at + ID_BYTES, KEY_ID) === at + ID_BYTES;
}

/** A digest in hexadecimal (a git commit, SHA-1) has 40 characters too. */
function isDigest(bytes: Uint8Array, token: number): boolean {
  return runEnd(bytes, token, token + SECRET_BYTES, HEX) === token + SECRET_BYTES;
}
