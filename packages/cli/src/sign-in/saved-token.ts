import { exitCode, Failure } from '../failure.ts';
import { lockingLogins } from './login-lock.ts';
import { readLogin, removeLogin, type SavedLogin, writeLogin } from './saved-login.ts';

/** Renewed this long before it ends, so that it does not end on the way. */
const AHEAD_MS = 30_000;

/** The access token of the saved login for this gateway, renewed when it has to be; null without a login. */
export async function savedToken(
  gateway: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string | null> {
  const saved = readLogin(gateway, environment);
  if (saved === null) return null;
  if (isGood(saved)) return saved.accessToken;
  return lockingLogins(environment, async () => {
    // Another process may have renewed it meanwhile; a refresh token is good once (RFC 9700 section 4.14.2).
    const current = readLogin(gateway, environment);
    if (current === null) throw over(saved);
    if (isGood(current)) return current.accessToken;
    return renew(current, environment);
  });
}

async function renew(
  saved: SavedLogin,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const { client, refreshToken } = saved;
  if (client === null || refreshToken === null) throw over(saved);
  const { discover, refresh } = await import('./issuer.ts');
  const tokens = await refresh(await discover(client), refreshToken, client.resource);
  if (tokens === null) {
    removeLogin(saved.gateway, environment);
    throw over(saved);
  }
  writeLogin({ ...saved, ...tokens }, environment);
  return tokens.accessToken;
}

function isGood({ expiresAt }: SavedLogin): boolean {
  return expiresAt > Date.now() + AHEAD_MS;
}

function over({ name }: SavedLogin): Failure {
  return new Failure(
    exitCode.refused,
    `Your sign-in has ended. Run "sallyport login --issuer ${name}" again.`,
  );
}
