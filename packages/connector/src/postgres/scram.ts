/**
 * SCRAM-SHA-256, the client's side (RFC 5802, RFC 7677), with channel binding tls-server-end-point (RFC 5929).
 * Pure: the nonce comes in, and the slow key derivation is left to the caller. The server chooses every byte of
 * its messages.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export type ScramProblem =
  /** A message that is not SCRAM. */
  | 'malformed'
  /** The server's nonce does not begin with ours, or adds nothing. */
  | 'nonce'
  /** Too few or too many iterations. */
  | 'iterations'
  /** The server does not know the password. */
  | 'signature'
  /** The server says the proof is wrong. */
  | 'refused';

/** An exchange that must not go on. */
export class ScramError extends Error {
  override readonly name = 'ScramError';
  readonly problem: ScramProblem;

  constructor(problem: ScramProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}

/** What is known of channel binding: the certificate's hash, and whether the server offers to use it. */
export type Binding =
  /** Bound: SCRAM-SHA-256-PLUS. */
  | { readonly kind: 'bound'; readonly hash: Buffer }
  /** We could, the server did not offer it: it must refuse if it did (someone in between took it away). */
  | { readonly kind: 'possible' }
  | { readonly kind: 'none' };

export interface ScramStart {
  readonly nonce: string;
  readonly clientFirstBare: string;
  /** The base64 that `c=` carries. */
  readonly channel: string;
}

export interface ScramChallenge extends ScramStart {
  readonly serverFirst: string;
  readonly fullNonce: string;
  readonly salt: Buffer;
  readonly iterations: number;
}

export interface ScramProof {
  readonly clientFinal: string;
  /** What the server must answer. */
  readonly serverSignature: Buffer;
}

/** client-first-message. PostgreSQL takes the user from the start-up message and ignores the name here. */
export function startScram(
  nonce: string,
  binding: Binding,
): { readonly start: ScramStart; readonly clientFirst: string } {
  const header = { bound: 'p=tls-server-end-point,,', possible: 'y,,', none: 'n,,' }[binding.kind];
  const hash = binding.kind === 'bound' ? binding.hash : Buffer.alloc(0);
  const channel = Buffer.concat([Buffer.from(header), hash]).toString('base64');
  const clientFirstBare = `n=,r=${nonce}`;
  return { start: { nonce, clientFirstBare, channel }, clientFirst: header + clientFirstBare };
}

/** RFC 5802 section 7, server-first-message; no extension is known, and `m=` must be refused. */
const SERVER_FIRST = /^r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/]+={0,2}),i=([1-9][0-9]{0,9})$/;
const SERVER_FINAL = /^v=([A-Za-z0-9+/]+={0,2})$/;

/** Reads server-first-message. `least` and `most` bound the iterations. */
export function readChallenge(
  start: ScramStart,
  serverFirst: string,
  least: number,
  most: number,
): ScramChallenge {
  const match = SERVER_FIRST.exec(serverFirst);
  const [, fullNonce, salt64, count] = match ?? [];
  if (fullNonce === undefined || salt64 === undefined || count === undefined) {
    throw new ScramError('malformed', 'the first SCRAM message of the server cannot be read');
  }
  if (!fullNonce.startsWith(start.nonce) || fullNonce.length === start.nonce.length) {
    throw new ScramError('nonce', 'the SCRAM nonce of the server does not extend ours');
  }
  const iterations = Number(count);
  if (iterations < least || iterations > most) {
    throw new ScramError(
      'iterations',
      `the server asks for ${iterations} SCRAM iterations; allowed are ${least} to ${most}`,
    );
  }
  return { ...start, serverFirst, fullNonce, salt: Buffer.from(salt64, 'base64'), iterations };
}

/** client-final-message, from the SaltedPassword. */
export function prove(challenge: ScramChallenge, saltedPassword: Buffer): ScramProof {
  const withoutProof = `c=${challenge.channel},r=${challenge.fullNonce}`;
  const authMessage = `${challenge.clientFirstBare},${challenge.serverFirst},${withoutProof}`;
  const clientKey = hmac(saltedPassword, 'Client Key');
  const storedKey = createHash('sha256').update(clientKey).digest();
  const clientSignature = hmac(storedKey, authMessage);
  const proof = Buffer.from(clientKey.map((byte, at) => byte ^ (clientSignature[at] ?? 0)));
  return {
    clientFinal: `${withoutProof},p=${proof.toString('base64')}`,
    serverSignature: hmac(hmac(saltedPassword, 'Server Key'), authMessage),
  };
}

/** Checks server-final-message, in constant time: only who knows the password can have made it. */
export function checkServerFinal(serverFinal: string, expected: Buffer): void {
  if (serverFinal.startsWith('e='))
    throw new ScramError('refused', 'the server says the SCRAM proof is wrong');
  const signature = Buffer.from(SERVER_FINAL.exec(serverFinal)?.[1] ?? '', 'base64');
  if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
    throw new ScramError('signature', 'the SCRAM signature of the server is wrong');
  }
}

const NON_ASCII_SPACE = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g;
const MAPPED_TO_NOTHING = /\u00ad|\u034f|\u1806|[\u180b-\u180d]|\u200c|\u200d|\u2060|[\ufe00-\ufe0f]|\ufeff/g;
// RFC 4013 section 2.3, the ranges that PostgreSQL also refuses.
const PROHIBITED =
  /[\p{Cc}\u06dd\u070f\u180e\u2028\u2029\u2061-\u2063\u206a-\u206f\ue000-\uf8ff\ufdd0-\ufdef\ufff9-\uffff]/u;

/** SASLprep (RFC 4013), the part that matters; like PostgreSQL, a password it does not allow is used as it is. */
export function prepare(password: string): string {
  if (/^[\x20-\x7e]*$/.test(password)) return password;
  const mapped = password.replace(NON_ASCII_SPACE, ' ').replace(MAPPED_TO_NOTHING, '').normalize('NFKC');
  return mapped === '' || PROHIBITED.test(mapped) ? password : mapped;
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
