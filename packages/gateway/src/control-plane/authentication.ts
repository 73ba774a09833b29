import { timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AuditEntry, AuditLog } from '../audit/index.ts';
import type { Identity, IdentityProvider } from '../identity/index.ts';
import { Fault } from '../lib/fault.ts';
import type { SignIn } from '../sign-in/index.ts';
import { cookieNames, readCookie } from './cookies.ts';
import { FirstUses } from './first-uses.ts';
import { Refused } from './problem.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answers anybody: it is how one signs in. */
    readonly open?: boolean;
    /** A page of an identity provider posts here, from its own origin. */
    readonly postedByOthers?: boolean;
  }
}

/** Who sent this request. Throws when it was never authenticated: a route that forgets is a fault, not a guest. */
export type CallerOf = (request: FastifyRequest) => Identity;

export interface AuthenticationDependencies {
  /** Of access tokens, and of session tokens of ours. */
  readonly identity: IdentityProvider;
  readonly signIn: Pick<SignIn, 'identify' | 'csrfToken' | 'origin'>;
  readonly audit: Pick<AuditLog, 'append'>;
  readonly report: (fault: unknown) => void;
}

/** Authenticates every request except the health question and the ways to sign in, unknown routes included. */
export function authentication(app: FastifyInstance, deps: AuthenticationDependencies): CallerOf {
  const uses = new FirstUses();
  const callers = new WeakMap<FastifyRequest, Identity>();
  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.url === '/healthz' || request.routeOptions.config.open === true) return;
    callers.set(request, await authenticate(request, deps, uses));
  });
  return (request) => {
    const caller = callers.get(request);
    if (caller === undefined) throw new Refused(401, 'credential-rejected', 'Present an access token.');
    return caller;
  };
}

/** What a page sends with anything that changes something: another site's page cannot know it. */
export const CSRF_HEADER = 'x-sallyport-csrf';

async function authenticate(
  request: FastifyRequest,
  deps: AuthenticationDependencies,
  uses: FirstUses,
): Promise<Identity> {
  const { authorization, cookie } = request.headers;
  const match = /^Bearer ([A-Za-z0-9._~+/=-]+)$/i.exec(authorization ?? '');
  const token = match?.[1];
  const session = readCookie(cookie, cookieNames(deps.signIn.origin()).session);
  if (token === undefined && session === null) {
    throw new Fault('credential-rejected', 'Present an OIDC access token as "Authorization: Bearer …".');
  }
  const facts = { door: 'control-plane', address: request.ip };
  try {
    if (session === null && token !== undefined) {
      const identity = await deps.identity.authenticate(token);
      if (uses.isFirst(token, request.ip))
        recordFirstUse(identity, facts, deps, () => uses.remember(token, request.ip));
      return identity;
    }
    // Of two credentials, which one counts would be a guess, and a way to act as somebody else.
    if (authorization !== undefined)
      throw new Fault('credential-rejected', 'Present an access token or a session cookie, and not both.');
    if (session === null || session === 'twice')
      throw new Fault('credential-rejected', 'Present one session cookie.');
    checkPage(request, session, deps.signIn);
    // Who has a session signed in, which is an entry.
    return await deps.signIn.identify('browser', session);
  } catch (error) {
    if (error instanceof Fault) {
      deps.audit.append({ type: 'authentication-failed', reason: error.message, facts });
    }
    throw error;
  }
}

/** A cookie comes along with whatever a browser sends: only our own pages may make it count. */
function checkPage(
  request: FastifyRequest,
  session: string,
  signIn: AuthenticationDependencies['signIn'],
): void {
  const { origin, 'sec-fetch-site': site } = request.headers;
  const refuse = (why: string): never => {
    throw new Fault('not-permitted', `A session cookie counts only for pages of this gateway: ${why}.`);
  };
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    refuse('the request came from another site');
  if (origin !== undefined && origin !== signIn.origin()) refuse('the request came from another origin');
  if (request.method === 'GET' || request.method === 'HEAD') return;
  if (origin === undefined && site !== 'same-origin') refuse('the request does not say where it came from');
  const given = Buffer.from(String(request.headers[CSRF_HEADER] ?? ''));
  const expected = Buffer.from(signIn.csrfToken(session));
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    refuse(`${CSRF_HEADER} is not what /v1/whoami gave`);
}

/**
 * A log that cannot be written must not keep anyone from ending a session, nor from seeing why the gateway refuses; whatever
 * permits something here waits for an entry of its own. The next use is tried again.
 */
function recordFirstUse(
  { subject, actor, task }: Identity,
  facts: NonNullable<AuditEntry['facts']>,
  { audit, report }: AuthenticationDependencies,
  recorded: () => void,
): void {
  try {
    audit.append({ type: 'authenticated', subject, actor, task, facts });
    recorded();
  } catch (fault) {
    report(fault);
  }
}
