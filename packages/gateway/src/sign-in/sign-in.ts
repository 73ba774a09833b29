import { readFile } from 'node:fs/promises';
import type { AuditLog } from '../audit/index.ts';
import type {
  Identity,
  IdentityConfig,
  IdentityProvider,
  IssuerConfig,
  SamlConfig,
} from '../identity/index.ts';
import type { Clock } from '../lib/clock.ts';
import { Fault } from '../lib/fault.ts';
import type { Storage } from '../storage/index.ts';
import { loopbackAddress, ownPath } from './addresses.ts';
import type { Fetch } from './bounded-fetch.ts';
import { OidcProvider } from './oidc.ts';
import type { Answer, Arrived, Attempt, Loopback, Provider } from './provider.ts';
import { refusal } from './refusal.ts';
import { newRequestId, SamlProvider } from './saml.ts';
import { checkDecryptionKey, type DecryptionKey } from './saml-encryption.ts';
import { derived, hashOf, isSecret, newSecret, Sealing } from './sealing.ts';
import type { SignInSection } from './section.ts';
import { isSessionToken, type SessionKind, Sessions } from './sessions.ts';

export interface SignInDependencies {
  readonly identity: IdentityProvider;
  readonly store: Storage['signIns'];
  /** The same on every gateway that shares the store. */
  readonly storeKey: Uint8Array;
  readonly clock: Clock;
  readonly audit: Pick<AuditLog, 'append'>;
  /** A session ended; whatever was opened with it is found with `isOf`. */
  ended(sessionHash: string, reason: string): void;
  /** Why somebody may not be let in though their token or assertion is good; null when nothing speaks against it. */
  objectionTo(identity: Identity): string | null;
  /** A fault nobody waits for. */
  report(fault: unknown): void;
  /** Replaces the runtime's `fetch`. */
  readonly fetch?: Fetch;
}

/** A way to sign in, as anybody may know it. */
export interface Way {
  readonly name: string;
  readonly kind: 'oidc' | 'saml';
  readonly issuer: string;
  /** Whether a browser can sign in at the control plane. */
  readonly browser: boolean;
  /** What `sallyport login` needs to ask the issuer itself; null when it goes through the gateway. */
  readonly client: {
    readonly id: string;
    readonly scopes: readonly string[];
    readonly resource: string | null;
    readonly audience: string | null;
  } | null;
}

/** What a browser asks for when it begins. All of it comes from an address that anybody can make it follow. */
export interface Beginning {
  readonly provider: string;
  readonly returnTo: string | undefined;
  readonly loopback:
    | {
        readonly redirectUri: string;
        readonly challenge: string;
        readonly method: string;
        readonly state: string;
      }
    | undefined;
  /** The session cookie it has. */
  readonly session: string | undefined;
  readonly address: string;
}

/** Where the browser goes now, and what it shall keep. */
export interface Begun {
  readonly location: string;
  /** Value of the cookie that proves, when it comes back, that it is the browser that began. */
  readonly binding: string;
}

export interface Finishing {
  readonly provider: string;
  readonly kind: Provider['kind'];
  readonly binding: string | undefined;
  readonly state: string | undefined;
  readonly answer: Answer;
  readonly address: string;
}

export interface Finished {
  readonly location: string;
  /** A new session cookie; null when a command line gets the session instead. */
  readonly session: { readonly id: string; readonly until: number } | null;
}

export interface Redeeming {
  readonly code: string;
  readonly verifier: string;
  readonly redirectUri: string;
  readonly address: string;
}

/** How people sign in at the control plane. Refusals are Fault `credential-rejected`, each with an entry. */
export interface SignIn {
  ways(): readonly Way[];
  begin(beginning: Beginning): Promise<Begun>;
  finish(finishing: Finishing): Promise<Finished>;
  /** Trades the code that a command line got for a session token. */
  redeem(redeeming: Redeeming): Promise<{ readonly token: string; readonly until: number }>;
  /** SAML metadata of the gateway for this identity provider; null when there is none. */
  metadata(provider: string): string | null;
  identify(kind: SessionKind, presented: string): Promise<Identity>;
  /** Gives where the issuer signs out too, or null; undefined when this identity is not of a session of ours. */
  signOut(identity: Identity): Promise<string | null | undefined>;
  /** `csrfToken` for whoever has a session cookie; null for everybody else. */
  csrfTokenOf(identity: Identity): string | null;
  /** What a page proves with that it may read our answers, for this session. */
  csrfToken(session: string): string;
  /** Signs out whoever goes by one of these names, folded; at every browser and command line. */
  endAllOf(names: readonly string[], reason: string): Promise<void>;
  isOf(identity: Identity, sessionHash: string): boolean;
  /** Said once, by who listens: where browsers reach us unless the configuration says otherwise. */
  listensAt(origin: string): void;
  /** Where browsers reach us, as an origin. */
  origin(): string;
}

