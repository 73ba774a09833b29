/** A TCP connection under TLS whose end is not taken for the end of TLS: only the peer's close_notify is. */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/**
 * Everything of the socket but its end. A TLS connection over it ends when the peer's close_notify was read (RFC 8446, 6.1)
 * and in no other way, which tells a peer that read everything from one that was killed.
 */
export function withoutEnd(socket: Socket): Duplex {
  const duplex = new Duplex({
    read: () => void socket.resume(),
    write: (chunk, _encoding, done) => void socket.write(chunk, done),
    final: (done) => void socket.end(done),
    // TLS is done with it before the peer's end of TCP is here; who opened the socket destroys it.
    destroy: (error, done) => done(error),
  });
  socket.on('data', (chunk) => {
    if (!duplex.push(chunk)) socket.pause();
  });
  socket.on('error', (error) => duplex.destroy(error));
  return duplex;
}
