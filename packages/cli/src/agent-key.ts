import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  randomUUID,
  sign,
} from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { exitCode, Failure } from './failure.ts';

/** The key an agent's tokens are bound to (RFC 9449). */
export interface AgentKey {
  readonly jwk: { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string };
  readonly key: KeyObject;
}

/** Only its owner may read or write it. */
const MODE = 0o600;

/** Reads the key, and makes it when `mayMake` and it is not there. What is in the file is never shown. */
export function readAgentKey(path: string, mayMake: boolean): AgentKey {
  try {
    if (mayMake && !existsSync(path)) {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      writeFileSync(path, JSON.stringify(privateKey.export({ format: 'jwk' })), { mode: MODE, flag: 'wx' });
    }
    if ((statSync(path).mode & 0o077) !== 0) throw unusable(path, `others can read it: "chmod 600 ${path}"`);
    const stored = JSON.parse(readFileSync(path, 'utf8')) as JsonWebKey;
    const key = createPrivateKey({ key: stored, format: 'jwk' });
    if (stored.crv !== 'P-256') throw unusable(path, 'it is not a P-256 key');
    return { key, jwk: { kty: 'EC', crv: 'P-256', x: String(stored.x), y: String(stored.y) } };
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw unusable(path, (cause as NodeJS.ErrnoException).code ?? 'it is not a key that this command wrote');
  }
}

/** A proof for one request; with a token also that it is for that one. `nonce` is what the gateway asked for, if it did. */
export function makeProof(
  { jwk, key }: AgentKey,
  htm: string,
  htu: string,
  token: string | null,
  nonce?: string,
): string {
  const ath = token === null ? {} : { ath: createHash('sha256').update(token).digest('base64url') };
  const claims = { jti: randomUUID(), htm, htu, iat: Math.floor(Date.now() / 1_000), nonce, ...ath };
  const encoded = [{ alg: 'ES256', typ: 'dpop+jwt', jwk }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const signing = encoded.join('.');
  const signature = sign('sha256', Buffer.from(signing), { key, dsaEncoding: 'ieee-p1363' });
  return `${signing}.${signature.toString('base64url')}`;
}

function unusable(path: string, why: string): Failure {
  return new Failure(exitCode.usage, `Cannot use the key file ${path}: ${why}.`);
}
