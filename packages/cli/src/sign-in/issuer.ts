import type { WayToSignIn } from '@sallyport/contract';
import * as oidc from 'openid-client';
import { exitCode, Failure } from '../failure.ts';
import { oneLine } from '../terminal.ts';

/** What the command knows of itself at the issuer: a public client, no secret. */
export interface IssuerClient {
  readonly issuer: string;
  readonly id: string;
  readonly resource: string | null;
}

/** What an issuer gave. */
export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string | null;
  readonly expiresAt: number;
}

/** Seconds for one answer of the issuer. */
const ANSWER_SECONDS = 20;

/** Reads how the issuer is spoken to (OpenID Connect Discovery). */
export async function discover(client: IssuerClient): Promise<oidc.Configuration> {
  if (!isSafe(client.issuer))
    throw new Failure(exitCode.failed, `The gateway names an issuer that is not on https: ${client.issuer}`);
  const server = new URL(client.issuer);
  const found = await asking('could not be asked', () =>
    oidc.discovery(server, client.id, undefined, oidc.None(), {
      timeout: ANSWER_SECONDS,
      execute: [
        oidc.enableNonRepudiationChecks,
        ...(server.protocol === 'http:' ? [oidc.allowInsecureRequests] : []),
      ],
    }),
  );
  const { issuer, code_challenge_methods_supported: methods } = found.serverMetadata();
  if (issuer !== client.issuer)
    throw new Failure(exitCode.failed, `${client.issuer} says it is another issuer: it is not used.`);
  if (methods !== undefined && !methods.includes('S256'))
    throw new Failure(exitCode.failed, `${client.issuer} does not do PKCE with S256: it is not used.`);
  return found;
}

/** The address at which the person signs in, and what has to fit when they come back. */
export async function authorization(
  found: oidc.Configuration,
  client: NonNullable<WayToSignIn['client']>,
  redirectUri: string,
): Promise<{ readonly url: string; finish(current: URL): Promise<Tokens>; readonly state: string }> {
  const [verifier, state, nonce] = [oidc.randomPKCECodeVerifier(), oidc.randomState(), oidc.randomNonce()];
  const url = oidc.buildAuthorizationUrl(found, {
    redirect_uri: redirectUri,
    scope: client.scopes.join(' '),
    state,
    nonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    // OpenID Connect Core section 11.
    ...(client.scopes.includes('offline_access') ? { prompt: 'consent' } : {}),
    ...meantFor(client),
  });
  return {
    url: url.href,
    state,
    finish: async (current) => {
      const checks = {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      };
      const tokens = await asking('refused', () =>
        oidc.authorizationCodeGrant(found, current, checks, resourceOf(client.resource)),
      );
      return tokensOf(tokens);
    },
  };
}

/** RFC 8628: a code for a person to type somewhere else. */
export async function deviceAuthorization(
  found: oidc.Configuration,
  client: NonNullable<WayToSignIn['client']>,
): Promise<{
  readonly address: string;
  readonly complete: string | null;
  readonly code: string;
  readonly seconds: number;
  finish(): Promise<Tokens>;
}> {
  const started = await asking('refused', () =>
    oidc.initiateDeviceAuthorization(found, { scope: client.scopes.join(' '), ...meantFor(client) }),
  );
  const { verification_uri: address, verification_uri_complete: complete, user_code: code } = started;
  if (!isSafe(address) || (complete !== undefined && !isSafe(complete)))
    throw new Failure(exitCode.failed, 'The issuer names an address that is not on https: it is not used.');
  return {
    address,
    complete: complete ?? null,
    code,
    seconds: started.expires_in,
    finish: async () => {
      const signal = AbortSignal.timeout(started.expires_in * 1_000);
      const tokens = await asking('refused', () =>
        oidc.pollDeviceAuthorizationGrant(found, started, resourceOf(client.resource), { signal }),
      );
      return tokensOf(tokens);
    },
  };
}

/** New tokens for a refresh token; null when the issuer says that it is no longer good. */
export async function refresh(
  found: oidc.Configuration,
  refreshToken: string,
  resource: string | null,
): Promise<Tokens | null> {
  try {
    const tokens = tokensOf(await oidc.refreshTokenGrant(found, refreshToken, resourceOf(resource)));
    // One that is not rotated stays good (RFC 6749 section 6).
    return { ...tokens, refreshToken: tokens.refreshToken ?? refreshToken };
  } catch (error) {
    if (error instanceof oidc.ResponseBodyError && error.error === 'invalid_grant') return null;
    throw explained(error, 'refused');
  }
}

/** RFC 7009. False when the issuer has no way to. */
export async function revoke(found: oidc.Configuration, token: string): Promise<boolean> {
  if (found.serverMetadata().revocation_endpoint === undefined) return false;
  await asking('could not be told', () => oidc.tokenRevocation(found, token));
  return true;
}

/** Whether an address may be opened: https, or http to this machine. */
export function isSafe(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  const local = /^(localhost|\[::1\]|127(\.\d{1,3}){3})$/.test(hostname);
  return protocol === 'https:' || (protocol === 'http:' && local);
}

function meantFor({ resource, audience }: NonNullable<WayToSignIn['client']>): Record<string, string> {
  return { ...resourceOf(resource), ...(audience === null ? {} : { audience }) };
}

function resourceOf(resource: string | null): Record<string, string> {
  return resource === null ? {} : { resource };
}

function tokensOf(tokens: oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers): Tokens {
  const { access_token: accessToken, refresh_token: refreshToken = null } = tokens;
  const seconds = tokens.expiresIn();
  const expiresAt = seconds === undefined ? expiryOf(accessToken) : Date.now() + seconds * 1_000;
  return { accessToken, refreshToken, expiresAt };
}

/** The `exp` of a token that is a JWT; else it is taken to be good for a minute, and asked for anew. */
function expiryOf(token: string): number {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    const { exp } = claims as { readonly exp?: unknown };
    if (typeof exp === 'number') return exp * 1_000;
  } catch {
    // Not a JWT.
  }
  return Date.now() + 60_000;
}

async function asking<T>(what: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw explained(error, what);
  }
}

/** The issuer's short words and nothing else of its answer: that may hold a token. */
function explained(error: unknown, what: string): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof oidc.AuthorizationResponseError || error instanceof oidc.ResponseBodyError) {
    const described = error.error_description ?? '';
    const words = oneLine(`${error.error}${described === '' ? '' : `: ${described}`}`).slice(0, 200);
    return new Failure(exitCode.refused, `The issuer refused (${words}). Run "sallyport login" again.`, {
      cause: error,
    });
  }
  if (error instanceof oidc.ClientError && (error.code === 'OAUTH_TIMEOUT' || error.code === 'OAUTH_ABORT'))
    return new Failure(
      exitCode.failed,
      'Nobody signed in in time, or the issuer did not answer. Try again.',
      {
        cause: error,
      },
    );
  if (error instanceof TypeError)
    return new Failure(exitCode.failed, 'The issuer cannot be reached.', { cause: error });
  const code = error instanceof oidc.ClientError ? ` (${error.code ?? 'no code'})` : '';
  return new Failure(exitCode.refused, `The issuer ${what}: its answer does not fit this sign-in${code}.`, {
    cause: error,
  });
}
