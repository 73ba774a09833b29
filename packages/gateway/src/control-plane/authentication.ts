import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ApprovalRoom } from '../approval/index.ts';
import type { AuditLog } from '../audit/index.ts';
import type { Identity, IdentityProvider } from '../identity/index.ts';
import { Fault } from '../lib/fault.ts';
import { Refused } from './problem.ts';

/** Who sent this request. Throws when it was never authenticated: a route that forgets is a fault, not a guest. */
export type CallerOf = (request: FastifyRequest) => Identity;

interface AuthenticationDependencies {
  readonly identity: IdentityProvider;
  readonly audit: Pick<AuditLog, 'append'>;
  readonly approvals: Pick<ApprovalRoom, 'seen'>;
}

/** Authenticates every request except the health question, unknown routes included. */
export function authentication(app: FastifyInstance, deps: AuthenticationDependencies): CallerOf {
  const callers = new WeakMap<FastifyRequest, Identity>();
  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.url === '/healthz') return;
    const caller = await authenticate(request, deps);
    // Before anything is decided: an approval rests on groups that people still have.
    deps.approvals.seen(caller);
    callers.set(request, caller);
  });
  return (request) => {
    const caller = callers.get(request);
    if (caller === undefined) throw new Refused(401, 'credential-rejected', 'Present an access token.');
    return caller;
  };
}

async function authenticate(request: FastifyRequest, deps: AuthenticationDependencies): Promise<Identity> {
  const match = /^Bearer ([A-Za-z0-9._~+/=-]+)$/i.exec(request.headers.authorization ?? '');
  const token = match?.[1];
  if (token === undefined) {
    throw new Fault('credential-rejected', 'Present an OIDC access token as "Authorization: Bearer …".');
  }
  try {
    return await deps.identity.authenticate(token);
  } catch (error) {
    if (error instanceof Fault) {
      const facts = { door: 'control-plane', address: request.ip };
      deps.audit.append({ type: 'authentication-failed', reason: error.message, facts });
    }
    throw error;
  }
}
