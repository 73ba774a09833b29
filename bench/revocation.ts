/** How long a revocation takes to reach every client it ends: real sockets, a real PostgreSQL behind. */
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { createClient } from '@sallyport/contract';
import { Client } from 'pg';
import { openMany } from './idle.ts';
import type { Stand } from './stand.ts';
import { printTable } from './table.ts';

const SESSIONS = 1_000;
const BUSY = 100;

export async function benchRevocation(stand: Stand, rounds: number): Promise<void> {
  const route = stand.routes.find(({ name }) => name === 'sallyport');
  if (route?.controlPlane === undefined) throw new Error('the stand has no gateway');
  const password =
    readFileSync(route.env.PGPASSFILE ?? '', 'utf8')
      .trim()
      .split(':')
      .at(-1) ?? '';
  const token = await stand.surroundings.token('guard');
  const client = createClient({ baseUrl: route.controlPlane, token });
  const { host, port, superuser, password: own } = stand.surroundings.server;
  const watcher = new Client({ host, port, user: superuser, password: own, database: 'postgres' });
  await watcher.connect();
  const rows: string[][] = [];
  for (let round = 0; round < rounds; round += 1) {
    const sockets = await openMany(SESSIONS, route.env, password);
    for (const socket of sockets.slice(0, BUSY)) socket.write(sleeping());
    await runs(watcher, BUSY);
    const began = performance.now();
    const told = sockets.map((socket) => first(socket, 'data', began));
    const closed = sockets.map((socket) => first(socket, 'close', began));
    const { revocation, ended } = await client.revoke({ kind: 'actor', value: 'agent-1', reason: 'bench' });
    const answered = performance.now() - began;
    const times = [await Promise.all(told), await Promise.all(closed)].map((all) =>
      all.toSorted((a, b) => a - b),
    );
    await runs(watcher, 0);
    const stopped = performance.now() - began;
    await client.liftRevocation({ id: revocation.id, reason: 'bench' });
    const [words = [], ends = []] = times;
    const figures = [answered, at(words, 0.5), at(words, 1), at(ends, 0.5), at(ends, 1), stopped];
    rows.push([String(ended), ...figures.map((ms) => ms.toFixed(0))]);
  }
  await watcher.end();
  printTable(
    `revoking an actor with ${SESSIONS} sessions, ${BUSY} of them running a statement, in milliseconds`,
    ['ended', 'answered', 'told p50', 'told last', 'closed p50', 'closed last', 'server idle'],
    rows,
  );
}

function first(socket: Socket, event: 'data' | 'close', began: number): Promise<number> {
  return new Promise((resolve) => {
    socket.once(event, () => resolve(performance.now() - began));
    socket.resume();
  });
}

function sleeping(): Buffer {
  const text = Buffer.from('select pg_sleep(600)\0');
  const head = Buffer.alloc(5);
  head.write('Q');
  head.writeInt32BE(text.length + 4, 1);
  return Buffer.concat([head, text]);
}

/** Resolves when so many backends run a statement of these. Looks by one connection: each new one is work for the server. */
async function runs(watcher: Client, count: number): Promise<void> {
  const sql = `select 1 from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'`;
  while ((await watcher.query(sql)).rowCount !== count)
    await new Promise((resolve) => setTimeout(resolve, 20));
}

function at(sorted: readonly number[], part: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN;
}
