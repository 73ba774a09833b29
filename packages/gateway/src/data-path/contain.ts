import { hits, type Revocation, type Use, wordsOf } from '../containment/index.ts';
import type { Denial } from '../protocols/protocol.ts';
import type { House } from './house.ts';
import type { Session } from './session.ts';

const ASK = 'ask an operator of the gateway';

/**
 * Why the session is over, or null. Revocations end sessions when they are made; this is for a session that was being made
 * at that moment, and costs one comparison for every operation of all others.
 */
export function endingOf(session: Session): Denial | null {
  const { containment } = session.house;
  if (session.containedAt !== containment.generation) {
    session.containedAt = containment.generation;
    const objection = containment.objection(useOf(session));
    if (objection !== null) session.end('session-ended', objection.reason, ASK);
  }
  return session.ending;
}

/** Ends every session that falls under a revocation (L6); gives how many. */
export function endRevoked(house: Pick<House, 'sessions'>, revocation: Revocation): number {
  return house.sessions.endWhere((session) => hits(revocation, useOf(session)), wordsOf(revocation), ASK);
}

/** What can be revoked of a session. */
export function useOf({ id, identity, target, house }: Session): Use {
  return { identity, target, sessionId: id, connector: house.connectorOf(target) };
}
