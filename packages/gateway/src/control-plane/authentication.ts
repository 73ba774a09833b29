import { routeTable } from '@sallyport/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ApprovalRoom } from '../approval/index.ts';
import type { AuditEntry, AuditLog } from '../audit/index.ts';
import type { Identity, IdentityProvider } from '../identity/index.ts';
import type { Clock } from '../lib/clock.ts';
import { Fault } from '../lib/fault.ts';
import { addressKey, RateLimit } from '../lib/rate-limit.ts';
import { FirstUses } from './first-uses.ts';
import { Refused } from './problem.ts';
import { tellRate, tooMany } from './rate-headers.ts';
import type { ControlPlaneConfig } from './section.ts';

/** Who sent this request. Throws when it was never authenticated: a route that forgets is a fault, not a guest. */
export type CallerOf = (request: FastifyRequest) => Identity;

interface AuthenticationDependencies {
  readonly identity: IdentityProvider;
  readonly audit: Pick<AuditLog, 'append'>;
  readonly approvals: Pick<ApprovalRoom, 'seen'>;
  readonly clock: Clock;
  readonly report: (fault: unknown) => void;
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
  const uses = new FirstUses();
  const callers = new WeakMap<FastifyRequest, Identity>();
  const failures = new RateLimit(limits.failedLoginsPerMinute, deps.clock);
  const rates = new RateLimit(limits.callerRequestsPerMinute, deps.clock);
  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.url !== undefined && OPEN.has(request.routeOptions.url)) return;
    const caller = await authenticate(request, reply, failures, uses, deps);
    // Before anything is decided: an approval rests on groups that people still have.
    deps.approvals.seen(caller);
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
  failures: RateLimit,
  uses: FirstUses,
  deps: AuthenticationDependencies,
): Promise<Identity> {
  const match = /^Bearer ([A-Za-z0-9._~+/=-]+)$/i.exec(request.headers.authorization ?? '');
  const token = match?.[1];
  if (token === undefined) {
    throw new Fault('credential-rejected', 'Present an OIDC access token as "Authorization: Bearer …".');
  }
  const facts = { door: 'control-plane', address: request.ip };
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
  try {
    const identity = await deps.identity.authenticate(token);
    if (uses.isFirst(token, request.ip))
      recordFirstUse(identity, facts, deps, () => uses.remember(token, request.ip));
    return identity;
  } catch (error) {
    if (error instanceof Fault) {
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
