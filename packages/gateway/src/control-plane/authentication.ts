import { timingSafeEqual } from 'node:crypto';
import { routeTable } from '@sallyport/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ApprovalRoom } from '../approval/index.ts';
import type { AuditEntry, AuditLog } from '../audit/index.ts';
import { type Identity, type IdentityProvider, NonceFault } from '../identity/index.ts';
import type { Clock } from '../lib/clock.ts';
import { Fault } from '../lib/fault.ts';
import { addressKey, RateLimit } from '../lib/rate-limit.ts';
import type { SignIn } from '../sign-in/index.ts';
import { cookieNames, readCookie } from './cookies.ts';
import { FirstUses } from './first-uses.ts';
import { type PossessionOf, proofOf } from './possession.ts';
import { Refused } from './problem.ts';
import { tellRate, tooMany } from './rate-headers.ts';
import type { ControlPlaneConfig } from './section.ts';
import { oauthRoutes } from './token.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** How browsers sign in: it answers anybody, whatever page sent them. */
    readonly open?: boolean;
  }
}

/** Who sent this request. Throws when it was never authenticated: a route that forgets is a fault, not a guest. */
export type CallerOf = (request: FastifyRequest) => Identity;

interface AuthenticationDependencies {
  /** Of access tokens, and of session tokens of ours. */
  readonly identity: IdentityProvider;
  readonly signIn: Pick<SignIn, 'identify' | 'csrfToken' | 'origin'>;
  readonly audit: Pick<AuditLog, 'append'>;
  readonly approvals: Pick<ApprovalRoom, 'seen'>;
  readonly clock: Clock;
  readonly possession: PossessionOf;
  readonly report: (fault: unknown) => void;
}

/** What is remembered of those who came. */
interface Memory {
  readonly failures: RateLimit;
  readonly uses: FirstUses;
}

type Limits = Pick<ControlPlaneConfig, 'callerRequestsPerMinute' | 'failedLoginsPerMinute'>;

/** Paths anyone may ask for. */
const OPEN: ReadonlySet<string> = new Set(
  Object.values(routeTable).flatMap(({ action, path }) => (action === null ? [path] : [])),
);

/** Authenticates every request except those of routes that are open to anyone; unknown routes included. */
export function authentication(
  app: FastifyInstance,
  limits: Limits,
  deps: AuthenticationDependencies,
): CallerOf {
  const callers = new WeakMap<FastifyRequest, Identity>();
  const memory = {
    failures: new RateLimit(limits.failedLoginsPerMinute, deps.clock),
    uses: new FirstUses(),
  };
  const rates = new RateLimit(limits.callerRequestsPerMinute, deps.clock);
  app.addHook('onRequest', async (request, reply) => {
    const { url, config } = request.routeOptions;
    if (config.open === true || (url !== undefined && (OPEN.has(url) || oauthRoutes.has(url)))) return;
    const caller = await authenticate(request, reply, memory, deps);
    // Before anything is decided: an approval rests on groups that people still have.
    deps.approvals.seen(caller);
    const taken = rates.take(JSON.stringify([caller.subject, caller.actor]));
    tellRate(reply, 'caller', rates, taken);
    if (!taken.allowed) {
      throw tooMany(
        reply,
        taken,
        `More than ${rates.perMinute} requests a minute of one caller (control_plane.caller_requests_per_minute).`,
      );
    }
    callers.set(request, caller);
  });
  return (request) => {
    const caller = callers.get(request);
    if (caller === undefined) throw new Refused(401, 'credential-rejected', 'Present an access token.');
    return caller;
  };
}

async function authenticate(
  request: FastifyRequest,
  reply: FastifyReply,
  { failures, uses }: Memory,
  deps: AuthenticationDependencies,
): Promise<Identity> {
  const { authorization, cookie } = request.headers;
  const match = /^(Bearer|DPoP) ([A-Za-z0-9._~+/=-]+)$/i.exec(authorization ?? '');
  const [, scheme = '', token] = match ?? [];
  const session = readCookie(cookie, cookieNames(deps.signIn.origin()).session);
  if (token === undefined && session === null) {
    throw new Fault('credential-rejected', 'Present an OIDC access token as "Authorization: Bearer …".');
  }
  const address = addressKey(request.ip);
  // Before the token is looked at: an address that only guesses costs no signature and no entry of the log.
  const left = failures.look(address);
  if (!left.allowed) {
    throw tooMany(
      reply,
      left,
      `More than ${failures.perMinute} rejected tokens a minute from one address (control_plane.failed_logins_per_minute).`,
    );
  }
  const facts = { door: 'control-plane', address: request.ip };
  let identity: Identity;
  try {
    if (session !== null || token === undefined) return await ofCookie(request, session, deps.signIn);
    // RFC 9449 section 7.1: under the scheme DPoP there has to be a proof, under Bearer none is looked at.
    const proof = scheme.toLowerCase() === 'dpop' ? (proofOf(request) ?? '') : null;
    identity = await deps.identity.authenticate(token, deps.possession(request, proof));
  } catch (error) {
    if (error instanceof Fault) {
      if (error.code === 'credential-rejected' && !(error instanceof NonceFault)) failures.take(address);
      deps.audit.append({ type: 'authentication-failed', reason: error.message, facts });
    }
    throw error;
  }
  if (identity.scope !== null) refuseTaskToken(identity, facts, deps);
  if (uses.isFirst(token, request.ip))
    recordFirstUse(identity, facts, deps, () => uses.remember(token, request.ip));
  return identity;
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

/** What a page sends with anything that changes something: another site's page cannot know it. */
export const CSRF_HEADER = 'x-sallyport-csrf';

/** Who has this session: they signed in, which is an entry. A cookie comes along with whatever a browser sends. */
async function ofCookie(
  request: FastifyRequest,
  session: string | null,
  signIn: AuthenticationDependencies['signIn'],
): Promise<Identity> {
  // Of two credentials, which one counts would be a guess, and a way to act as somebody else.
  if (request.headers.authorization !== undefined)
    throw new Fault('credential-rejected', 'Present an access token or a session cookie, and not both.');
  if (session === null || session === 'twice')
    throw new Fault('credential-rejected', 'Present one session cookie.');
  checkPage(request, session, signIn);
  return signIn.identify('browser', session);
}

/** Only our own pages may make a cookie count. */
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

/** What a task token names are targets: it looks at nothing here, and decides nothing. */
function refuseTaskToken(
  { subject, actor, task, tokenId, delegation }: Identity,
  facts: NonNullable<AuditEntry['facts']>,
  { audit }: AuthenticationDependencies,
): never {
  const reason = 'A task token is for the targets it names; present an access token of an issuer.';
  const who = { subject, actor, task, tokenId, delegation };
  audit.append({ type: 'authentication-failed', ...who, effect: 'deny', reason, facts });
  throw new Fault('not-permitted', reason);
}
