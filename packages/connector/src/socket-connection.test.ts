import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { BackendType, FrameReader, FrameWriter, FrontendType } from '@sallyport/postgres-wire';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../../../test/fixtures/certificates.ts';
import { connectorFor, openTarget } from '../../../test/fixtures/connector-targets.ts';
import { type PostgresServer, startPostgres } from '../../../test/fixtures/postgres-server.ts';
import type { Connector, TargetConnection } from './connector.ts';
import { ConnectorFault } from './fault.ts';

let server: PostgresServer;
let ca: CertificateAuthority;
let connector: Connector;

before(async () => {
  ca = createCertificateAuthority();
  server = await startPostgres({ auth: 'trust', tls: ca.server() });
  const address = { protocol: 'postgres', host: '127.0.0.1', port: server.port };
  const credential = { username: server.superuser };
  connector = connectorFor([
    { name: 'plain', ...address, tls: { mode: 'disable' }, credential },
    { name: 'tls', ...address, tls: { ca_file: ca.caFile }, credential },
  ]);
});

after(async () => {
  await server.stop();
  ca.remove();
});

const query = (sql: string): Buffer => new FrameWriter().begin(FrontendType.Query).string(sql).end().take();
/** About 12 MB; every row differs, so that a chunk delivered in the wrong place shows. */
const BULK = query('SELECT i, repeat(md5(i::text), 20) FROM generate_series(1, 18000) i');

/** Calls `done` when the reply is whole. */
function untilReady(done: () => void): (chunk: Buffer) => void {
  const reader = new FrameReader(1 << 20);
  return (chunk) => {
    reader.push(chunk, (type) => {
      if (type === BackendType.ReadyForQuery) done();
    });
  };
}

async function digestOf(connection: TargetConnection): Promise<string> {
  const hash = createHash('sha256');
  await new Promise<void>((resolve) => {
    const watch = untilReady(resolve);
    connection.onData((chunk) => {
      hash.update(chunk);
      watch(chunk);
    });
    connection.write(BULK);
  });
  connection.close();
  return hash.digest('hex');
}

/** A reader that takes a little, then a pause, so that writes to it stay pending. */
async function slowReader(): Promise<{ server: Server; digest: Promise<string>; socket: Socket }> {
  const listening = createServer();
  const digest = new Promise<string>((resolve) => {
    listening.once('connection', (socket) => {
      const hash = createHash('sha256');
      socket.on('data', (chunk) => {
        hash.update(chunk);
        socket.pause();
        setTimeout(() => socket.resume(), 1);
      });
      socket.once('end', () => {
        resolve(hash.digest('hex'));
        listening.close();
      });
    });
  });
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const socket = connect((listening.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  return { server: listening, digest, socket };
}

/** Relays one bulk reply as the data path does: the chunk itself is written, and kept while the write is pending. */
async function relayedDigest(connection: TargetConnection): Promise<string> {
  const { socket, digest } = await slowReader();
  await new Promise<void>((resolve) => {
    const watch = untilReady(resolve);
    connection.onData((chunk) => {
      watch(chunk);
      socket.write(chunk);
      if (socket.writableLength > 0) connection.keep();
      // Several chunks wait at once, so that one which is overwritten shows.
      if (socket.writableLength < 1 << 20) return;
      connection.pause();
      socket.once('drain', () => connection.resume());
    });
    connection.write(BULK);
  });
  socket.end();
  connection.close();
  return digest;
}

for (const target of ['plain', 'tls']) {
  test(`bulk replies to six slow readers at once arrive unchanged, ${target} [connector.private-memory]`, async () => {
    const expected = await digestOf(await openTarget(connector, target));
    const connections = await Promise.all(Array.from({ length: 6 }, () => openTarget(connector, target)));
    const digests = await Promise.all(connections.map(relayedDigest));
    assert.deepEqual(new Set(digests), new Set([expected]));
  });

  test(`a paused connection delivers nothing until it is resumed, ${target} [connector.backpressure]`, async () => {
    const connection = await openTarget(connector, target);
    let bytes = 0;
    let finished = false;
    const done = new Promise<void>((resolve) => {
      const watch = untilReady(() => {
        finished = true;
        resolve();
      });
      connection.onData((chunk) => {
        bytes += chunk.length;
        watch(chunk);
      });
    });
    connection.pause();
    connection.write(BULK);
    // The server has sent what the buffers between us take, and waits.
    await server.query('SELECT pg_sleep(0.1)');
    assert.equal(bytes, 0);
    assert.equal(finished, false);
    connection.resume();
    await done;
    assert.ok(bytes > 10_000_000);
    connection.close();
  });

  test(`pausing from inside the delivery stops it there, ${target} [connector.backpressure]`, async () => {
    const connection = await openTarget(connector, target);
    let resumed = true;
    await new Promise<void>((resolve) => {
      const watch = untilReady(resolve);
      connection.onData((chunk) => {
        assert.ok(resumed, 'a chunk came while paused');
        watch(chunk);
        resumed = false;
        connection.pause();
        setImmediate(() => {
          resumed = true;
          connection.resume();
        });
      });
      connection.write(BULK);
    });
    connection.close();
  });
}

test('kept chunks stay as they were while later ones are read [connector.private-memory]', async () => {
  const connection = await openTarget(connector, 'plain');
  const chunks: Buffer[] = [];
  const hash = createHash('sha256');
  await new Promise<void>((resolve) => {
    const watch = untilReady(resolve);
    connection.onData((chunk) => {
      watch(chunk);
      hash.update(chunk);
      chunks.push(chunk);
      connection.keep();
    });
    connection.write(BULK);
  });
  connection.close();
  assert.equal(createHash('sha256').update(Buffer.concat(chunks)).digest('hex'), hash.digest('hex'));
});

/** A server that trusts everyone, says `first` with the end of the login, and then does `next`. */
async function fakeServer(
  first: string,
  next: (socket: Socket) => void,
): Promise<{ connector: Connector; close: () => void }> {
  const fake = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      const writer = new FrameWriter().begin(BackendType.Authentication).int32(0).end();
      writer.begin(BackendType.ReadyForQuery).uint8(0x49).end();
      socket.write(Buffer.concat([writer.take(), Buffer.from(first)]));
      next(socket);
    });
  });
  fake.listen(0, '127.0.0.1');
  await once(fake, 'listening');
  const { port } = fake.address() as AddressInfo;
  const target = { name: 'fake', protocol: 'postgres', host: '127.0.0.1', port, tls: { mode: 'disable' } };
  return {
    connector: connectorFor([{ ...target, credential: { username: 'x' } }]),
    close: () => fake.close(),
  };
}

