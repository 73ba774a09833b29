import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { Clock } from '../lib/clock.ts';
import { Fault } from '../lib/fault.ts';
import type { Possession } from '../protocols/protocol.ts';
import { confirmationOf, identityOf } from './claims.ts';
import { tokenDigest } from './dpop.ts';
import type { ExchangeVerifier, Identity } from './identity.ts';
import type { Fetch } from './issuer-fetch.ts';
import { IssuerKeys } from './issuer-keys.ts';
import { createProving, NOTHING_SHOWN, type Proving } from './proving.ts';
import type { IdentityConfig, IssuerConfig } from './section.ts';
import type { TaskTokenIssuer } from './task-token.ts';
import { tokenIdOf } from './token-id.ts';
import { readCompactJws, readTokenShape, rejected, type UnverifiedToken } from './token-shape.ts';
import { VerifiedTokens } from './verified-tokens.ts';

export interface IdentityDependencies {
  readonly clock: Clock;
  /** Replaces the runtime's `fetch`. */
  readonly fetch?: Fetch;
  /** The gateway itself as an issuer; null or absent when it issues nothing. */
  readonly taskTokens?: TaskTokenIssuer | null;
  /** Whether other gateways may give out tokens of the same name, with keys of their own. */
  readonly othersIssue?: boolean;
}

export interface IdentityRoom extends ExchangeVerifier {
  /** Names of issuers whose keys are neither held nor to be had: nobody of theirs could be authenticated now. */
  issuersAway(): Promise<readonly string[]>;
}

interface Issuer {
  readonly config: IssuerConfig;
  readonly keys: IssuerKeys;
}

/**
 * Verifies OIDC access tokens (RFC 9068) of the configured issuers, and the gateway's own task tokens. Fetches nothing until
 * the first token.
 */
export function createIdentityProvider(config: IdentityConfig, deps: IdentityDependencies): IdentityRoom {
  const { clock } = deps;
  const fetch = deps.fetch ?? globalThis.fetch;
  const issuers = new Map<string, Issuer>(
    config.issuers.map((one) => [
      one.issuer,
      { config: one, keys: new IssuerKeys(one, config, clock, fetch) },
    ]),
  );
  const verified = new VerifiedTokens(config.verifiedTokens, config.verifiedTokenSeconds * 1_000, clock);

  const { taskTokens = null } = deps;

  async function identify(bearer: string): Promise<Identity> {
    if (bearer.length > config.tokenBytes) {
      throw rejected(`it is longer than ${config.tokenBytes} bytes (identity.token_bytes)`);
    }
    const key = tokenDigest(bearer);
    const known = verified.get(key);
    if (known !== null) return known;
    const shape = readTokenShape(bearer, config.tokenBytes);
    // Only a gateway that issues tokens has this name, and the configuration has no other issuer of it.
    if (taskTokens !== null && shape.issuer === taskTokens.issuer) {
      const identity = await taskTokens.verify(bearer, shape);
      verified.set(key, identity, () => taskTokens.keys.verifying(shape.kid) !== null);
      return identity;
    }
    // The token only chooses which issuer is asked; that issuer's own keys and name then have to agree.
    const issuer = issuers.get(shape.issuer);
    if (issuer === undefined) throw rejected('its issuer is not one of identity.issuers');
    checkType(shape, issuer.config);
    const keys = await issuer.keys.keys(shape.kid);
    const claims = await verify(bearer, issuer.config, keys.resolve, config, clock);
    const tokenId = tokenIdOf(bearer);
    const identity = identityOf(claims, issuer.config, expiry(claims, clock), config.groupsPerToken, tokenId);
    verified.set(key, identity, () => issuer.keys.generation === keys.generation);
    return identity;
  }

  const proving = createProving(config, clock);

  return {
    async authenticate(bearer, possession = NOTHING_SHOWN) {
      const identity = await identify(bearer);
      if (identity.confirmation !== null || possession.proof !== null)
        await proving.confirm(identity, bearer, possession);
      return identity;
    },
    confirm: proving.confirm,
    async authenticateExchange(tokens, possession) {
      const subject = await identify(tokens.subject);
      const actor = tokens.actor === null ? null : await identify(tokens.actor);
      return { subject, actor, jkt: await proving.exchanged(tokens.subject, [subject, actor], possession) };
    },
    authenticateHolder: (bearer, possession) =>
      verifyHeld(config, deps, { issuers, proving }, bearer, possession),
    async issuersAway() {
      const asked = [...issuers.values()].map(async ({ config: { name }, keys }) =>
        keys.keys(undefined).then(
          () => null,
          () => name,
        ),
      );
      return (await Promise.all(asked)).filter((name) => name !== null);
    },
  };
}

