/** DPoP proofs (RFC 9449): that whoever presents a token holds the key it is bound to. */
import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, compactVerify, importJWK, type JWK } from 'jose';
import type { Clock } from '../lib/clock.ts';
import { Fault } from '../lib/fault.ts';
import type { Possession } from '../protocols/protocol.ts';
import { isRecord } from './issuer-fetch.ts';
import type { Nonces } from './nonces.ts';
import type { ProofMemory } from './proof-memory.ts';
import { sameText } from './same-text.ts';
import { readCompactJws } from './token-shape.ts';

/** Largest proof, in bytes: one with an RSA key of 4096 bits fits. Bigger keys cost more to verify. */
const PROOF_BYTES = 4_096;
/** Longest `jti`. */
const ID_LENGTH = 256;
/** Asymmetric only (RFC 9449 section 4.3, point 5): nobody else could have made the proof. */
export const proofAlgorithms = ['ES256', 'ES384', 'ES512', 'PS256', 'RS256', 'EdDSA', 'Ed25519'] as const;
/** Members of a private or symmetric key (RFC 7518 section 6). */
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

export interface ProofRules {
  /** How old a proof may be. */
  readonly windowSeconds: number;
  /** How far its clock may be ahead. */
  readonly toleranceSeconds: number;
  /** Names of the gateway's doors, beside the addresses they are reached at. */
  readonly authorities: readonly string[];
  /** Proofs seen already: each is good once. */
  readonly seen: ProofMemory;
  /** Null when proofs need none. */
  readonly nonces: Nonces | null;
  readonly clock: Clock;
}

/**
 * Verifies a proof by RFC 9449 section 4.3, in its order, and gives the thumbprint of its key. It is used up by this,
 * whatever comes after. Rejects with Fault `credential-rejected`.
 */
export async function verifyProof(
  bearer: string,
  possession: Possession,
  rules: ProofRules,
  { exchanging = false } = {},
): Promise<string> {
  const { proof } = possession;
  if (proof === null) throw badProof('it is not there');
  if (proof.length > PROOF_BYTES) throw badProof(`it is longer than ${PROOF_BYTES} bytes`);
  const { header, claims } = readProof(proof);
  const jwk = publicKeyOf(header);
  await verifySignature(proof, jwk);
  checkRequest(claims, possession, rules);
  const now = Math.floor(rules.clock.now() / 1_000);
  const { iat, jti, ath } = claims;
  if (typeof iat !== 'number' || iat > now + rules.toleranceSeconds || iat < now - rules.windowSeconds) {
    throw badProof('it was not made just now; compare the clocks of the client and the gateway');
  }
  // Where a token is exchanged it is not the credential of that request, so a proof need not speak of it.
  if (ath !== undefined || !exchanging) {
    if (typeof ath !== 'string' || !sameText(ath, tokenDigest(bearer))) {
      throw badProof('it was made for another token (ath)');
    }
  }
  if (rules.nonces !== null && possession.tellsNonce && !rules.nonces.accepts(claims.nonce)) {
    throw new NonceFault(rules.nonces.current);
  }
  if (typeof jti !== 'string' || jti === '' || jti.length > ID_LENGTH)
    throw badProof('it has no usable id (jti)');
  const thumbprint = await calculateJwkThumbprint(jwk, 'sha256');
  const until = (iat + rules.windowSeconds + 1) * 1_000;
  switch (rules.seen.add(thumbprint, jti, until)) {
    case 'new':
      return thumbprint;
    case 'seen':
      throw badProof('it was used before; make a new one for each request');
    case 'full':
      throw badProof('too many proofs were made in a short time; try again in a minute');
  }
}

/** SHA-256 of a token in base64url: `ath`, and the id of a token that has no other. */
export function tokenDigest(bearer: string): string {
  return createHash('sha256').update(bearer).digest('base64url');
}

function readProof(proof: string): ReturnType<typeof readCompactJws> {
  try {
    return readCompactJws(proof);
  } catch {
    throw badProof('it is not a signed JWT');
  }
}