test('bytes that came with the end of the login are delivered first, once someone takes them [connector.early-bytes]', async () => {
  const fake = await fakeServer('early ', (socket) => setImmediate(() => socket.end('late')));
  const connection = await openTarget(fake.connector, 'fake');
  await new Promise((resolve) => setImmediate(resolve));
  let text = '';
  const closed = new Promise((resolve) => connection.onClose(resolve));
  connection.onData((chunk) => {
    text += chunk.toString();
  });
  assert.equal(text, '', 'nothing is delivered while handlers are being set');
  assert.equal(await closed, null);
  assert.equal(text, 'early late');
  fake.close();
});

test('early bytes wait while the connection is paused [connector.early-bytes]', async () => {
  const fake = await fakeServer('early', () => {});
  const connection = await openTarget(fake.connector, 'fake');
  let text = '';
  connection.pause();
  connection.onData((chunk) => {
    text += chunk.toString();
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(text, '');
  connection.resume();
  assert.equal(text, 'early');
  connection.close();
  fake.close();
});

test('a connection that breaks is reported with a fault that names the target [connector.close]', async () => {
  const fake = await fakeServer('', (socket) => setImmediate(() => socket.resetAndDestroy()));
  const connection = await openTarget(fake.connector, 'fake');
  const closed = new Promise<Error | null>((resolve) => connection.onClose(resolve));
  connection.onData(() => {});
  const fault = await closed;
  assert.ok(fault instanceof ConnectorFault);
  assert.equal(fault.code, 'connection-lost');
  fake.close();
});

test('a connection that closed before anyone asked still reports it [connector.close]', async () => {
  const fake = await fakeServer('', () => {});
  const connection = await openTarget(fake.connector, 'fake');
  connection.close();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await new Promise((resolve) => connection.onClose(resolve)), null);
  fake.close();
});

test('cancel is a fault where the server gave no key [connector.cancel]', async () => {
  const fake = await fakeServer('', () => {});
  const connection = await openTarget(fake.connector, 'fake');
  await assert.rejects(connection.cancel(), (fault) => fault instanceof ConnectorFault);
  connection.close();
  fake.close();
});
