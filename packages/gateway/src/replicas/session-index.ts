import { setTimeout as pause } from 'node:timers/promises';
import { Fault } from '../lib/fault.ts';
import type { StartedSession, Storage } from '../storage/index.ts';
import { createSessionWriter } from './session-writer.ts';

/** The sessions of this gateway as the store lists them, and the ending of those of others. */
export interface SessionIndex {
  opened(row: StartedSession): void;
  closed(id: string, reason: string, operations: number): void;
  /**
   * Ends an open session, on whichever gateway it is; resolves once it is over. False when it is not open. Rejects with
   * Fault `storage-unavailable` when its gateway does not answer: it ends it when it does.
   */
  end(id: string, reason: string): Promise<boolean>;
  /** Resolves once what ended is written. */
  close(): Promise<void>;
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

const LOST = 'its gateway lost sight of it';

/** The log stays the truth: a store that fails is only reported, and told what it missed when it is back. */
export function createSessionIndex(deps: SessionIndexDependencies): SessionIndex {
  const { storage, report, now, endHere } = deps;
  const { sessions } = storage;
  const open = new Set<string>();
  const isOpen = (id: string) => open.has(id);
  const lost = (id: string) => ({ id, reason: LOST, at: now(), operations: 0 });
  const writer = createSessionWriter({ sessions, isOpen, lost, report });
  const forget = storage.bus.subscribe('session-ends', async (id) => {
    for (const asked of await sessions.endsAsked()) {
      // Open in the store and not here: how it ended was never written, or is about to be.
      if (!endHere(asked.session_id, asked.reason)) writer.ended(lost(asked.session_id));
    }
    if (id !== null) return;
    await writer.retry();
    await sessions.endOpen(LOST, now(), { isOpen, since: now() - YOUNG_MS });
  });
  return {
    opened(row) {
      open.add(row.id);
      writer.started(row);
    },
    closed(id, reason, operations) {
      open.delete(id);
      writer.ended({ id, reason, at: now(), operations });
    },
    end: async (id, reason) =>
      endHere(id, reason) || (storage.shared && (await endElsewhere(deps, id, reason))),
    async close() {
      forget();
      await writer.flush();
    },
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
