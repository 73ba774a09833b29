import {
  type AuditOperationPage,
  type AuditSessionPage,
  auditSearchQuerySchema,
  routes,
} from '@sallyport/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AuditLog } from '../audit/index.ts';
import type { AuditIndex, PageRequest, SearchFilter } from '../audit-index/index.ts';
import { Fault } from '../lib/fault.ts';
import { adminEntry } from './admin-entry.ts';
import type { CallerOf } from './authentication.ts';
import { isMember, type Roles } from './sessions.ts';

interface SearchDependencies {
  readonly auditIndex: Pick<AuditIndex, 'operations' | 'sessions'>;
  readonly audit: Pick<AuditLog, 'append'>;
}

interface Search {
  readonly filter: SearchFilter;
  readonly page: PageRequest;
}

/** Searching what everyone did: for auditors, and for nobody in part. */
export function auditSearchRoutes(
  app: FastifyInstance,
  deps: SearchDependencies,
  callerOf: CallerOf,
  roles: Roles,
): void {
  const begin = (request: FastifyRequest) => permitted(deps, request, callerOf, roles);
  app.get(routes.searchOperations.path, async (request): Promise<AuditOperationPage> => {
    const { filter, page } = begin(request);
    const { found, next, complete } = await deps.auditIndex.operations(filter, page);
    const operations = found.map((one) => ({
      ...one,
      time: iso(one.time),
      actions: [...one.actions],
      tables: [...one.tables],
      policies: [...one.policies],
    }));
    return { operations, next: cursorOf(next), complete };
  });
  app.get(routes.searchSessions.path, async (request): Promise<AuditSessionPage> => {
    const { filter, page } = begin(request);
    const { found, next, complete } = await deps.auditIndex.sessions(filter, page);
    const sessions = found.map((one) => ({
      ...one,
      startedAt: iso(one.startedAt),
      endedAt: one.endedAt === null ? null : iso(one.endedAt),
    }));
    return { sessions, next: cursorOf(next), complete };
  });
}

/** Throws Fault `not-permitted` for anyone but an auditor, before anything of the query is read. */
function permitted(
  deps: SearchDependencies,
  request: FastifyRequest,
  callerOf: CallerOf,
  roles: Roles,
): Search {
  const caller = callerOf(request);
  if (!isMember(caller, roles.auditors))
    throw new Fault('not-permitted', 'Only auditors search the audit log; see controlPlane.roles.auditors.');
  const { limit, cursor, since, until, ...values } = auditSearchQuerySchema.parse(request.query);
  const filter = { ...values, since: timeOf(since), until: timeOf(until) };
  // Who looked is itself worth knowing, and comes before the answer. By what is named; for what may be a secret.
  const asked = Object.entries(filter).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  deps.audit.append(adminEntry(caller, { attempt: 'search-audit', filters: asked }));
  return { filter, page: { limit, before: cursor === undefined ? undefined : Number(cursor) } };
}

function timeOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text);
}

function cursorOf(next: number | null): string | null {
  return next === null ? null : String(next);
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
