import { setImmediate as turn } from 'node:timers/promises';
import type { SessionEnding, StartedSession, Storage } from '../storage/index.ts';

/** Sessions of this gateway on their way to the store, where the last of many that end at once waits for one write and not for a thousand. */
export interface SessionWriter {
  started(row: StartedSession): void;
  ended(ending: SessionEnding): void;
  /** Writes what the store missed while it was away. */
  retry(): Promise<void>;
  /** Resolves once everything said so far is written, or given up. */
  flush(): Promise<void>;
}

export interface SessionWriterDependencies {
  readonly sessions: Pick<Storage['sessions'], 'record'>;
  readonly isOpen: (id: string) => boolean;
  /** How a session ends whose own ending is not known. */
  readonly lost: (id: string) => SessionEnding;
  readonly report: (fault: unknown) => void;
}

type Change = { readonly started: StartedSession } | { readonly ended: SessionEnding };

/**
 * Most changes in one transaction. The embedded store is written on the thread that relays, and a transaction is on disk before it
 * returns: many small ones would hold up every session, and a large one too.
 */
const WRITTEN_AT_ONCE = 100;
/** Most endings kept for a store that is away: the row of one more ends as lost. */
const ENDINGS_KEPT = 10_000;

export function createSessionWriter({
  sessions,
  isOpen,
  lost,
  report,
}: SessionWriterDependencies): SessionWriter {
  const due: Change[] = [];
  let writing: Promise<void> | null = null;
  /** Open sessions that the store did not take; never more than are open. */
  const unwritten = new Map<string, StartedSession>();
  const unended = new Map<string, SessionEnding>();
  const missed = (change: Change): void => {
    if ('started' in change) {
      if (isOpen(change.started.id)) unwritten.set(change.started.id, change.started);
    } else if (unended.size < ENDINGS_KEPT) unended.set(change.ended.id, change.ended);
  };
  const record = (changes: readonly Change[]) =>
    sessions.record({
      started: changes.flatMap((change) => ('started' in change ? [change.started] : [])),
      ended: changes.flatMap((change) => ('ended' in change ? [change.ended] : [])),
    });
  const alone = async (change: Change): Promise<void> => {
    try {
      await record([change]);
    } catch (fault) {
      missed(change);
      report(fault);
    }
  };
  const write = async (): Promise<void> => {
    while (due.length > 0) {
      // What happens in one turn of the event loop is written together, and others get a turn after each write.
      await turn();
      const changes = due.splice(0, WRITTEN_AT_ONCE);
      try {
        await record(changes);
      } catch {
        // One row that the store does not take must not keep the others from it.
        await Promise.all(changes.map(alone));
      }
    }
    writing = null;
  };
  const say = (change: Change): void => {
    due.push(change);
    writing ??= write();
  };
  return {
    started: (row) => say({ started: row }),
    ended(ending) {
      unwritten.delete(ending.id);
      say({ ended: ending });
    },
    async retry() {
      for (const [id, row] of [...unwritten]) {
        unwritten.delete(id);
        await alone({ started: row });
        // Closed meanwhile: nobody else would end it.
        if (!isOpen(id)) await alone({ ended: lost(id) });
      }
      for (const [id, ending] of [...unended]) {
        unended.delete(id);
        await alone({ ended: ending });
      }
    },
    flush: async () => {
      while (writing !== null) await writing;
    },
  };
}
