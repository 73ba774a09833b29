/** What an idle session costs: resident memory of the gateway with many open, and without. */

import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { residentBytes } from './processes.ts';
import type { Stand } from './stand.ts';
import { printTable } from './table.ts';

const SESSIONS = 1_000;
const WARM_SESSIONS = 250;
const AT_ONCE = 20;
/** Recordings close their files, and the collector comes round. */
const SETTLE_MS = 10_000;

export async function benchIdle(stand: Stand): Promise<void> {
  const rows: string[][] = [];
  for (const route of stand.routes.filter(({ name }) => name !== 'direct')) {
    if (route.pid === null) continue;
    const password =
      readFileSync(route.env.PGPASSFILE ?? '/dev/null', 'utf8')
        .trim()
        .split(':')
        .at(-1) ||
      route.env.PGPASSWORD ||
      '';
    // What the first sessions cost once, a worker or a grown heap, is not what one more costs.
    const sockets = await openMany(WARM_SESSIONS, route.env, password);
    await settled();
    const before = residentBytes(route.pid);
    sockets.push(...(await openMany(SESSIONS, route.env, password)));
    await settled();
    const after = residentBytes(route.pid);
    rows.push([route.name, String(SESSIONS), ((after - before) / SESSIONS / 1024).toFixed(1)]);
    for (const socket of sockets) socket.destroy();
  }
  printTable('idle sessions, plain', ['route', 'sessions', 'KB each'], rows);
}

/** Sessions that were greeted and do nothing. */
export async function openMany(
  count: number,
  env: Readonly<Record<string, string>>,
  password: string,
): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const more = Math.min(AT_ONCE, count - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: more }, () => open(env, password)))));
  }
  return sockets;
}

function settled(): Promise<void> {
  return new Promise((done) => setTimeout(done, SETTLE_MS));
}

/** A session that was greeted and does nothing: raw, so that the client costs nothing either. */
function open(env: Readonly<Record<string, string>>, password: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(env.PGPORT), env.PGHOST ?? '127.0.0.1');
    const startup = Buffer.from(`\0\x03\0\0user\0${env.PGUSER}\0database\0${env.PGDATABASE}\0\0`, 'latin1');
    let received = Buffer.alloc(0);
    let answered = false;
    socket.on('connect', () => socket.write(framed(startup)));
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (!answered && received[0] === 0x52) {
        answered = true;
        socket.write(Buffer.concat([Buffer.from('p'), framed(Buffer.from(`${password}\0`))]));
      }
      if (received.subarray(-6).equals(Buffer.from('Z\0\0\0\x05I', 'latin1'))) {
        socket.removeAllListeners('data');
        resolve(socket);
      } else if (received[0] === 0x45) reject(new Error(received.toString('latin1')));
    });
  });
}

function framed(body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([length, body]);
}
