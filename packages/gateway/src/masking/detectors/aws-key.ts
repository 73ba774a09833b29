import { BASE64, byteClass, HEX, hasClass, KEY_ID, runEnd, runStart } from './byte-class.ts';
import type { Detector, Span } from './detector.ts';

const ID_BYTES = 20;
const SECRET_BYTES = 40;
/** How far before a secret key the word "secret" or the access key id is looked for. */
export const SECRET_CONTEXT_BYTES = 64;
const A = 0x41;

/**
 * AWS credentials: access key ids (AKIA or ASIA and 16 more), and 40-character secret access keys where the word
 * "secret" or an access key id stands shortly before: without that context 40 characters could be anything.
 */
export const awsKey: Detector = {
  dataClass: 'aws-key',
  leastBytes: ID_BYTES,
  windows: ['AKIA', 'ASIA', 'cret', 'CRET'],
  confirms: (bytes, start, end, at) => {
    if (bytes[at] === A) return idEnd(bytes, start, end, at - 3) > 0;
    return secretFollows(bytes, at, Math.min(end, at + SECRET_CONTEXT_BYTES + SECRET_BYTES + 8));
  },
  find: findKey,
};

function findKey(bytes: Uint8Array, start: number, end: number, from: number, span: Span): boolean {
  let at = from;
  while (at < end) {
    if (((byteClass[bytes[at] as number] as number) & BASE64) === 0) {
      at += 1;
      continue;
    }
    const tokenEnd = runEnd(bytes, at, end, BASE64);
    const id = findId(bytes, start, end, at, tokenEnd);
    if (id >= 0) {
      span.start = id;
      span.end = id + ID_BYTES;
      return true;
    }
    const bounded = !hasClass(bytes, start, end, at - 1, BASE64);
    if (bounded && tokenEnd - at === SECRET_BYTES && isSecret(bytes, start, at)) {
      span.start = at;
      span.end = tokenEnd;
      return true;
    }
    at = tokenEnd;
  }
  return false;
}

/** Where an access key id begins in the token [at, tokenEnd), or −1. */
function findId(bytes: Uint8Array, start: number, end: number, at: number, tokenEnd: number): number {
  for (let i = at; i + ID_BYTES <= tokenEnd; i += 1) {
    if (bytes[i] === A && idEnd(bytes, start, end, i) > 0) {
      const alone =
        !hasClass(bytes, start, end, i - 1, KEY_ID) && !hasClass(bytes, start, end, i + ID_BYTES, KEY_ID);
      if (alone) return i;
    }
  }
  return -1;
}

/** The end of the access key id that begins at `at`, or 0. */
function idEnd(bytes: Uint8Array, start: number, end: number, at: number): number {
  if (at < start || at + ID_BYTES > end || bytes[at] !== A || bytes[at + 2] !== 0x49 || bytes[at + 3] !== A)
    return 0;
  if (bytes[at + 1] !== 0x4b && bytes[at + 1] !== 0x53) return 0;
  return runEnd(bytes, at, at + ID_BYTES, KEY_ID) === at + ID_BYTES ? at + ID_BYTES : 0;
}

function isSecret(bytes: Uint8Array, start: number, at: number): boolean {
  // A digest in hexadecimal (a git commit, SHA-1) has 40 characters too.
  if (runEnd(bytes, at, at + SECRET_BYTES, HEX) === at + SECRET_BYTES) return false;
  for (let i = at - 1; i >= start && i >= at - SECRET_CONTEXT_BYTES; i -= 1) {
    const last = bytes[i] as number;
    if ((last === 0x74 || last === 0x54) && endsSecret(bytes, start, i)) return true;
    if (last === A && idEnd(bytes, start, at, i - 3) > 0) return true;
  }
  return false;
}

/** Whether "cret" (of secret) ends at `at`, all in lower or all in upper case. */
function endsSecret(bytes: Uint8Array, start: number, at: number): boolean {
  if (at - 3 < start) return false;
  const caseBit = (bytes[at] as number) & 0x20;
  return (
    bytes[at - 1] === (0x45 | caseBit) &&
    bytes[at - 2] === (0x52 | caseBit) &&
    bytes[at - 3] === (0x43 | caseBit)
  );
}

/** Whether 40 characters that could be a secret key stand in (at, end): every fortieth byte would be one of them. */
function secretFollows(bytes: Uint8Array, at: number, end: number): boolean {
  for (let probe = at + SECRET_BYTES; probe < end; probe += SECRET_BYTES) {
    const tokenStart = runStart(bytes, probe, at + 1, BASE64);
    if (runEnd(bytes, probe, end, BASE64) - tokenStart >= SECRET_BYTES) return true;
  }
  return false;
}