/** See `authenticateHolder`. Nothing is remembered of it: it is the last time that it is looked at. */
async function verifyHeld(
  config: IdentityConfig,
  { clock, taskTokens = null, othersIssue = false }: IdentityDependencies,
  { issuers, proving }: { readonly issuers: ReadonlyMap<string, Issuer>; readonly proving: Proving },
  bearer: string,
  possession: Possession,
): Promise<Identity | null> {
  const shape = readTokenShape(bearer, config.tokenBytes);
  if (issuers.has(shape.issuer)) return null;
  if (taskTokens === null || shape.issuer !== taskTokens.issuer)
    throw rejected('its issuer is not one of identity.issuers');
  const { claims } = readCompactJws(bearer);
  await proving.held(bearer, confirmationOf(claims), possession);
  // "It is over" would be untrue of one that another gateway gave out.
  const isOver = typeof claims.exp !== 'number' || claims.exp * 1_000 <= clock.now();
  if (othersIssue && !isOver && taskTokens.keys.verifying(shape.kid) === null) throw ofAnother();
  return taskTokens.verify(bearer, shape);
}

function ofAnother(): Fault {
  return new Fault(
    'issuer-unavailable',
    'The token is signed with a key that this gateway does not have: ask the gateway that gave it out, at its own address.',
  );
}

function checkType(shape: UnverifiedToken, issuer: IssuerConfig): void {
  const type = shape.type ?? 'absent';
  if (!issuer.tokenTypes.some((one) => one === type)) {
    throw rejected(`its typ header is not one of ${issuer.tokenTypes.join(', ')}`);
  }
}

async function verify(
  bearer: string,
  issuer: IssuerConfig,
  resolve: JWTVerifyGetKey,
  config: IdentityConfig,
  clock: Clock,
): Promise<JWTPayload> {
  const options = {
    algorithms: [...issuer.algorithms],
    issuer: issuer.issuer,
    audience: [...issuer.audience],
    clockTolerance: config.clockToleranceSeconds,
    currentDate: new Date(clock.now()),
    requiredClaims: ['exp'],
  };
  try {
    const { payload } = await jwtVerify(bearer, resolve, options);
    checkIssuedAt(payload, config, clock);
    return payload;
  } catch (error) {
    throw error instanceof Fault ? error : rejected(describe(error, issuer));
  }
}

/** A token from the future was made by a clock, or a hand, that cannot be trusted. */
function checkIssuedAt(payload: JWTPayload, config: IdentityConfig, clock: Clock): void {
  if (payload.iat === undefined) return;
  if (payload.iat * 1_000 > clock.now() + config.clockToleranceSeconds * 1_000) {
    throw rejected('it was issued in the future; compare the clocks of the issuer and the gateway');
  }
}

/** No tolerance here: what the issuer ended has ended. */
function expiry(claims: JWTPayload, clock: Clock): number {
  const expiresAt = (claims.exp ?? 0) * 1_000;
  if (!Number.isFinite(expiresAt) || expiresAt <= clock.now())
    throw rejected('it has expired; get a new one');
  return expiresAt;
}

/** Fixed words only: messages of the library may quote the token. */
function describe(error: unknown, issuer: IssuerConfig): string {
  if (error instanceof errors.JWTExpired) return 'it has expired; get a new one';
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'aud')
      return `it is not meant for ${issuer.audience.map((one) => `"${one}"`).join(' or ')}`;
    if (error.claim === 'nbf') return 'it is not valid yet; compare the clocks of the issuer and the gateway';
    if (error.claim === 'exp') return 'it has no expiry';
    return 'one of its claims is not acceptable';
  }
  if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported) {
    return `its algorithm is not one of ${issuer.algorithms.join(', ')}`;
  }
  if (error instanceof errors.JWKSNoMatchingKey)
    return `it is signed with a key that issuer "${issuer.name}" does not have`;
  if (error instanceof errors.JWKSMultipleMatchingKeys) return 'it does not say which key signed it';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'its signature is wrong';
  return 'it is not a JWT that can be verified';
}
