import {
  endSessionsBodySchema,
  idParamsSchema,
  liftBodySchema,
  type Revocation as PresentedRevocation,
  type Revoked as PresentedRevoked,
  revokeBodySchema,
  routes,
} from '@sallyport/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AuditLog } from '../audit/index.ts';
import type { Containment, Revocation, RevocationKind } from '../containment/index.ts';
import type { Identity } from '../identity/index.ts';
import { Fault } from '../lib/fault.ts';
import { adminEntry } from './admin-entry.ts';
import type { CallerOf } from './authentication.ts';
import { inertLine, isMember, type Roles } from './sessions.ts';

/** What the sessions to be ended have in common, by kind of name. Empty: nothing, all of them. */
export type SessionsNamed = readonly (readonly [kind: RevocationKind, value: string])[];

export interface RevocationDependencies {
  readonly containment: Pick<Containment, 'revoke' | 'lift' | 'list'>;
  readonly audit: Pick<AuditLog, 'append'>;
  /** Ends every open session that has all of these names; gives how many. */
  endSessions(named: SessionsNamed, reason: string): number;
  readonly report: (fault: unknown) => void;
}

/** Revoking and ending many sessions: for operators. An agent that acts for one is not one. */
export function revocationRoutes(
  app: FastifyInstance,
  deps: RevocationDependencies,
  callerOf: CallerOf,
  roles: Roles,
): void {
  const { containment } = deps;
  const operator = (request: FastifyRequest, attempt: string): Identity => {
    const caller = callerOf(request);
    if (isMember(caller, roles.operators)) return caller;
    recordRefusal(deps, caller, attempt);
    throw new Fault('not-permitted', 'Only operators revoke; see controlPlane.roles.operators.');
  };
  app.get(routes.listRevocations.path, async (request) => {
    operator(request, 'list-revocations');
    return { revocations: containment.list().map(present) };
  });
  app.post(routes.revoke.path, async (request): Promise<PresentedRevoked> => {
    const caller = operator(request, 'revoke');
    const { kind = null, value, reason, quarantine } = revokeBodySchema.parse(request.body ?? {});
    const asked = { kind, value, reason: inertLine(reason), quarantine };
    const { revocation, ended, problems } = await containment.revoke(asked, caller);
    return { revocation: present(revocation), ended, problems: [...problems] };
  });
  app.post(routes.liftRevocation.path, async (request) => {
    const caller = operator(request, 'lift-revocation');
    const { id } = idParamsSchema.parse(request.params);
    const { reason } = liftBodySchema.parse(request.body ?? {});
    // It lets somebody in again: that takes a person.
    if (caller.kind !== 'person') {
      recordRefusal(deps, caller, 'lift-revocation');
      throw new Fault('not-permitted', 'Only a person lifts a revocation.');
    }
    return present(await containment.lift(id, caller, inertLine(reason)));
  });
  app.post(routes.endSessions.path, async (request) => {
    const caller = operator(request, 'end-sessions');
    const { reason, all: _all, ...names } = endSessionsBodySchema.parse(request.body ?? {});
    const named = Object.entries(names).filter(
      ([, value]) => value !== undefined,
    ) as unknown as SessionsNamed;
    const said = inertLine(reason);
    const ended = deps.endSessions(named, `${caller.displayName} ended it: ${said}`);
    // After it: a log that cannot be written must not keep a session open.
    const filters = named.map(([kind, value]) => `${kind} ${value}`);
    recordQuietly(deps, adminEntry(caller, { attempt: 'end-sessions', filters, ended }, { reason: said }));
    return { ended };
  });
}

function recordRefusal(deps: RevocationDependencies, caller: Identity, attempt: string): void {
  recordQuietly(deps, adminEntry(caller, { attempt, refused: 'not-permitted' }));
}

/** A deny takes no proof. */
function recordQuietly(
  { audit, report }: RevocationDependencies,
  entry: Parameters<AuditLog['append']>[0],
): void {
  try {
    audit.append(entry);
  } catch (fault) {
    report(fault);
  }
}

function present({ names, by, at, until, ...rest }: Revocation): PresentedRevocation {
  return {
    ...rest,
    names: [...names],
    by: { ...by },
    at: new Date(at).toISOString(),
    until: until === null ? null : new Date(until).toISOString(),
  };
}
