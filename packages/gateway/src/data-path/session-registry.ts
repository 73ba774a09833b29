import type { Session } from './session.ts';

/** The sessions that are open, so that a revocation finds them within the second (L6). */
export interface SessionRegistry {
  add(session: Session): void;
  remove(session: Session): void;
  readonly size: number;
  /** Ends every session this matches; returns how many. */
  endWhere(matches: (session: Session) => boolean, reason: string): number;
  get(id: string): Session | undefined;
}

export function createSessionRegistry(): SessionRegistry {
  const open = new Map<string, Session>();
  return {
    add: (session) => void open.set(session.id, session),
    remove: (session) => void open.delete(session.id),
    get size() {
      return open.size;
    },
    endWhere(matches, reason) {
      const ended = [...open.values()].filter(matches);
      for (const session of ended) session.end('session-ended', reason, 'ask an operator of the gateway');
      return ended.length;
    },
    get: (id) => open.get(id),
  };
}
