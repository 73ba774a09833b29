import { browserRoutes, routes } from '@sallyport/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Fault } from '../lib/fault.ts';
import type { SignIn } from '../sign-in/index.ts';
import { type CookieOptions, cookie, cookieNames, readCookie } from './cookies.ts';
import { Refused } from './problem.ts';
import type { Handlers } from './serve-routes.ts';

export interface SignInRoutesDependencies {
  readonly signIn: SignIn;
  /** Largest body that an identity provider posts. */
  readonly responseBytes: number;
  /** How long a browser may be away. */
  readonly pendingSeconds: number;
  /** Whether this address may begin one more. */
  mayBegin(address: string): boolean;
}

/** Who one is, and signing in and out as programs do it. */
export function signInHandlers({
  signIn,
}: Pick<SignInRoutesDependencies, 'signIn'>): Pick<
  Handlers,
  'waysToSignIn' | 'redeemSignIn' | 'whoami' | 'signOut'
> {
  return {
    waysToSignIn: () => ({
      ways: signIn.ways().map(({ client, ...way }) => ({
        ...way,
        client: client === null ? null : { ...client, scopes: [...client.scopes] },
      })),
    }),
    redeemSignIn: async ({ body, address }) => {
      const { code, codeVerifier: verifier, redirectUri } = body;
      const { token, until } = await signIn.redeem({ code, verifier, redirectUri, address });
      return { token, expiresAt: new Date(until).toISOString() };
    },
    whoami: ({ caller }) => {
      const { subject, displayName, groups, actor, task, kind, expiresAt } = caller;
      const shown = { subject, displayName, groups: [...groups], actor, task, kind };
      const csrfToken = signIn.csrfTokenOf(caller);
      return { ...shown, expiresAt: new Date(expiresAt).toISOString(), csrfToken };
    },
    signOut: async ({ caller }) => {
      const endSessionUrl = await signIn.signOut(caller);
      if (endSessionUrl === undefined)
        throw new Fault('conflict', 'This token is not a session of the gateway: revoke it at its issuer.');
      return { endSessionUrl };
    },
  };
}

/** Signing in as browsers do it: by going from one address to the next. */
export function signInRoutes(app: FastifyInstance, deps: SignInRoutesDependencies): void {
  const { signIn } = deps;
  app.addHook('onSend', async (request, reply) => {
    if (request.routeOptions.url !== routes.signOut.path || reply.statusCode !== 200) return;
    const { session, secure } = cookieNames(signIn.origin());
    if (sessionOf(request, signIn) !== undefined)
      reply.header('set-cookie', cookie(session, '', { ...STRICT, secure, seconds: 0 }));
  });
  app.register((scope, _options, done) => {
    answerWithPages(scope);
    browserSignIn(scope, deps);
    done();
  });
}

/**
 * Strict: only fetches of our own pages carry the session, never a link or a form of another site. The page that a
 * browser lands on after signing in is asked for without it, and needs none: what it shows, it fetches.
 */
const STRICT: Pick<CookieOptions, 'sameSite'> = { sameSite: 'Strict' };

/** Anybody may come here, and from any page: browsers are sent by issuers, and follow links. */
const OPEN = { config: { open: true } };