/** The key in the header, if it is one that only its owner can sign with. */
function publicKeyOf(header: Readonly<Record<string, unknown>>): JWK {
  const { typ, alg, jwk } = header;
  if (typ !== 'dpop+jwt') throw badProof('its typ is not dpop+jwt');
  if (!proofAlgorithms.some((one) => one === alg)) {
    throw badProof(`its algorithm is not one of ${proofAlgorithms.join(', ')}`);
  }
  if (!isRecord(jwk) || !['EC', 'OKP', 'RSA'].some((one) => one === jwk.kty)) {
    throw badProof('it has no public key (jwk)');
  }
  if (PRIVATE.some((member) => Object.hasOwn(jwk, member))) {
    throw badProof('it gives away its private key: make a new key, and keep it');
  }
  const { kty, crv, x, y, n, e } = jwk;
  const members = { EC: { kty, crv, x, y }, OKP: { kty, crv, x }, RSA: { kty, n, e } }[kty as 'EC'];
  // Only what defines the key: `use`, `key_ops` or `alg` of the attacker's would not be in the thumbprint.
  return { ...members, alg } as JWK;
}

async function verifySignature(proof: string, jwk: JWK): Promise<void> {
  try {
    const key = await importJWK(jwk);
    await compactVerify(proof, key, { algorithms: [...proofAlgorithms] });
  } catch {
    throw badProof('its signature is wrong');
  }
}

/** What it was made for must be what it came with. */
function checkRequest(
  claims: Readonly<Record<string, unknown>>,
  possession: Possession,
  rules: ProofRules,
): void {
  const { method, before, after, authorities } = possession;
  if (claims.htm !== method) throw badProof(`it was made for another method (htm); here it is ${method}`);
  const asked = typeof claims.htu === 'string' ? normalUri(claims.htu) : null;
  const served = [...authorities, ...rules.authorities].map((one) => normalUri(`${before}${one}${after}`));
  if (asked === null || !served.includes(asked)) {
    throw badProof(
      'it was made for another address (htu); identity.task_tokens.authorities lists the names of this gateway',
    );
  }
}

/**
 * RFC 9449 section 4.3: `htu` is compared after the normalisation of RFC 3986, without query and fragment. Null for what
 * is no absolute URI, or has two readings.
 */
export function normalUri(text: string): string | null {
  if (text.length > 8_192 || !/^[a-z][a-z0-9+.-]*:\/\/[\x21-\x7e]+$/i.test(text) || text.includes('\\'))
    return null;
  const bare = text.replace(/[?#].*$/s, '');
  if (!URL.canParse(bare)) return null;
  const { protocol, username, password, host, pathname } = new URL(bare);
  if (password !== '') return null;
  const user = username === '' ? '' : `${unescaped(username)}@`;
  return `${protocol}//${user}${host.toLowerCase()}${unescaped(pathname === '/' ? '' : pathname)}`;
}

/** Escapes of characters that need none are taken off, and the others written in capitals (RFC 3986 section 6.2.2). */
function unescaped(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (written, hex: string) => {
    const char = String.fromCharCode(Number.parseInt(hex, 16));
    return /[A-Za-z0-9._~-]/.test(char) ? char : written.toUpperCase();
  });
}

/** Fixed words only, as for tokens. */
function badProof(why: string): ProofFault {
  return new ProofFault('credential-rejected', `The DPoP proof was refused: ${why}.`);
}

/** It is the proof that is not acceptable, not the token: RFC 9449 has an error of its own for it. */
export class ProofFault extends Fault {}

/** What the token says that it is bound to was not shown. It is told whether the token is good or not. */
export class UnshownFault extends Fault {}

/** A proof that lacks the nonce of now; it goes out with the refusal, and the client makes another proof with it. */
export class NonceFault extends ProofFault {
  readonly nonce: string;

  constructor(nonce: string) {
    super('credential-rejected', 'The DPoP proof was refused: make one with the nonce in DPoP-Nonce.');
    this.nonce = nonce;
  }
}
