import { once } from 'node:events';
import { connect as dial } from 'node:net';
import type { ProtocolFixture } from './fixture.ts';

/** Sends chunks, each on its own, and reads until the gateway closes; with `leave`, half-closes after the last. */
export async function sendAndDrain(port: number, chunks: readonly Buffer[], leave = false): Promise<void> {
  const socket = dial(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.resume();
  socket.setNoDelay(true);
  await once(socket, 'connect');
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  for (const chunk of chunks) socket.write(chunk);
  if (leave) socket.end();
  await closed;
}

/** Sends chunks with a turn of the loop between them, and reads until the reply is complete. */
export async function talk(port: number, chunks: readonly Buffer[], fixture: ProtocolFixture): Promise<void> {
  const socket = dial(port, '127.0.0.1');
  socket.setNoDelay(true);
  await once(socket, 'connect');
  let received = Buffer.alloc(0);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    if (fixture.conversation.complete(received)) resolve();
  });
  socket.on('error', reject);
  socket.on('close', () => reject(new Error(`closed after ${received.toString('latin1')}`)));
  for (const chunk of chunks) {
    socket.write(chunk);
    await new Promise((next) => setImmediate(next));
  }
  await promise;
  socket.destroy();
}

export function batches<T>(items: readonly T[], size: number): T[][] {
  const all: T[][] = [];
  for (let at = 0; at < items.length; at += size) all.push(items.slice(at, at + size));
  return all;
}

/** A small seeded generator (Lehmer); good enough to choose bytes. */
export function randomOf(seed: number): (below: number) => number {
  let state = (Math.abs(Math.trunc(seed)) % 2_147_483_646) + 1;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return Math.floor((state / 2_147_483_647) * below);
  };
}