const ATTEMPT = 'attempt';
const CODE = 'code';
/** A code is fetched by a program that waits for it. */
const CODE_MS = 60_000;
const CSRF = 'csrf';

/** Reads the secrets and certificates it needs. Rejects with Fault `config-invalid`. */
export async function createSignIn(
  config: SignInSection,
  identityConfig: IdentityConfig,
  deps: SignInDependencies,
): Promise<SignIn> {
  let listening = '';
  const origin = () => config.publicUrl ?? listening;
  const providers = await openProviders(config, identityConfig, deps, origin);
  const { store, clock, audit } = deps;
  const sealing = new Sealing(deps.storeKey);
  const sessions = new Sessions({
    ...{ config, store, clock, audit, sealing },
    provider: (name) => providers.get(name),
    ended: deps.ended,
    objectionTo: deps.objectionTo,
    report: deps.report,
  });
  const rooms: Rooms = { config, deps, providers, sessions, sealing, origin };
  return {
    ways: () => waysOf(identityConfig),
    begin: (beginning) => refusing(rooms, beginning, () => begin(rooms, beginning)),
    finish: (finishing) => refusing(rooms, finishing, () => finish(rooms, finishing)),
    redeem: (redeeming) =>
      refusing(rooms, { ...redeeming, provider: 'code' }, () => redeem(rooms, redeeming)),
    metadata: (name) => providers.get(name)?.metadata() ?? null,
    identify: (kind, presented) => sessions.identify(kind, presented),
    signOut: (identity) => sessions.endOf(identity),
    csrfTokenOf: (identity) => {
      const cookie = sessions.cookieOf(identity);
      return cookie === null ? null : derived(cookie, CSRF);
    },
    csrfToken: (session) => derived(session, CSRF),
    endAllOf: (names, reason) => sessions.endAllOf(names, reason),
    isOf: (identity, hash) => sessions.isOf(identity, hash),
    listensAt: (url) => {
      listening = url;
    },
    origin,
  };
}

/** Session tokens of ours wherever an access token is accepted. */
export function withSessions(identity: IdentityProvider, signIn: Pick<SignIn, 'identify'>): IdentityProvider {
  return {
    authenticate: (bearer, possession) =>
      isSessionToken(bearer) ? signIn.identify('bearer', bearer) : identity.authenticate(bearer, possession),
    // A session of ours is bound to no key; when it is over, what was opened with it ends.
    confirm: async (who, bearer, possession) => {
      if (!isSessionToken(bearer)) await identity.confirm(who, bearer, possession);
    },
  };
}

interface Rooms {
  readonly config: SignInSection;
  readonly deps: SignInDependencies;
  readonly providers: ReadonlyMap<string, Provider>;
  readonly sessions: Sessions;
  origin(): string;
  readonly sealing: Sealing;
}

/** Every refusal is an entry, with the words that whoever asked sees. */
async function refusing<T>(
  { deps, providers }: Rooms,
  { provider, address }: { readonly provider: string; readonly address: string },
  sign: () => Promise<T>,
): Promise<T> {
  try {
    return await sign();
  } catch (error) {
    if (error instanceof Fault) {
      // A name nobody configured is the client's text, and stays out of the log.
      const issuer = providers.has(provider) || provider === 'code' ? provider : 'unknown';
      const facts = { door: 'control-plane', issuer, address };
      deps.audit.append({ type: 'sign-in-refused', reason: error.message, facts });
    }
    throw error;
  }
}

