import { Pace } from '../lib/pace.ts';
import type { Session } from './session.ts';

/** Told of sessions as they come and go; what it does is its own business and never holds a session up. */
export interface SessionObserver {
  opened(session: Session): void;
  closed(session: Session, reason: string): void;
}

/** The sessions that are open, so that a revocation finds them within the second (L6). */
export interface SessionRegistry {
  readonly size: number;
  /** One that is being admitted: not open yet, and found by a revocation all the same. Forgotten when it ends. */
  admit(session: Session): void;
  add(session: Session): void;
  remove(session: Session, reason: string): void;
  /** Ends every session this matches and that is not ending already; returns how many. */
  endWhere(matches: (session: Session) => boolean, reason: string, hint?: string): number;
  /** Resolves when one that has ended may be put on record: only so many are in one turn of the event loop. */
  inTurn(): Promise<void>;
  all(): readonly Session[];
}

/** Most sessions put on record in one turn of the event loop, at about a millisecond each. */
const RECORDED_AT_ONCE = 8;

export function createSessionRegistry(observer: SessionObserver): SessionRegistry {
  const open = new Set<Session>();
  const admitting = new Set<Session>();
  const pace = new Pace(RECORDED_AT_ONCE);
  const all = (): readonly Session[] => [...admitting, ...open];
  return {
    get size() {
      return open.size;
    },
    admit(session) {
      admitting.add(session);
      session.onEnd(() => admitting.delete(session));
    },
    add(session) {
      admitting.delete(session);
      open.add(session);
      observer.opened(session);
    },
    remove(session, reason) {
      if (open.delete(session)) observer.closed(session, reason);
    },
    endWhere(matches, reason, hint = 'ask an operator of the gateway') {
      const ended = all().filter((session) => session.ending === null && matches(session));
      for (const session of ended) session.end('session-ended', reason, hint);
      return ended.length;
    },
    inTurn: () => pace.take(),
    all,
  };
}
