import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AuditLog } from '../audit/index.ts';
import type { Identity, IdentityProvider } from '../identity/index.ts';
import { Fault } from '../lib/fault.ts';
import { possessionOf, proofOf } from './possession.ts';
import { Refused } from './problem.ts';
import { openRoutes } from './token.ts';

/** Who sent this request. Throws when it was never authenticated: a route that forgets is a fault, not a guest. */
export type CallerOf = (request: FastifyRequest) => Identity;

interface AuthenticationDependencies {
  readonly identity: IdentityProvider;
  readonly audit: Pick<AuditLog, 'append'>;
}

/** Authenticates every request except the health question, unknown routes included. */
export function authentication(app: FastifyInstance, deps: AuthenticationDependencies): CallerOf {
  const callers = new WeakMap<FastifyRequest, Identity>();
  app.addHook('onRequest', async (request) => {
    const { url = '' } = request.routeOptions;
    if (url === '/healthz' || openRoutes.has(url)) return;
    callers.set(request, await authenticate(request, deps));
  });
  return (request) => {
    const caller = callers.get(request);
    if (caller === undefined) throw new Refused(401, 'credential-rejected', 'Present an access token.');
    return caller;
  };
}

async function authenticate(request: FastifyRequest, deps: AuthenticationDependencies): Promise<Identity> {
  const match = /^(Bearer|DPoP) ([A-Za-z0-9._~+/=-]+)$/i.exec(request.headers.authorization ?? '');
  const [, scheme = '', token] = match ?? [];
  if (token === undefined) {
    throw new Fault('credential-rejected', 'Present an OIDC access token as "Authorization: Bearer …".');
  }
  try {
    // RFC 9449 section 7.1: under the scheme DPoP there has to be a proof, under Bearer none is looked at.
    const proof = scheme.toLowerCase() === 'dpop' ? (proofOf(request) ?? '') : null;
    const identity = await deps.identity.authenticate(token, possessionOf(request, proof));
    if (identity.scope === null) return identity;
    return refuseTaskToken(identity, request, deps);
  } catch (error) {
    if (error instanceof Fault && error.code !== 'not-permitted') {
      const facts = { door: 'control-plane', address: request.ip };
      deps.audit.append({ type: 'authentication-failed', reason: error.message, facts });
    }
    throw error;
  }
}

/** What a task token names are targets: it looks at nothing here, and decides nothing. */
function refuseTaskToken(
  { subject, actor, task, tokenId, delegation }: Identity,
  request: FastifyRequest,
  { audit }: AuthenticationDependencies,
): never {
  const reason = 'A task token is for the targets it names; present an access token of an issuer.';
  const facts = { door: 'control-plane', address: request.ip };
  audit.append({
    ...{ type: 'authentication-failed', subject, actor, task, tokenId, delegation },
    ...{ effect: 'deny', reason, facts },
  });
  throw new Fault('not-permitted', reason);
}
