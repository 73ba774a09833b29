import { setTimeout as pause } from 'node:timers/promises';
import { Fault } from '../lib/fault.ts';
import type { StartedSession, Storage } from '../storage/index.ts';

/** The sessions of this gateway as the store lists them, and the ending of those of others. */
export interface SessionIndex {
  opened(row: StartedSession): void;
  closed(id: string, reason: string, operations: number): void;
  /**
   * Ends an open session, on whichever gateway it is; resolves once it is over. False when it is not open. Rejects with
   * Fault `storage-unavailable` when its gateway does not answer: it ends it when it does.
   */
  end(id: string, reason: string): Promise<boolean>;
  close(): void;
}

export interface SessionIndexDependencies {
  readonly storage: Pick<Storage, 'sessions' | 'bus' | 'shared' | 'replica'>;
  now(): number;
  /** Ends a session of this gateway; false when it is not open here. */
  endHere(id: string, reason: string): boolean;
  readonly report: (fault: unknown) => void;
}

/** How long another gateway has to end a session, in milliseconds. */
const END_MS = 5_000;
/** How often it is looked whether it did, in milliseconds. */
const LOOK_MS = 100;
/** Rows younger than this may be on their way, in milliseconds. */
const YOUNG_MS = 10_000;

/** Most endings kept for a store that is away. */
const ENDINGS_KEPT = 10_000;

const LOST = 'its gateway lost sight of it';

interface Ending {
  readonly reason: string;
  readonly at: number;
  readonly operations: number;
}

/** The log stays the truth: a store that fails is only reported, and told what it missed when it is back. */
export function createSessionIndex(deps: SessionIndexDependencies): SessionIndex {
  const { storage, report, now, endHere } = deps;
  const { sessions } = storage;
  const open = new Set<string>();
  /** Open sessions that the store did not take; never more than are open. */
  const unwritten = new Map<string, StartedSession>();
  /** Endings that the store did not take, at most ENDINGS_KEPT: the row of one more ends as lost. */
  const unended = new Map<string, Ending>();
  const writeEnd = (id: string, ending: Ending) =>
    sessions.ended(id, ending.reason, ending.at, ending.operations).catch((fault: unknown) => {
      if (unended.size < ENDINGS_KEPT) unended.set(id, ending);
      report(fault);
    });
  const write = (row: StartedSession) =>
    sessions.started(row).catch((fault: unknown) => {
      if (open.has(row.id)) unwritten.set(row.id, row);
      report(fault);
    });
  const forget = storage.bus.subscribe('session-ends', async (id) => {
    for (const asked of await sessions.endsAsked()) {
      // Open in the store and not here: how it ended was never written.
      if (!endHere(asked.session_id, asked.reason)) await sessions.ended(asked.session_id, LOST, now(), 0);
    }
    if (id === null) await reconcile();
  });
  /** What the store missed while it was away. */
  const reconcile = async (): Promise<void> => {
    for (const row of unwritten.values()) {
      unwritten.delete(row.id);
      await write(row);
      // Closed meanwhile: nobody else would end it.
      if (!open.has(row.id)) await sessions.ended(row.id, LOST, now(), 0);
    }
    for (const [id, ending] of [...unended]) {
      unended.delete(id);
      await writeEnd(id, ending);
    }
    await sessions.endOpen(LOST, now(), { isOpen: (id) => open.has(id), since: now() - YOUNG_MS });
  };
  return {
    opened(row) {
      open.add(row.id);
      void write(row);
    },
    closed(id, reason, operations) {
      open.delete(id);
      unwritten.delete(id);
      void writeEnd(id, { reason, at: now(), operations });
    },
    end: async (id, reason) =>
      endHere(id, reason) || (storage.shared && (await endElsewhere(deps, id, reason))),
    close: forget,
  };
}

async function endElsewhere(
  { storage, now }: SessionIndexDependencies,
  id: string,
  reason: string,
): Promise<boolean> {
  if (!(await storage.sessions.askEnd(id, reason, now()))) return false;
  await storage.bus.publish('session-ends', id);
  const until = performance.now() + END_MS;
  for (;;) {
    const row = await storage.sessions.find(id);
    if (row === null || row.ended_at !== null) return true;
    if (performance.now() > until)
      throw new Fault(
        'storage-unavailable',
        `Gateway "${row.replica}" was asked to end ${id} and does not answer; it ends it as soon as it reaches the store.`,
      );
    await pause(LOOK_MS);
  }
}
