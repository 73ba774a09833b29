import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AuditEntry, AuditLog } from '../audit/index.ts';
import type { Identity, IdentityProvider } from '../identity/index.ts';
import { Fault } from '../lib/fault.ts';
import { FirstUses } from './first-uses.ts';
import { Refused } from './problem.ts';

/** Who sent this request. Throws when it was never authenticated: a route that forgets is a fault, not a guest. */
export type CallerOf = (request: FastifyRequest) => Identity;

interface AuthenticationDependencies {
  readonly identity: IdentityProvider;
  readonly audit: Pick<AuditLog, 'append'>;
  readonly report: (fault: unknown) => void;
}

/** Authenticates every request except the health question, unknown routes included. */
export function authentication(app: FastifyInstance, deps: AuthenticationDependencies): CallerOf {
  const uses = new FirstUses();
  const callers = new WeakMap<FastifyRequest, Identity>();
  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.url === '/healthz') return;
    callers.set(request, await authenticate(request, deps, uses));
  });
  return (request) => {
    const caller = callers.get(request);
    if (caller === undefined) throw new Refused(401, 'credential-rejected', 'Present an access token.');
    return caller;
  };
}

async function authenticate(
  request: FastifyRequest,
  deps: AuthenticationDependencies,
  uses: FirstUses,
): Promise<Identity> {
  const match = /^Bearer ([A-Za-z0-9._~+/=-]+)$/i.exec(request.headers.authorization ?? '');
  const token = match?.[1];
  if (token === undefined) {
    throw new Fault('credential-rejected', 'Present an OIDC access token as "Authorization: Bearer …".');
  }
  const facts = { door: 'control-plane', address: request.ip };
  try {
    const identity = await deps.identity.authenticate(token);
    if (uses.isFirst(token, request.ip))
      recordFirstUse(identity, facts, deps, () => uses.remember(token, request.ip));
    return identity;
  } catch (error) {
    if (error instanceof Fault) {
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
