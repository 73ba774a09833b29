import type { Session } from '@sallyport/contract';
import { z } from 'zod';
import type { AuditLog } from '../audit/index.ts';
import type { Identity } from '../identity/index.ts';
import { Fault } from '../lib/fault.ts';
import type { SessionRow, Storage } from '../storage/index.ts';
import { adminEntry } from './admin-entry.ts';
import { type Authorization, GATEWAY, isAgent, sessionResource } from './authorization.ts';
import { cursorOf, positionOf } from './cursor.ts';
import { inertLine } from './inert-line.ts';
import type { Handlers } from './serve-routes.ts';

interface SessionDependencies {
  readonly authorization: Pick<Authorization, 'may' | 'those'>;
  readonly sessions: Pick<Storage['sessions'], 'list'>;
  readonly audit: Pick<AuditLog, 'append'>;
  endSession(id: string, reason: string): boolean | Promise<boolean>;
  readonly report: (fault: unknown) => void;
}

type Names = 'listSessions' | 'getSession' | 'endSession';

/** Sessions: those of everyone for whom policy lets see them, and else one's own. */
export function sessionHandlers(deps: SessionDependencies): Pick<Handlers, Names> {
  return {
    async listSessions({ caller, query: { limit, open, cursor } }) {
      const seesAll = await deps.authorization.may(caller, 'list-all-sessions', GATEWAY);
      const whose = seesAll ? {} : ownOf(caller);
      // One more than asked for says whether there is a next page.
      const rows = await deps.sessions.list({ limit: limit + 1, open, ...positionOf(cursor), ...whose });
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      const next = rows.length > limit && last !== undefined ? { at: last.started_at, id: last.id } : null;
      const seen = await deps.authorization.those(caller, 'see-session', page, sessionResource);
      return { sessions: seen.map(present), next: cursorOf(next) };
    },
    getSession: ({ found }) => present(found),
    async endSession({ params: { id }, caller, body: { reason }, found }) {
      const said = inertLine(reason);
      // A log that cannot be written must not keep a session open: only what permits something needs its entry first.
      try {
        const about = { sessionId: id, target: found.target, reason: said };
        deps.audit.append(adminEntry(caller, { attempt: 'end-session' }, about));
      } catch (fault) {
        deps.report(fault);
      }
      if (!(await deps.endSession(id, `${caller.displayName} ended it: ${said}`)))
        throw new Fault('conflict', `Could not end ${id}: it is not open.`);
      return present(found);
    },
  };
}

/** A person's own are those of all their agents; an agent's own are those it had itself. */
function ownOf(caller: Identity): { readonly subject: string; readonly actor?: string | null } {
  return isAgent(caller) ? { subject: caller.subject, actor: caller.actor } : { subject: caller.subject };
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
    replica: row.replica,
  };
}
