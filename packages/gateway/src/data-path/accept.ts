import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { isLoopbackAddress } from '../lib/loopback.ts';
import type { Caller, Protocol } from '../protocols/protocol.ts';
import type { House } from './house.ts';

/**
 * Lets the protocol speak with a fresh socket until it has a credential. A client that is malformed, slow or gone
 * is the protocol's to answer; what it could not is recorded and the socket is closed. Null: there is no session.
 */
export async function accept(socket: Socket, protocol: Protocol, house: House): Promise<Caller | null> {
  const address = socket.remoteAddress ?? 'unknown';
  const violation = (reason: string): void => {
    try {
      // Nobody has said who they are yet: where they came from is all there is.
      const facts = { address, side: 'client' };
      house.audit.append({ type: 'violation', protocol: protocol.name, reason, facts });
    } catch (fault) {
      house.report(fault);
    }
  };
  try {
    return await protocol.accept(socket, { tls: house.tls, limits: house.limits, trusted, violation });
  } catch (fault) {
    violation(fault instanceof Error ? fault.message : 'the connection could not be understood');
    socket.destroy();
    return null;
  }
}

/** Whether a credential may be read from this socket: over TLS, or when it cannot have crossed a network. */
function trusted(socket: Socket | TLSSocket): boolean {
  return 'encrypted' in socket || isLoopbackAddress(socket.remoteAddress ?? '');
}
