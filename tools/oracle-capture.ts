/**
 * Prints what a client really sends, one text after the other, over the tables of the benign corpus:
 * `node tools/oracle-capture.ts psql -X -c '\d'`. The client finds the server by PGHOST, PGPORT, PGUSER and PGDATABASE.
 * With SERVER=system it is the installed one, which pg_dump of the same version wants.
 */
import { spawn } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { BENIGN_SCHEMA } from '../test/benign/schema.ts';
import { startPostgres } from '../test/fixtures/postgres-server.ts';

const [command = '', ...flags] = process.argv.slice(2);
const server = await startPostgres({
  auth: 'trust',
  version: process.env.SERVER === 'system' ? 'system' : 'embedded',
});
await server.query('CREATE DATABASE shop');
await server.query(BENIGN_SCHEMA, 'shop');

const door = createServer((client) => {
  const target = connect(server.port, server.host);
  let bytes: Buffer = Buffer.alloc(0);
  let started = false;
  client.on('data', (chunk: Buffer) => {
    target.write(chunk);
    bytes = Buffer.concat([bytes, chunk]);
    for (;;) {
      const head = started ? 1 : 0;
      const end = bytes.length < head + 4 ? Number.POSITIVE_INFINITY : bytes.readInt32BE(head) + head;
      if (bytes.length < end) break;
      if (started) tell(String.fromCharCode(bytes[0] as number), bytes.subarray(5, end));
      // A request for encryption comes before the start-up packet, and is answered with "no".
      else started = bytes.readInt32BE(4) >> 16 === 3;
      bytes = bytes.subarray(end);
    }
  });
  target.pipe(client);
  for (const socket of [client, target]) {
    socket.on('error', () => undefined);
    socket.on('close', () => (socket === client ? target : client).destroy());
  }
});

function tell(type: string, body: Buffer): void {
  const from = type === 'P' ? body.indexOf(0) + 1 : 0;
  if (type !== 'Q' && type !== 'P') return;
  process.stdout.write(`${body.toString('utf8', from, body.indexOf(0, from)).trim()}\n-- ⏎\n`);
}

await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
const address = door.address();
const port = typeof address === 'object' && address !== null ? address.port : 0;
const child = spawn(command, flags, {
  stdio: ['inherit', 'ignore', 'inherit'],
  env: {
    ...process.env,
    PGHOST: '127.0.0.1',
    PGPORT: String(port),
    PGUSER: 'postgres',
    PGDATABASE: 'shop',
    PGSSLMODE: 'disable',
  },
});
await new Promise((resolve) => child.once('close', resolve));
door.close();
await server.stop();
