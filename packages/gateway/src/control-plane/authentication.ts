import { routeTable } from '@sallyport/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AuditEntry, AuditLog } from '../audit/index.ts';
import type { Identity, IdentityProvider } from '../identity/index.ts';
import type { Clock } from '../lib/clock.ts';
import { Fault } from '../lib/fault.ts';
import { addressKey, RateLimit } from '../lib/rate-limit.ts';
import { FirstUses } from './first-uses.ts';
import { possessionOf, proofOf } from './possession.ts';
import { Refused } from './problem.ts';
import { tellRate, tooMany } from './rate-headers.ts';
import type { ControlPlaneConfig } from './section.ts';
import { oauthRoutes } from './token.ts';

/** Who sent this request. Throws when it was never authenticated: a route that forgets is a fault, not a guest. */
export type CallerOf = (request: FastifyRequest) => Identity;

interface AuthenticationDependencies {
  readonly identity: IdentityProvider;
  readonly audit: Pick<AuditLog, 'append'>;
  readonly clock: Clock;
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
    const { url } = request.routeOptions;
    if (url !== undefined && (OPEN.has(url) || oauthRoutes.has(url))) return;
    const caller = await authenticate(request, reply, memory, deps);
    const taken = rates.take(JSON.stringify([caller.subject, caller.actor]));
    tellRate(reply, 'caller', rates, taken);
    if (!taken.allowed) {
      throw tooMany(
        reply,
        taken,
        `More than ${rates.perMinute} requests a minute of one caller (controlPlane.callerRequestsPerMinute).`,
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
  const match = /^(Bearer|DPoP) ([A-Za-z0-9._~+/=-]+)$/i.exec(request.headers.authorization ?? '');
  const [, scheme = '', token] = match ?? [];
  if (token === undefined) {
    throw new Fault('credential-rejected', 'Present an OIDC access token as "Authorization: Bearer …".');
  }
  const address = addressKey(request.ip);
  // Before the token is looked at: an address that only guesses costs no signature and no entry of the log.
  const left = failures.look(address);
  if (!left.allowed) {
    throw tooMany(
      reply,
      left,
      `More than ${failures.perMinute} rejected tokens a minute from one address (controlPlane.failedLoginsPerMinute).`,
    );
  }
  const facts = { door: 'control-plane', address: request.ip };
  try {
    // RFC 9449 section 7.1: under the scheme DPoP there has to be a proof, under Bearer none is looked at.
    const proof = scheme.toLowerCase() === 'dpop' ? (proofOf(request) ?? '') : null;
    const identity = await deps.identity.authenticate(token, possessionOf(request, proof));
    if (identity.scope !== null) refuseTaskToken(identity, facts, deps);
    if (uses.isFirst(token, request.ip))
      recordFirstUse(identity, facts, deps, () => uses.remember(token, request.ip));
    return identity;
  } catch (error) {
    if (error instanceof Fault && error.code !== 'not-permitted') {
      if (error.code === 'credential-rejected') failures.take(address);
      deps.audit.append({ type: 'authentication-failed', reason: error.message, facts });
    }
    throw error;
  }
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
