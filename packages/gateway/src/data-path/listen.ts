import { createServer, type Socket } from 'node:net';
import { Fault } from '../lib/fault.ts';
import type { Protocol } from '../protocols/protocol.ts';
import type { House } from './house.ts';
import { serve } from './serve.ts';

export interface ListenAddress {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Most sockets open at once on this listener; further ones are closed unread. */
  readonly maxConnections: number;
}

export interface Listener {
  readonly protocol: string;
  readonly host: string;
  readonly port: number;
  /** Takes no more connections and closes the open ones. */
  close(): Promise<void>;
}

/** How long a closing listener waits for clients to go by themselves, in milliseconds. */
const LAST_WORD_MS = 500;

/** Opens the outer door of one protocol. Rejects with Fault `config-invalid` when the address cannot be used. */
export async function listen(protocol: Protocol, address: ListenAddress, house: House): Promise<Listener> {
  const sockets = new Set<Socket>();
  const serving = new Set<Promise<void>>();
  const server = createServer({ noDelay: true, pauseOnConnect: false }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    const served = serve(socket, protocol, house).catch((fault: unknown) => {
      house.report(fault);
      socket.destroy();
    });
    serving.add(served);
    void served.then(() => serving.delete(served));
  });
  server.maxConnections = address.maxConnections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const where = `${address.host}:${address.port}`;
      reject(
        new Fault('config-invalid', `cannot listen on ${where}: ${error.message}; choose another address`, {
          cause: error,
        }),
      );
    });
    server.listen(address.port, address.host, resolve);
  });
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
  return {
    protocol: protocol.name,
    host: address.host,
    port,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // Sessions were ended before: their clients get a moment to read why.
      const patience = setTimeout(() => destroyAll(sockets), LAST_WORD_MS);
      await closed;
      clearTimeout(patience);
      await Promise.all(serving);
    },
  };
}

function destroyAll(sockets: ReadonlySet<Socket>): void {
  for (const socket of sockets) socket.destroy();
}
