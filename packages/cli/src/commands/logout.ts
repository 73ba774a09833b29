import { createClient } from '@sallyport/contract';
import { DEFAULT_URL } from '../control-plane.ts';
import { exitCode, Failure } from '../failure.ts';
import { lockingLogins } from '../sign-in/login-lock.ts';
import { readLogin, removeLogin, type SavedLogin } from '../sign-in/saved-login.ts';
import { jsonText, oneLine, type Terminal } from '../terminal.ts';

/** Revokes the saved login where it came from, and forgets it whether that worked or not. */
export async function logout(
  options: { readonly url?: string; readonly json?: boolean },
  terminal: Terminal,
): Promise<void> {
  const environment = process.env;
  const gateway = options.url ?? environment.SALLYPORT_URL ?? DEFAULT_URL;
  const saved = readLogin(gateway, environment);
  if (saved === null) {
    if (options.json === true) return terminal.out(jsonText({ signedOut: false, revoked: false }, 2));
    return terminal.err(`You are not signed in at ${oneLine(gateway)}.`);
  }
  const { revoked, endSessionUrl } = await lockingLogins(environment, async () => {
    const current = readLogin(gateway, environment) ?? saved;
    removeLogin(gateway, environment);
    return revokeLogin(current, gateway).catch((cause: unknown) => {
      throw new Failure(
        exitCode.failed,
        'Your login is removed here, but it could not be revoked where it came from. It stays good there until it ends.',
        { cause },
      );
    });
  });
  if (options.json === true) return terminal.out(jsonText({ signedOut: true, revoked, endSessionUrl }, 2));
  terminal.out(
    `Signed out ${oneLine(saved.subject)}.${revoked ? '' : ' The issuer cannot revoke: it ends by itself.'}`,
  );
  if (endSessionUrl !== null) terminal.out(`Sign out there too: ${oneLine(endSessionUrl)}`);
}

interface Revoked {
  readonly revoked: boolean;
  /** Where to sign out at the identity provider, when the gateway tells. */
  readonly endSessionUrl: string | null;
}

async function revokeLogin(
  { client, accessToken, refreshToken }: SavedLogin,
  gateway: string,
): Promise<Revoked> {
  if (client === null) {
    const { endSessionUrl } = await createClient({ baseUrl: gateway, token: accessToken }).signOut();
    return { revoked: true, endSessionUrl };
  }
  const { discover, revoke } = await import('../sign-in/issuer.ts');
  const revoked = await revoke(await discover(client), refreshToken ?? accessToken);
  return { revoked, endSessionUrl: null };
}
