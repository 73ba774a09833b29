import type { Socket } from 'node:net';
import type { Possession, Protocol } from '../protocols/protocol.ts';
import { accept } from './accept.ts';
import { authenticate } from './authenticate.ts';
import type { House } from './house.ts';
import { judge, judgePreparation } from './judge.ts';
import { lineOf } from './line.ts';
import { reach } from './reach.ts';
import { closeSession, openSession } from './session-record.ts';

/**
 * The one way in (L5), for every protocol:
 *
 *     accept ─► authenticate ─► decide ─► record decision ─► forward ─► mask ─► record reply ─► client
 *
 * The first two and the decision to connect happen here, once. The rest happens for each operation: the protocol's
 * relay cuts the client's bytes into operations and hands each to `judge`, whose permit is the only key to the target.
 */
export async function serve(socket: Socket, protocol: Protocol, house: House): Promise<void> {
  // Now: a socket that closed has none.
  const address = socket.remoteAddress ?? 'unknown';
  const caller = await accept(socket, protocol, house);
  if (caller === null) return;
  const attendant = house.onlooker?.arrived(protocol);
  const admission = await authenticate(caller, protocol, address, house);
  attendant?.authenticated(admission.effect === 'deny' ? admission.denial : admission.session);
  if (admission.effect === 'deny') return caller.refuse(admission.denial);
  const { session, standing } = admission;
  const target = await reach(session, protocol);
  attendant?.reached(target.effect === 'deny' ? target.denial : null);
  if (target.effect === 'deny') return caller.refuse(target.denial);
  openSession(session);
  const confirm = (possession: Possession) =>
    house.identity.confirm(session.identity, caller.credential, possession);
  const line = lineOf(session, { standing, target: target.link, confirm, protocol, judge, judgePreparation });
  try {
    await caller.relay(attendant?.along(line) ?? line);
  } finally {
    await closeSession(session, target.link);
    attendant?.left();
  }
}
