import { decodeJwt } from 'jose';
import * as oidc from 'openid-client';
import {
  type IdentityConfig,
  type IdentityProvider,
  type IssuerConfig,
  type IssuerSignInConfig,
  isHttpsOrLoopback,
} from '../identity/index.ts';
import type { Clock } from '../lib/clock.ts';
import { Fault } from '../lib/fault.ts';
import { boundedFetch, type Fetch } from './bounded-fetch.ts';
import type { Answer, Arrived, Attempt, Provider, Standing } from './provider.ts';
import { faultIn, refusal, unavailable } from './refusal.ts';

export interface OidcDependencies {
  readonly clock: Clock;
  readonly fetch: Fetch;
  readonly identity: IdentityProvider;
  /** Where browsers reach us, as an origin. */
  origin(): string;
  /** The client's secret; null for a public client. */
  readonly secret: string | null;
}

type Web = NonNullable<IssuerSignInConfig['web']>;

/** Authorization code with PKCE (RFC 6749, RFC 7636, RFC 9700) at one issuer, with the gateway as the client. */
export class OidcProvider implements Provider {
  readonly kind = 'oidc';
  readonly name: string;
  readonly #issuer: IssuerConfig;
  readonly #limits: IdentityConfig;
  readonly #signIn: IssuerSignInConfig;
  readonly #web: Web;
  readonly #deps: OidcDependencies;
  #known: { readonly configuration: Promise<oidc.Configuration>; readonly at: number } | null = null;

  constructor(
    issuer: IssuerConfig,
    signIn: IssuerSignInConfig & { readonly web: Web },
    limits: IdentityConfig,
    deps: OidcDependencies,
  ) {
    this.name = issuer.name;
    this.#issuer = issuer;
    this.#limits = limits;
    this.#signIn = signIn;
    this.#web = signIn.web;
    this.#deps = deps;
  }

  async begin(attempt: Attempt, state: string): Promise<URL> {
    const configuration = await this.#configuration();
    const { scopes } = this.#signIn;
    const url = oidc.buildAuthorizationUrl(configuration, {
      redirect_uri: this.#redirectUri(),
      scope: scopes.join(' '),
      state,
      nonce: attempt.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(attempt.verifier),
      code_challenge_method: 'S256',
      // OpenID Connect Core section 11: access without the person there is something they are asked about.
      ...(scopes.includes('offline_access') ? { prompt: 'consent' } : {}),
      ...this.#meantFor(),
    });
    if (!isHttpsOrLoopback(url.href, { query: true }))
      throw unavailable(this.name, 'its authorization endpoint is not an https URL');
    return url;
  }

  async finish(attempt: Attempt, { url }: Answer, state: string): Promise<Arrived> {
    if (url === undefined) throw refusal('it came back in a way this issuer does not use');
    const configuration = await this.#configuration();
    // Only the query is the browser's: the address is the one we registered.
    const current = new URL(this.#redirectUri());
    current.search = url.search;
    const tokens = await this.#asking(() =>
      oidc.authorizationCodeGrant(
        configuration,
        current,
        {
          expectedState: state,
          expectedNonce: attempt.nonce,
          pkceCodeVerifier: attempt.verifier,
          idTokenExpected: true,
        },
        this.#resource(),
      ),
    );
    return this.#arrived(tokens, undefined, tokens.claims()?.sub);
  }

  async renew(standing: Standing): Promise<Arrived | null> {
    const { accessToken, refreshToken } = standing;
    if (accessToken === undefined) return null;
    const { clock, identity } = this.#deps;
    if (expiryOf(accessToken) > clock.now() + AHEAD_MS || refreshToken === undefined) {
      return { identity: await identity.authenticate(accessToken), standing, until: untilOf(standing) };
    }
    const configuration = await this.#configuration();
    try {
      const tokens = await this.#asking(() =>
        oidc.refreshTokenGrant(configuration, refreshToken, this.#resource()),
      );
      return await this.#arrived(tokens, standing, decodeJwt(accessToken).sub);
    } catch (error) {
      if (error instanceof Fault && error.cause instanceof SaidNo) return null;
      throw error;
    }
  }

  async leave(standing: Standing): Promise<string | null> {
    try {
      const configuration = await this.#configuration();
      const { revocation_endpoint, end_session_endpoint } = configuration.serverMetadata();
      const { refreshToken, accessToken, idToken } = standing;
      const token = refreshToken ?? accessToken;
      if (revocation_endpoint !== undefined && token !== undefined) {
        await oidc.tokenRevocation(configuration, token).catch(() => {});
      }
      if (end_session_endpoint === undefined || idToken === undefined) return null;
      const url = oidc.buildEndSessionUrl(configuration, {
        id_token_hint: idToken,
        post_logout_redirect_uri: `${this.#deps.origin()}/`,
      });
      return isHttpsOrLoopback(url.href, { query: true }) ? url.href : null;
    } catch {
      // Signing out here must not depend on the issuer being there.
      return null;
    }
  }

  metadata(): null {
    return null;
  }

