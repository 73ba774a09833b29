import type { Writable } from 'node:stream';
import { ConnectorFault } from './fault.ts';
import type { Turns } from './turns.ts';

export interface LettingGo {
  readonly target: string;
  /** Resolves when the target has closed its side; null when that cannot be seen. */
  readonly closed: Promise<void> | null;
  /** Whether something may run there. */
  readonly busy: boolean;
  /** Of this target: how many cancels it gets at once. */
  readonly turns: Turns;
  readonly cancel: () => Promise<void>;
}

/**
 * Most cancels and ends that one target gets at once. Each cancel is a connection of its own: of a thousand sessions that end at once, those
 * where something runs come first, and the server has time left to stop it.
 */
export const CANCELS_AT_ONCE = 8;
/** How long a target where nothing is known to run gets to see by itself that nobody is there, in milliseconds. */
const NOTICE_MS = 30_000;
/** Between two cancels, in milliseconds, doubled each time: each stops one statement, and several may have been under way. */
const AGAIN_MS = 250;
const LONGEST_PAUSE_MS = 2_000;
/** Longest that it is tried from the first cancel on, in milliseconds. */
const PATIENCE_MS = 15_000;
/** Cancels where nothing tells whether they were enough. */
const BLIND_CANCELS = 3;

/** Cancels what a target runs for a connection until it lets go of it. Rejects with ConnectorFault when it does not. */
export async function letGo({ target, closed, busy, turns, cancel }: LettingGo): Promise<void> {
  let fault: unknown;
  let waitMs = busy ? 0 : NOTICE_MS;
  let deadline = Number.POSITIVE_INFINITY;
  for (let cancels = 0; performance.now() < deadline; cancels += 1) {
    if (await isOver(closed, waitMs)) return;
    if (closed === null && cancels === BLIND_CANCELS) {
      if (fault === undefined) return;
      break;
    }
    const give = await turns.take(busy && cancels === 0);
    try {
      // It may have let go while others had their turns.
      if (await isOver(closed, 0)) return;
      deadline = Math.min(deadline, performance.now() + PATIENCE_MS);
      await cancel();
      fault = undefined;
    } catch (error) {
      fault = error;
    } finally {
      give();
    }
    waitMs = Math.min(LONGEST_PAUSE_MS, AGAIN_MS * 2 ** cancels);
  }
  const why =
    'it has not let go of a connection that was ended; what ran there may still run, so look at its sessions';
  throw new ConnectorFault('timeout', target, why, { cause: fault });
}

/** Whether it is closed, or will be within this time. */
async function isOver(closed: Promise<void> | null, waitMs: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), waitMs);
  try {
    return await Promise.race([late, ...(closed === null ? [] : [closed.then(() => true)])]);
  } finally {
    clearTimeout(timer);
  }
}

/** How long one that ends keeps its turn, in milliseconds: others come after it however slow the target is. */
const TURN_MS = 500;

/** A thousand servers that all end at once would keep the cancels of those that run something from being heard. */
export async function endInTurn(socket: Writable, closed: Promise<void>, turns: Turns): Promise<void> {
  const give = await turns.take(false);
  socket.end();
  await isOver(closed, TURN_MS);
  give();
}
