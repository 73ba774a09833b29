import {
  endSessionBodySchema,
  idParamsSchema,
  routes,
  type Session,
  sessionQuerySchema,
} from '@sallyport/contract';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { AuditLog } from '../audit/index.ts';
import type { Identity } from '../identity/index.ts';
import { Fault } from '../lib/fault.ts';
import type { SessionRow, Storage } from '../storage/index.ts';
import { adminEntry } from './admin-entry.ts';
import type { CallerOf } from './authentication.ts';
import type { ControlPlaneConfig } from './section.ts';

interface SessionDependencies {
  readonly sessions: Pick<Storage['sessions'], 'list' | 'find'>;
  readonly audit: Pick<AuditLog, 'append'>;
  endSession(id: string, reason: string): boolean;
  readonly report: (fault: unknown) => void;
}

export type Roles = ControlPlaneConfig['roles'];

/**
 * Sessions. Auditors and operators see all; everyone else sees that their own sessions were.
 * Operators end any session, and people those of their own agents.
 */
export function sessionRoutes(
  app: FastifyInstance,
  deps: SessionDependencies,
  callerOf: CallerOf,
  roles: Roles,
): void {
  app.get(routes.listSessions.path, async (request) => {
    const caller = callerOf(request);
    const query = sessionQuerySchema.parse(request.query);
    const whose = seesAll(caller, roles) ? {} : ownOf(caller);
    const rows = await deps.sessions.list({ limit: query.limit, open: query.open, ...whose });
    return { sessions: rows.map(present) };
  });
  app.get(routes.getSession.path, async (request) => {
    const { id } = idParamsSchema.parse(request.params);
    return present(await visible(deps, id, callerOf(request), roles));
  });
  endingRoute(app, deps, callerOf, roles);
}

/** Ending a session: L6 by command. */
function endingRoute(
  app: FastifyInstance,
  deps: SessionDependencies,
  callerOf: CallerOf,
  roles: Roles,
): void {
  app.post(routes.endSession.path, async (request) => {
    const { id } = idParamsSchema.parse(request.params);
    const { reason } = endSessionBodySchema.parse(request.body ?? {});
    const caller = callerOf(request);
    const row = await visible(deps, id, caller, roles);
    if (!isMember(caller, roles.operators) && !(isPlainPerson(caller) && caller.subject === row.subject)) {
      throw new Fault(
        'not-permitted',
        'Only operators, and people for their own agents, end sessions; see controlPlane.roles.operators.',
      );
    }
    const said = inertLine(reason);
    // A log that cannot be written must not keep a session open: only what permits something needs its entry first.
    try {
      deps.audit.append(adminEntry(caller, { attempt: 'end-session' }, { sessionId: id, reason: said }));
    } catch (fault) {
      deps.report(fault);
    }
    if (!deps.endSession(id, `${caller.displayName} ended it: ${said}`))
      throw new Fault('conflict', `Could not end ${id}: it is not open.`);
    return present(row);
  });
}

/** The reason as kept and shown, without the characters that could forge a line. */
export function inertLine(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}

/** An agent that acts for a member is not one: it gets the same as any agent. */
export function isMember(caller: Identity, groups: readonly string[]): boolean {
  return caller.actor === null && caller.groups.some((group) => groups.includes(group));
}

function seesAll(caller: Identity, { auditors, operators }: Roles): boolean {
  return isMember(caller, auditors) || isMember(caller, operators);
}

function isPlainPerson(caller: Identity): boolean {
  return caller.kind === 'person' && caller.actor === null;
}

function ownOf(caller: Identity): { readonly subject: string; readonly actor?: string | null } {
  if (isPlainPerson(caller)) return { subject: caller.subject };
  return { subject: caller.subject, actor: caller.actor };
}

export async function visible(
  deps: { readonly sessions: Pick<Storage['sessions'], 'find'> },
  id: string,
  caller: Identity,
  roles: Roles,
): Promise<SessionRow> {
  const row = await deps.sessions.find(id);
  const own = ownOf(caller);
  const isOwn = row?.subject === own.subject && (own.actor === undefined || own.actor === row.actor);
  if (row === null || !(isOwn || seesAll(caller, roles))) {
    throw new Fault('not-found', 'There is no such session, or it is not yours to see.');
  }
  return row;
}

/** The store is a file that others may have written: what is read back is checked. */
const delegationColumn = z.array(z.string());

function present(row: SessionRow): Session {
  return {
    id: row.id,
    subject: row.subject,
    displayName: row.display_name,
    actor: row.actor,
    task: row.task,
    tokenId: row.token_id,
    delegation: row.delegation === null ? [] : delegationColumn.parse(JSON.parse(row.delegation)),
    target: row.target,
    facet: row.facet,
    protocol: row.protocol,
    client: row.client,
    startedAt: new Date(row.started_at).toISOString(),
    endedAt: row.ended_at === null ? null : new Date(row.ended_at).toISOString(),
    endedReason: row.ended_reason,
    operations: row.operations,
    recorded: row.recording !== null,
  };
}
