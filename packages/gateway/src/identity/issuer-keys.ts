import { createLocalJWKSet, type JWK, type JWTVerifyGetKey } from 'jose';
import type { Clock } from '../lib/clock.ts';
import { type Fetch, fetchIssuerJson, isRecord, unavailable } from './issuer-fetch.ts';
import type { IdentityConfig, IssuerConfig } from './section.ts';
import { isHttpsOrLoopback } from './urls.ts';

/** The keys of one issuer as fetched at one time. */
export interface KeySet {
  /** Grows each time the issuer's keys changed: what was verified under an older one is verified again. */
  readonly generation: number;
  readonly resolve: JWTVerifyGetKey;
  has(kid: string): boolean;
}

interface Held extends KeySet {
  readonly fetchedAt: number;
  readonly fingerprint: string;
}

/** After a failed fetch the next is not tried for this long, so that an outage is not made worse by us. */
const RETRY_MS = 2_000;

/**
 * The signing keys of one issuer: fetched on first use through discovery, refreshed with age, kept for a bounded time
 * while the issuer is away. `keys(kid)` rejects with Fault `issuer-unavailable`.
 */
export class IssuerKeys {
  readonly #issuer: IssuerConfig;
  readonly #limits: IdentityConfig;
  readonly #clock: Clock;
  readonly #fetch: Fetch;
  #held: Held | null = null;
  #fetching: Promise<Held> | null = null;
  #lastAttempt = Number.NEGATIVE_INFINITY;
  #lastFailure: Error | null = null;

  constructor(issuer: IssuerConfig, limits: IdentityConfig, clock: Clock, fetch: Fetch) {
    this.#issuer = issuer;
    this.#limits = limits;
    this.#clock = clock;
    this.#fetch = fetch;
  }

  get generation(): number {
    return this.#held?.generation ?? 0;
  }

  /** The keys to verify a token with that names `kid` (attacker-controlled: it may provoke one fetch per cool-down). */
  async keys(kid: string | undefined): Promise<KeySet> {
    const held = this.#held;
    if (held === null) return await this.#refetch();
    const age = this.#clock.elapsed() - held.fetchedAt;
    const { keyRefreshSeconds, keyLifetimeSeconds, keyCooldownSeconds } = this.#limits;
    if (age >= keyLifetimeSeconds * 1_000) return await this.#refetch();
    const unknown = kid !== undefined && !held.has(kid);
    const sinceAttempt = this.#clock.elapsed() - this.#lastAttempt;
    if (unknown && (this.#fetching !== null || sinceAttempt >= keyCooldownSeconds * 1_000)) {
      // A failure here must not turn a forged key id into an outage: the held keys answer.
      return await this.#refetch().catch(() => held);
    }
    if (age >= keyRefreshSeconds * 1_000 && sinceAttempt >= RETRY_MS) this.#refetch().catch(() => {});
    return held;
  }

  #refetch(): Promise<Held> {
    if (this.#fetching !== null) return this.#fetching;
    const now = this.#clock.elapsed();
    if (this.#lastFailure !== null && now - this.#lastAttempt < RETRY_MS)
      return Promise.reject(this.#lastFailure);
    this.#lastAttempt = now;
    this.#fetching = this.#load(now)
      .then((loaded) => {
        this.#lastFailure = null;
        this.#held = loaded;
        return loaded;
      })
      .catch((error: unknown) => {
        this.#lastFailure = error instanceof Error ? error : new Error('unknown');
        throw error;
      })
      .finally(() => {
        this.#fetching = null;
      });
    return this.#fetching;
  }

  async #load(now: number): Promise<Held> {
    const limits = { timeoutMs: this.#limits.fetchTimeoutMs, bytes: this.#limits.fetchBytes };
    const name = this.#issuer.name;
    const documentUrl = `${this.#issuer.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const what = `the discovery document of issuer "${name}"`;
    const document = await fetchIssuerJson(this.#fetch, documentUrl, what, limits);
    const jwksUri = checkedJwksUri(document, this.#issuer, what);
    const set = await fetchIssuerJson(this.#fetch, jwksUri, `the key set of issuer "${name}"`, limits);
    const keys = usableKeys(set, `the key set of issuer "${name}"`, this.#limits.keysPerIssuer);
    const fingerprint = JSON.stringify(keys);
    const changed = this.#held?.fingerprint !== fingerprint;
    const kids = new Set(keys.map((key) => key.kid));
    return {
      generation: this.generation + (changed ? 1 : 0),
      resolve: createLocalJWKSet({ keys }),
      has: (kid) => kids.has(kid),
      fetchedAt: now,
      fingerprint,
    };
  }
}

/** OpenID Connect Discovery 4.3: the issuer in the document must be the one asked, or anyone's keys could be served. */
function checkedJwksUri(document: Record<string, unknown>, issuer: IssuerConfig, what: string): string {
  if (document.issuer !== issuer.issuer) {
    throw unavailable(what, `its issuer is not "${issuer.issuer}"; copy the exact value to identity.issuers`);
  }
  const uri = document.jwks_uri;
  if (typeof uri !== 'string' || !URL.canParse(uri)) throw unavailable(what, 'it has no jwks_uri');
  const downgrade = issuer.issuer.startsWith('https:') && !uri.startsWith('https:');
  const query = new URL(uri).search;
  if (downgrade || !isHttpsOrLoopback(uri.slice(0, uri.length - query.length))) {
    throw unavailable(what, 'its jwks_uri is not an https URL');
  }
  return uri;
}

const KEY_TYPES: readonly unknown[] = ['RSA', 'EC', 'OKP'];

/** Public signature keys only. Anything else an issuer publishes by mistake (shared secrets, private parts) is left out. */
function usableKeys(set: Record<string, unknown>, what: string, limit: number): JWK[] {
  const keys = set.keys;
  if (!Array.isArray(keys)) throw unavailable(what, 'it has no keys');
  if (keys.length > limit)
    throw unavailable(what, `it has more than ${limit} keys (identity.keys_per_issuer)`);
  const usable: JWK[] = [];
  for (const key of keys) {
    if (!isRecord(key) || !KEY_TYPES.includes(key.kty)) continue;
    if ('d' in key || 'k' in key || (key.use !== undefined && key.use !== 'sig')) continue;
    usable.push(key as JWK);
  }
  if (usable.length === 0) throw unavailable(what, 'it has no public signature key');
  return usable;
}
