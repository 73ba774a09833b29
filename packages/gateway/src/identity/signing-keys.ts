/** The keys that task tokens are signed with: a file in the data directory that only the gateway may read. */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import { Fault } from '../lib/fault.ts';
import { makeFile } from '../lib/make-file.ts';

/** Only its owner may read or write it. */
const MODE = 0o600;
/** A key is replaced when it is this old. */
const ROTATION_MS = 30 * 86_400_000;
/** Most keys in the file (L10): one more, and the gateway could not read it at its next start. */
const MOST_KEYS = 100;

/** As in a JWK set (RFC 8037): public, for whoever wants to verify a task token. */
export interface PublicJwk {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly kid: string;
  readonly alg: 'EdDSA';
  readonly use: 'sig';
}

const fileShape = z.strictObject({
  /** The one that signs first. One that does not sign any more has no private part, and a time it was retired at. */
  keys: z
    .array(
      z.strictObject({
        kid: z.string().regex(/^[A-Za-z0-9_-]{8,64}$/),
        createdAt: z.number(),
        retiredAt: z.number().optional(),
        x: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
        d: z
          .string()
          .regex(/^[A-Za-z0-9_-]{43}$/)
          .optional(),
      }),
    )
    .min(1)
    .max(MOST_KEYS),
});

type StoredKey = z.output<typeof fileShape>['keys'][number];

/** What a change of the key came to. */
export interface Rotation {
  readonly kid: string;
  readonly retired: string;
  /** When the retired one verifies no more, in milliseconds since the epoch. */
  readonly verifiesUntil: number;
}

export class SigningKeys {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #lifetimeMs: number;
  #keys: readonly StoredKey[];
  #signing: { readonly kid: string; readonly key: KeyObject };
  readonly #public = new Map<string, KeyObject>();

  /** Reads the file, and makes it when it is not there. `lifetimeMs` is how long a token that was signed can live. */
  constructor(path: string, lifetimeMs: number, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
    this.#lifetimeMs = lifetimeMs;
    this.#keys = readOrMake(path, clock.now());
    this.#signing = this.#adopt(this.#keys);
  }

  /** The key that signs now; a new one when it is old. */
  get signing(): { readonly kid: string; readonly key: KeyObject } {
    const [first] = this.#keys;
    if (first === undefined || this.#clock.now() - first.createdAt >= ROTATION_MS) this.rotate();
    return this.#signing;
  }

  /** The public key of this id, or null when there is none, or it was retired too long ago. */
  verifying(kid: string | undefined): KeyObject | null {
    const known = this.#keys.find((one) => one.kid === kid);
    return known === undefined || !this.#verifies(known) ? null : (this.#public.get(known.kid) ?? null);
  }

  /**
   * Signs with a new key from now on. The old one verifies for as long as a token signed with it can live. Throws Fault
   * `limit-exceeded` when too many do.
   */
  rotate(): Rotation {
    const now = this.#clock.now();
    const [former, ...older] = this.#keys;
    // Its private part is not needed any more, so it is not kept.
    const retired = former === undefined ? [] : [publicPart({ ...former, retiredAt: now })];
    const keys = [newKey(now), ...retired, ...older.filter((one) => this.#verifies(one))];
    if (keys.length > MOST_KEYS) {
      throw new Fault(
        'limit-exceeded',
        `Could not make another key of task tokens: ${MOST_KEYS} are in use. Wait until tokens of the older ones are over (identity.task_tokens.longest_lifetime_seconds).`,
      );
    }
    const draft = `${this.#path}.${randomBytes(8).toString('hex')}`;
    writeFileSync(draft, JSON.stringify({ keys }), { mode: MODE, flag: 'wx', flush: true });
    renameSync(draft, this.#path);
    this.#signing = this.#adopt(keys);
    return { kid: this.#signing.kid, retired: former?.kid ?? '', verifiesUntil: now + this.#lifetimeMs };
  }

  /** RFC 7517. */
  get jwks(): { readonly keys: readonly PublicJwk[] } {
    const keys = this.#keys.filter((one) => this.#verifies(one));
    return {
      keys: keys.map(({ kid, x }) => ({ kty: 'OKP', crv: 'Ed25519', x, kid, alg: 'EdDSA', use: 'sig' })),
    };
  }

  #verifies({ retiredAt }: StoredKey): boolean {
    return retiredAt === undefined || this.#clock.now() < retiredAt + this.#lifetimeMs;
  }

  #adopt(keys: readonly StoredKey[]): { readonly kid: string; readonly key: KeyObject } {
    const [first] = keys;
    if (first?.d === undefined) throw unusable(this.#path, 'its first key cannot sign');
    const { kid, x, d } = first;
    const jwk = { kty: 'OKP', crv: 'Ed25519', x, d };
    const key = createPrivateKey({ key: jwk, format: 'jwk' });
    this.#keys = keys;
    this.#public.clear();
    for (const one of keys) {
      const half = { kty: 'OKP', crv: 'Ed25519', x: one.x };
      this.#public.set(one.kid, createPublicKey({ key: half, format: 'jwk' }));
    }
    return { kid, key };
  }
}

function readOrMake(path: string, now: number): readonly StoredKey[] {
  try {
    makeFile(path, () => JSON.stringify({ keys: [newKey(now)] }));
    const { mode } = statSync(path);
    if ((mode & 0o077) !== 0) throw unusable(path, 'others than the gateway may read it: "chmod 600" it');
    return fileShape.parse(JSON.parse(readFileSync(path, 'utf8'))).keys;
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    // What is in the file is in no message.
    throw unusable(
      path,
      (cause as NodeJS.ErrnoException).code ?? 'it is not as the gateway writes it',
      cause,
    );
  }
}

function newKey(now: number): StoredKey {
  const { x, d } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  return { kid: randomBytes(12).toString('base64url'), createdAt: now, x: String(x), d: String(d) };
}

function publicPart(key: StoredKey): StoredKey {
  const { d: _, ...rest } = key;
  return rest;
}

function unusable(path: string, why: string, cause?: unknown): Fault {
  return new Fault(
    'config-invalid',
    `Could not use the keys of task tokens in ${path}: ${why}. Without the file a new key is made, and task tokens given out before are refused.`,
    cause === undefined ? {} : { cause },
  );
}