function browserSignIn(app: FastifyInstance, deps: SignInRoutesDependencies): void {
  const { signIn, responseBytes } = deps;
  app.get(browserRoutes.begin.path, OPEN, async (request, reply) => {
    if (!deps.mayBegin(request.ip))
      throw new Refused(
        429,
        'limit-exceeded',
        'Too many sign-ins (sign_in.starts_per_minute). Wait a minute.',
      );
    const query = queryOf(request);
    const provider = providerOf(request);
    const redirectUri = query.get('redirect_uri');
    const { location, binding } = await signIn.begin({
      provider,
      returnTo: query.get('return_to') ?? undefined,
      loopback:
        redirectUri === null
          ? undefined
          : {
              redirectUri,
              challenge: query.get('code_challenge') ?? '',
              method: query.get('code_challenge_method') ?? '',
              state: query.get('state') ?? '',
            },
      session: sessionOf(request, signIn),
      address: request.ip,
    });
    const { binding: name, secure } = cookieNames(signIn.origin());
    // The answer of a SAML identity provider is posted by its page: a Lax cookie would not come along (RFC 6265bis 5.6.7).
    // This one signs nobody in; it only says that the browser is the one that left.
    const posted = signIn.ways().some((way) => way.name === provider && way.kind === 'saml');
    const sameSite = posted && secure ? 'None' : 'Lax';
    reply.header('set-cookie', cookie(name, binding, { secure, sameSite, seconds: deps.pendingSeconds }));
    return reply.redirect(location, 303);
  });
  app.get(browserRoutes.callback.path, OPEN, async (request, reply) => {
    const states = queryOf(request).getAll('state');
    const url = new URL(request.url, signIn.origin());
    const state = states.length === 1 ? states[0] : undefined;
    return finish(deps, request, reply, { kind: 'oidc', state, answer: { url } });
  });
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: FORM_OVERHEAD + 2 * responseBytes },
    (_request, body, done) => done(null, new URLSearchParams(String(body))),
  );
  const posted = {
    config: { open: true, postedByOthers: true },
    bodyLimit: FORM_OVERHEAD + 2 * responseBytes,
  };
  app.post(browserRoutes.assertion.path, posted, async (request, reply) => {
    const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
    const one = (name: string) =>
      form.getAll(name).length === 1 ? (form.get(name) ?? undefined) : undefined;
    const samlResponse = one('SAMLResponse') ?? '';
    return finish(deps, request, reply, { kind: 'saml', state: one('RelayState'), answer: { samlResponse } });
  });
  app.get(browserRoutes.metadata.path, OPEN, (request, reply) => {
    const metadata = signIn.metadata(providerOf(request));
    if (metadata === null) throw new Fault('not-found', 'There is no SAML identity provider by that name.');
    return reply.type('application/samlmetadata+xml').send(metadata);
  });
}

/** The other fields of the form. */
const FORM_OVERHEAD = 8_192;

async function finish(
  { signIn }: SignInRoutesDependencies,
  request: FastifyRequest,
  reply: FastifyReply,
  came: Pick<Parameters<SignIn['finish']>[0], 'kind' | 'state' | 'answer'>,
): Promise<FastifyReply> {
  const { session: name, binding, secure } = cookieNames(signIn.origin());
  const bound = readCookie(request.headers.cookie, binding);
  // Whatever comes of it, this browser's attempt is over.
  reply.header('set-cookie', cookie(binding, '', { secure, sameSite: 'Lax', seconds: 0 }));
  const { location, session } = await signIn.finish({
    ...came,
    provider: providerOf(request),
    binding: bound ?? undefined,
    address: request.ip,
  });
  if (session !== null) {
    const seconds = Math.max(1, Math.floor((session.until - Date.now()) / 1_000));
    reply.header('set-cookie', cookie(name, session.id, { ...STRICT, secure, seconds }));
  }
  return reply.redirect(location, 303);
}

function sessionOf(request: FastifyRequest, signIn: SignIn): string | undefined {
  return readCookie(request.headers.cookie, cookieNames(signIn.origin()).session) ?? undefined;
}

function queryOf(request: FastifyRequest): URLSearchParams {
  const at = request.url.indexOf('?');
  return new URLSearchParams(at === -1 ? '' : request.url.slice(at + 1));
}

function providerOf(request: FastifyRequest): string {
  return (request.params as { readonly name: string }).name;
}

/** People see these answers, not programs: a refusal is a page for whoever asks for one. */
function answerWithPages(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    const known = error instanceof Fault || error instanceof Refused;
    if (!known || !(request.headers.accept ?? '').includes('text/html')) throw error;
    const status = error instanceof Refused ? error.status : STATUS[error.code];
    const text = error.message.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
    return reply
      .code(status ?? 503)
      .type('text/html; charset=utf-8')
      .send(`<!doctype html><title>Sallyport</title><h1>Not signed in</h1><p>${text}</p>\n`);
  });
}

const STATUS: Partial<Record<Fault['code'], number>> = {
  'credential-rejected': 403,
  'not-found': 404,
  'limit-exceeded': 429,
};