  /** Who the tokens are for, by the same checks as everywhere else, and that they are one and the same person's. */
  async #arrived(
    tokens: oidc.TokenEndpointResponse,
    before: Standing | undefined,
    sub: string | undefined,
  ): Promise<Arrived> {
    const { access_token: accessToken } = tokens;
    const identity = await this.#deps.identity.authenticate(accessToken);
    const claims = decodeJwt(accessToken);
    // A code of somebody else put into this browser brings an access token that the ID token does not speak of.
    if (claims.iss !== this.#issuer.issuer || sub === undefined || claims.sub !== sub) {
      throw refusal('its tokens are not of one issuer and one person');
    }
    const refreshToken = tokens.refresh_token ?? before?.refreshToken;
    const idToken = tokens.id_token ?? before?.idToken;
    const standing: Standing = {
      accessToken,
      ...(refreshToken === undefined ? {} : { refreshToken }),
      ...(idToken === undefined ? {} : { idToken }),
    };
    return { identity, standing, until: untilOf(standing) };
  }

  #redirectUri(): string {
    return `${this.#deps.origin()}/v1/sign-in/${this.name}/callback`;
  }

  #meantFor(): Record<string, string> {
    const { audience } = this.#signIn;
    return { ...this.#resource(), ...(audience === undefined ? {} : { audience }) };
  }

  #resource(): Record<string, string> {
    const { resource } = this.#signIn;
    return resource === undefined ? {} : { resource };
  }

  /** The issuer's discovery document, fetched anew with age; a failure is not kept. */
  async #configuration(): Promise<oidc.Configuration> {
    const now = this.#deps.clock.elapsed();
    if (this.#known !== null && now - this.#known.at < this.#limits.keyRefreshSeconds * 1_000) {
      return await this.#known.configuration;
    }
    const configuration = this.#discover();
    this.#known = { configuration, at: now };
    configuration.catch(() => {
      this.#known = null;
    });
    return await configuration;
  }

  async #discover(): Promise<oidc.Configuration> {
    const { secret, fetch } = this.#deps;
    const server = new URL(this.#issuer.issuer);
    const found = await this.#asking(() =>
      oidc.discovery(
        server,
        this.#web.clientId,
        { [oidc.clockTolerance]: this.#limits.clockToleranceSeconds },
        authentication(secret, this.#web.clientAuthentication),
        {
          timeout: Math.ceil(this.#limits.fetchTimeoutMs / 1_000),
          [oidc.customFetch]: boundedFetch(fetch, this.name, this.#limits.fetchBytes) as oidc.CustomFetch,
          execute: [
            oidc.enableNonRepudiationChecks,
            ...(server.protocol === 'http:' ? [oidc.allowInsecureRequests] : []),
          ],
        },
      ),
    );
    const { issuer, code_challenge_methods_supported: methods } = found.serverMetadata();
    // OpenID Connect Discovery section 4.3, for those issuers too that the library makes exceptions for.
    if (issuer !== this.#issuer.issuer)
      throw unavailable(this.name, 'its discovery document names another issuer');
    if (methods !== undefined && !methods.includes('S256'))
      throw unavailable(this.name, 'it does not do PKCE with S256');
    return found;
  }

  async #asking<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw faultIn(error) ?? explained(error, this.name);
    }
  }
}

/** Renewed this long before it ends, so that it does not end on the way. */
const AHEAD_MS = 10_000;

/** The issuer itself said no: there is nothing left to renew. */
class SaidNo extends Error {}

function explained(error: unknown, name: string): Fault {
  if (error instanceof oidc.AuthorizationResponseError)
    return refusal(`the issuer says ${code(error.error)}`);
  if (error instanceof oidc.ResponseBodyError) {
    const words = `the issuer says ${code(error.error)}`;
    const later = error.status >= 500 || error.status === 429;
    return later ? unavailable(name, words) : refusal(words, new SaidNo(words));
  }
  if (error instanceof oidc.ClientError && error.code === 'OAUTH_TIMEOUT')
    return unavailable(name, 'it did not answer in time (identity.fetch_timeout_ms)');
  if (error instanceof oidc.ClientError && UNUSABLE.has(error.code ?? ''))
    return unavailable(name, 'its answer is not one of OpenID Connect');
  return refusal('what the issuer answered does not belong to this sign-in', error);
}

/** Answers that say something of the issuer, not of who signs in. */
const UNUSABLE: ReadonlySet<string> = new Set([
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_PARSE_ERROR',
  'OAUTH_HTTP_REQUEST_FORBIDDEN',
  'OAUTH_REQUEST_PROTOCOL_FORBIDDEN',
]);

/** Error codes are short words (RFC 6749 section 4.1.2.1); anything else is not repeated. */
function code(text: unknown): string {
  return typeof text === 'string' && /^[a-z_]{1,64}$/.test(text) ? text : 'no';
}

function authentication(secret: string | null, how: Web['clientAuthentication']): oidc.ClientAuth {
  if (secret === null) return oidc.None();
  return how === 'client_secret_post' ? oidc.ClientSecretPost(secret) : oidc.ClientSecretBasic(secret);
}

function expiryOf(token: string): number {
  return (decodeJwt(token).exp ?? 0) * 1_000;
}

/** With a refresh token it goes on; without, it ends with the access token. */
function untilOf({ accessToken, refreshToken }: Standing): number {
  if (refreshToken !== undefined) return Number.POSITIVE_INFINITY;
  return accessToken === undefined ? 0 : expiryOf(accessToken);
}
