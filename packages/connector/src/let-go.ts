import { ConnectorFault } from './fault.ts';

export interface LettingGo {
  readonly target: string;
  /** Resolves when the target has closed its side; null when that cannot be seen. */
  readonly closed: Promise<void> | null;
  readonly busy: boolean;
  readonly cancel: () => Promise<void>;
}

/**
 * How long a target that is idle gets to see that nobody is there, in milliseconds. Each cancel is a connection of its own:
 * a thousand sessions that end at once must not be a thousand connections that nothing needs.
 */
const NOTICE_MS = 10_000;
/** Between two cancels, in milliseconds, doubled each time: each stops one statement, and several may have been under way. */
const AGAIN_MS = 100;
const LONGEST_PAUSE_MS = 1_000;
/** Longest that it is tried, in milliseconds. */
const PATIENCE_MS = 15_000;
/** Cancels where nothing tells whether they were enough. */
const BLIND_CANCELS = 3;

/** Cancels what a target runs for a connection until it lets go of it. Rejects with ConnectorFault when it does not. */
export async function letGo({ target, closed, busy, cancel }: LettingGo): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  let fault: unknown;
  let waitMs = busy ? 0 : NOTICE_MS;
  for (let cancels = 0; performance.now() < deadline; cancels += 1) {
    if (await isOver(closed, waitMs)) return;
    if (closed === null && cancels === BLIND_CANCELS) {
      if (fault === undefined) return;
      break;
    }
    try {
      await cancel();
      fault = undefined;
    } catch (error) {
      fault = error;
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