async function begin(
  { config, deps, providers, sessions, sealing, origin }: Rooms,
  beginning: Beginning,
): Promise<Begun> {
  const provider = providers.get(beginning.provider);
  if (provider === undefined)
    throw new Fault('not-found', 'Nobody signs in here by that name; see /v1/sign-in.');
  const returnTo = ownPath(beginning.returnTo ?? '/', origin());
  if (returnTo === null) throw refusal('return_to is not a path of this gateway');
  const [state, binding] = [newSecret(), newSecret()];
  const attempt: Attempt = {
    provider: provider.name,
    returnTo,
    loopback: loopbackOf(beginning.loopback),
    before: await sessions.standing(beginning.session),
    verifier: newSecret(),
    nonce: newSecret(),
    requestId: newRequestId(),
  };
  const location = await provider.begin(attempt, state);
  const now = deps.clock.now();
  const ticket = {
    id_hash: hashOf(state),
    kind: ATTEMPT,
    sealed: sealing.seal(attempt, binding, ATTEMPT),
    expires_at: now + config.pendingSeconds * 1_000,
  } as const;
  if (!(await deps.store.addTicket(ticket, now, config.pending)))
    throw new Fault(
      'limit-exceeded',
      `More than ${config.pending} sign-ins wait (sign_in.pending); try later.`,
    );
  return { location: location.href, binding };
}

function loopbackOf(given: Beginning['loopback']): Loopback | null {
  if (given === undefined) return null;
  const redirectUri = loopbackAddress(given.redirectUri);
  if (redirectUri === null)
    throw refusal('redirect_uri is not an http:// address of this machine with a port');
  // RFC 7636 section 4.2, and no "plain": whoever sees the request must not be able to use the code.
  if (given.method !== 'S256' || !isSecret(given.challenge)) throw refusal('it does not use PKCE with S256');
  if (!/^[A-Za-z0-9_-]{16,128}$/.test(given.state))
    throw refusal('its state is not 16 to 128 plain characters');
  return { redirectUri, challenge: given.challenge, state: given.state };
}

async function finish(rooms: Rooms, finishing: Finishing): Promise<Finished> {
  const { deps, providers, sessions } = rooms;
  const provider = providers.get(finishing.provider);
  if (provider === undefined || provider.kind !== finishing.kind)
    throw new Fault('not-found', 'Nobody signs in here by that name; see /v1/sign-in.');
  const { state, binding } = finishing;
  if (!isSecret(state)) throw refusal('it does not say which sign-in it belongs to');
  if (!isSecret(binding)) throw refusal('this browser has begun none; begin again');
  const ticket = await deps.store.takeTicket(hashOf(state), ATTEMPT, deps.clock.now());
  if (ticket === null) throw refusal('it was finished before, or took too long; begin again');
  const attempt = rooms.sealing.unseal(ticket.sealed, binding, ATTEMPT) as Attempt | null;
  if (attempt === null)
    throw refusal('another browser began it, or this one began another since; begin again');
  // Each way in has its own address to come back to, so that one issuer cannot answer for another (RFC 9700 section 4.4).
  if (attempt.provider !== provider.name) throw refusal('it was begun with another issuer');
  const arrived = await provider.finish(attempt, finishing.answer, state);
  const { subject, actor, task } = arrived.identity;
  const objection = deps.objectionTo(arrived.identity);
  if (objection !== null) throw refusal(`${objection}; ask an operator of the gateway`);
  if (attempt.before !== null && attempt.before.subject !== subject)
    throw refusal('somebody else is signed in with this browser; sign out first');
  const kind = attempt.loopback === null ? 'browser' : 'bearer';
  const facts = { door: 'control-plane', issuer: provider.name, address: finishing.address, session: kind };
  deps.audit.append({ type: 'signed-in', subject, actor, task, facts });
  if (attempt.loopback !== null)
    return { location: await offerCode(rooms, attempt.loopback, provider, arrived), session: null };
  if (attempt.before !== null) await sessions.replace(attempt.before.idHash);
  const session = await sessions.begin('browser', provider.name, arrived);
  return { location: attempt.returnTo, session };
}

interface Offered {
  readonly loopback: Loopback;
  readonly provider: string;
  readonly arrived: Omit<Arrived, 'until'> & { readonly until: number | null };
}

/** The command line gets a code, as in RFC 6749 section 4.1.2: what is in an address is seen by more than one program. */
async function offerCode(
  { deps, config, sealing, origin }: Rooms,
  loopback: Loopback,
  provider: Provider,
  arrived: Arrived,
): Promise<string> {
  const code = newSecret();
  const now = deps.clock.now();
  // JSON has no Infinity.
  const until = Number.isFinite(arrived.until) ? arrived.until : null;
  const offered: Offered = { loopback, provider: provider.name, arrived: { ...arrived, until } };
  const ticket = {
    id_hash: hashOf(code),
    kind: CODE,
    sealed: sealing.seal(offered, code, CODE),
    expires_at: now + CODE_MS,
  } as const;
  if (!(await deps.store.addTicket(ticket, now, config.pending)))
    throw new Fault(
      'limit-exceeded',
      `More than ${config.pending} sign-ins wait (sign_in.pending); try later.`,
    );
  const url = new URL(loopback.redirectUri);
  url.search = new URLSearchParams({ code, state: loopback.state, iss: origin() }).toString();
  return url.href;
}

