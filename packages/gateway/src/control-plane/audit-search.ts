import type { AuditLog } from '../audit/index.ts';
import type { AuditIndex, PageRequest, SearchFilter } from '../audit-index/index.ts';
import { adminEntry } from './admin-entry.ts';
import type { Asked, Handlers } from './serve-routes.ts';

interface SearchDependencies {
  readonly auditIndex: Pick<AuditIndex, 'operations' | 'sessions'>;
  readonly audit: Pick<AuditLog, 'append'>;
}

interface Search {
  readonly filter: SearchFilter;
  readonly page: PageRequest;
}

type Names = 'searchOperations' | 'searchSessions';

/** Searching what everyone did: for auditors, and for nobody in part. */
export function auditSearchHandlers(deps: SearchDependencies): Pick<Handlers, Names> {
  return {
    async searchOperations(asked) {
      const { filter, page } = begin(deps, asked);
      const { found, next, complete } = await deps.auditIndex.operations(filter, page);
      const operations = found.map((one) => ({
        ...one,
        time: iso(one.time),
        actions: [...one.actions],
        tables: [...one.tables],
        policies: [...one.policies],
      }));
      return { operations, next: cursorOf(next), complete };
    },
    async searchSessions(asked) {
      const { filter, page } = begin(deps, asked);
      const { found, next, complete } = await deps.auditIndex.sessions(filter, page);
      const sessions = found.map((one) => ({
        ...one,
        startedAt: iso(one.startedAt),
        endedAt: one.endedAt === null ? null : iso(one.endedAt),
      }));
      return { sessions, next: cursorOf(next), complete };
    },
  };
}

function begin(deps: SearchDependencies, { caller, query }: Asked<Names>): Search {
  const { limit, cursor, since, until, ...values } = query;
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
