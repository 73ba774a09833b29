import { createHash, randomBytes } from 'node:crypto';
import { ApiError, type ControlPlaneClient, createClient, type WayToSignIn } from '@sallyport/contract';
import { DEFAULT_URL, explained } from '../control-plane.ts';
import { exitCode, Failure } from '../failure.ts';
import { authorization, deviceAuthorization, discover, isSafe, type Tokens } from '../sign-in/issuer.ts';
import { lockingLogins } from '../sign-in/login-lock.ts';
import { listenForBrowser } from '../sign-in/loopback.ts';
import { canOpen, openBrowser } from '../sign-in/open-browser.ts';
import { originOf, writeLogin } from '../sign-in/saved-login.ts';
import { jsonText, oneLine, type Terminal } from '../terminal.ts';
import { moment } from '../time.ts';

export interface LoginOptions {
  readonly url?: string;
  readonly issuer?: string;
  readonly device?: boolean;
  readonly browser?: boolean;
  /** False with `--no-open`. */
  readonly open: boolean;
  readonly json?: boolean;
}

/** Signs in and keeps the login for the commands that follow. Never shows a token. */
export async function login(options: LoginOptions, terminal: Terminal): Promise<void> {
  if (options.device === true && options.browser === true)
    throw new Failure(exitCode.usage, 'Give --device or --browser, and not both.');
  const environment = process.env;
  const gateway = options.url ?? environment.SALLYPORT_URL ?? DEFAULT_URL;
  const anybody = createAnybody(gateway);
  const way = choose((await asked(() => anybody.waysToSignIn())).ways, options.issuer);
  const tokens =
    way.client === null
      ? await throughGateway(way, gateway, anybody, options, terminal)
      : await atIssuer(way.client, way.issuer, options, terminal);
  // The gateway's word is what counts; a token it does not take is not kept.
  const me = await asked(() => createClient({ baseUrl: gateway, token: tokens.accessToken }).whoami());
  const { client } = way;
  const saved = {
    version: 1 as const,
    gateway: originOf(gateway),
    name: way.name,
    subject: me.subject,
    client: client === null ? null : { issuer: way.issuer, id: client.id, resource: client.resource },
    ...tokens,
  };
  await lockingLogins(environment, async () => writeLogin(saved, environment));
  if (options.json === true) {
    const { subject, displayName, groups, kind } = me;
    const shown = { gateway: saved.gateway, issuer: way.name, subject, displayName, groups, kind };
    return terminal.out(
      jsonText({ ...shown, expiresAt: me.expiresAt, renews: tokens.refreshToken !== null }, 2),
    );
  }
  const until =
    tokens.refreshToken === null
      ? `until ${moment(me.expiresAt)} UTC`
      : 'and renewed as long as the issuer lets it';
  terminal.out(`Signed in as ${oneLine(me.displayName)} (${oneLine(me.subject)}), ${until}.`);
}

function createAnybody(gateway: string): ControlPlaneClient {
  try {
    return createClient({ baseUrl: gateway });
  } catch (error) {
    throw error instanceof ApiError ? explained(error) : error;
  }
}

function choose(ways: readonly WayToSignIn[], name: string | undefined): WayToSignIn {
  const usable = ways.filter(({ client, browser }) => client !== null || browser);
  const names = usable.map((way) => oneLine(way.name)).join(', ');
  if (usable.length === 0) {
    throw new Failure(
      exitCode.refused,
      'The gateway offers no way to sign in (identity.issuers[].sign_in). Get an access token from your issuer, and give it with --token-file.',
    );
  }
  const found = name === undefined ? usable : usable.filter((way) => way.name === name);
  const [way] = found;
  if (way === undefined)
    throw new Failure(exitCode.usage, `There is no issuer "${name}" here; there is ${names}.`);
  if (found.length > 1)
    throw new Failure(exitCode.usage, `Say which issuer to sign in with: --issuer, one of ${names}.`);
  return way;
}

async function atIssuer(
  client: NonNullable<WayToSignIn['client']>,
  issuer: string,
  options: LoginOptions,
  terminal: Terminal,
): Promise<Tokens> {
  const found = await discover({ issuer, id: client.id, resource: client.resource });
  const { device_authorization_endpoint: device } = found.serverMetadata();
  if (options.device === true && device === undefined)
    throw new Failure(exitCode.failed, `${oneLine(issuer)} does not do device authorization; use --browser.`);
  const opens = options.open && canOpen(process.env);
  const byDevice = options.device ?? (options.browser !== true && !opens && device !== undefined);
  if (byDevice) {
    const started = await deviceAuthorization(found, client);
    const address = started.complete ?? started.address;
    terminal.err(`Open ${oneLine(address)} on any device and check that it shows this code:`);
    terminal.err(`  ${terminal.paint.bold(oneLine(started.code))}`);
    if (opens) await openBrowser(address, process.env);
    terminal.err(`Waiting, at most ${Math.ceil(started.seconds / 60)} minutes. Ctrl-C stops.`);
    return await started.finish();
  }
  const loopback = await listenForBrowser();
  try {
    const { url, state, finish } = await authorization(found, client, loopback.redirectUri);
    const arrival = loopback.arrival(state);
    await show(url, options, terminal);
    return await finish(await arrival);
  } finally {
    loopback.close();
  }
}

/** For identity providers that only browsers can speak to: the gateway is the authorization server, with PKCE. */
async function throughGateway(
  way: WayToSignIn,
  gateway: string,
  anybody: ControlPlaneClient,
  options: LoginOptions,
  terminal: Terminal,
): Promise<Tokens> {
  if (options.device === true)
    throw new Failure(
      exitCode.usage,
      `"${oneLine(way.name)}" needs a browser on this machine: leave --device out.`,
    );
  const loopback = await listenForBrowser();
  try {
    const [codeVerifier, state] = [random(), random()];
    const url = new URL(`/v1/sign-in/${encodeURIComponent(way.name)}`, gateway);
    const { redirectUri } = loopback;
    const challenge = createHash('sha256').update(codeVerifier).digest('base64url');
    const asking = {
      redirect_uri: redirectUri,
      code_challenge: challenge,
      code_challenge_method: 'S256',
      state,
    };
    url.search = new URLSearchParams(asking).toString();
    const arrival = loopback.arrival(state);
    await show(url.href, options, terminal);
    const { searchParams } = await arrival;
    const code = searchParams.get('code');
    if (code === null) throw new Failure(exitCode.refused, 'The gateway sent no code. Try again.');
    const { token, expiresAt } = await asked(() => anybody.redeemSignIn({ code, codeVerifier, redirectUri }));
    return { accessToken: token, refreshToken: null, expiresAt: Date.parse(expiresAt) };
  } finally {
    loopback.close();
  }
}

async function show(url: string, options: LoginOptions, terminal: Terminal): Promise<void> {
  if (!isSafe(url))
    throw new Failure(exitCode.failed, 'The address to sign in at is not on https: it is not opened.');
  const opened = options.open && (await openBrowser(url, process.env));
  terminal.err(
    opened
      ? 'Your browser was opened. If it shows nothing, open:'
      : 'Open this in a browser on this machine:',
  );
  terminal.err(`  ${oneLine(url)}`);
  terminal.err('Waiting, at most 10 minutes. Ctrl-C stops.');
}

async function asked<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw error instanceof ApiError ? explained(error) : error;
  }
}

function random(): string {
  return randomBytes(32).toString('base64url');
}