async function redeem({ deps, sessions, sealing }: Rooms, { code, verifier, redirectUri }: Redeeming) {
  const ticket = isSecret(code) ? await deps.store.takeTicket(hashOf(code), CODE, deps.clock.now()) : null;
  const offered = ticket === null ? null : (sealing.unseal(ticket.sealed, code, CODE) as Offered | null);
  if (offered === null) throw refusal('the code was used before, is too old, or is none');
  const { loopback, provider, arrived } = offered;
  if (!/^[A-Za-z0-9._~-]{43,128}$/.test(verifier) || challengeOf(verifier) !== loopback.challenge)
    throw refusal('the code was asked for by somebody else');
  if (redirectUri !== loopback.redirectUri) throw refusal('the code was sent to another address');
  const until = arrived.until ?? Number.POSITIVE_INFINITY;
  const session = await sessions.begin('bearer', provider, { ...arrived, until });
  return { token: session.id, until: session.until };
}

function challengeOf(verifier: string): string {
  return Buffer.from(hashOf(verifier), 'hex').toString('base64url');
}

function waysOf({ issuers, saml }: IdentityConfig): Way[] {
  const oidc = issuers.flatMap(({ name, issuer, signIn }): Way[] => {
    if (signIn === undefined) return [];
    const { clientId, web, scopes, resource = null, audience = null } = signIn;
    const client = clientId === undefined ? null : { id: clientId, scopes, resource, audience };
    return [{ name, kind: 'oidc', issuer, browser: web !== undefined, client }];
  });
  const others = saml.map(
    ({ name, idpIssuer }): Way => ({ name, kind: 'saml', issuer: idpIssuer, browser: true, client: null }),
  );
  return [...oidc, ...others];
}

async function openProviders(
  config: SignInSection,
  limits: IdentityConfig,
  deps: SignInDependencies,
  origin: () => string,
): Promise<ReadonlyMap<string, Provider>> {
  const { clock, identity, store } = deps;
  const providers: Provider[] = [];
  for (const issuer of limits.issuers) {
    const provider = await openIssuer(issuer, limits, { clock, identity, origin, fetch: deps.fetch });
    if (provider !== null) providers.push(provider);
  }
  for (const one of limits.saml) {
    const certificates = await Promise.all(one.idpCertFiles.map((file) => readText(file, 'idp_cert_files')));
    const requestKey =
      one.requestKeyFile === undefined ? null : await readText(one.requestKeyFile, 'request_key_file');
    const decryption = await readDecryptionKey(one);
    const { responseBytes, sessionSeconds } = config;
    const useAssertion = (hash: string, expiresAt: number) => store.useAssertion(hash, expiresAt);
    const more = { decryption, responseBytes, sessionMs: sessionSeconds * 1_000, useAssertion };
    providers.push(new SamlProvider(one, limits, { clock, origin, certificates, requestKey, ...more }));
  }
  return new Map(providers.map((one) => [one.name, one]));
}

async function openIssuer(
  issuer: IssuerConfig,
  limits: IdentityConfig,
  deps: Pick<SignInDependencies, 'clock' | 'identity'> & {
    readonly fetch: Fetch | undefined;
    origin(): string;
  },
): Promise<Provider | null> {
  const { signIn } = issuer;
  if (signIn?.web === undefined) return null;
  const { clientSecretFile } = signIn.web;
  const secret =
    clientSecretFile === undefined ? null : (await readText(clientSecretFile, 'client_secret_file')).trim();
  const fetch: Fetch = deps.fetch ?? ((url, init) => globalThis.fetch(url, init));
  return new OidcProvider(issuer, { ...signIn, web: signIn.web }, limits, { ...deps, fetch, secret });
}

async function readDecryptionKey(config: SamlConfig): Promise<DecryptionKey | null> {
  const { name, decryptionKeyFile, decryptionCertFile } = config;
  if (decryptionKeyFile === undefined || decryptionCertFile === undefined) return null;
  const key = await readText(decryptionKeyFile, 'decryption_key_file');
  const certificate = await readText(decryptionCertFile, 'decryption_cert_file');
  checkDecryptionKey({ key, certificate }, name);
  return { key, certificate };
}

async function readText(file: string, key: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new Fault('config-invalid', `Could not read "${file}" (${key} of identity).`, { cause });
  }
}
