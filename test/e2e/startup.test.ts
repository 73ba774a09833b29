/** What happens before the first statement: encryption, versions, start-up parameters, credentials, and who is refused. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as dial } from 'node:net';
import { after, before, test } from 'node:test';
import { connect as dialTls, type TLSSocket } from 'node:tls';
import pg from 'pg';
import { startOidcProvider } from '../../packages/cli/src/demo/oidc-provider.ts';
import { auditEntries } from '../fixtures/audit-entries.ts';
import { createCertificateAuthority } from '../fixtures/certificates.ts';
import { runCommand } from '../fixtures/commands.ts';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import {
  cancelRequest,
  describe,
  fieldsOf,
  frame,
  GSSENC_REQUEST,
  query,
  RawClient,
  SSL_REQUEST,
  startup,
  untyped,
} from '../fixtures/raw-postgres.ts';

const authority = createCertificateAuthority();
let world: TestGateway;
let plain: TestGateway;
before(async () => {
  const policies = { directory: 'test/fixtures/policies/allow-all' };
  world = await startGateway({ policies, tls: authority.server() });
  plain = await startGateway({ policies });
});
after(async () => {
  await Promise.all([world.close(), plain.close()]);
  authority.remove();
});

const USER = { user: 'db', database: 'postgres' };

async function secure(port: number, options: { readonly ALPNProtocols?: string[] }): Promise<TLSSocket> {
  const socket = dialTls({
    host: '127.0.0.1',
    port,
    ca: readFileSync(authority.caFile),
    servername: 'localhost',
    ...options,
  });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  return socket;
}

/** Logs in over a socket that is connected already. */
async function logIn(socket: TLSSocket, password: string): Promise<string> {
  const client = new RawClient(socket);
  client.send(startup(USER));
  await client.until('R');
  client.send(frame('p', password));
  await client.until('Z');
  const said = describe(await client.ask(query('select 1')));
  client.close();
  return said;
}

/** Sends what is given and returns the error the gateway closes with. */
async function refusal(
  port: number,
  ...frames: readonly Buffer[]
): Promise<Readonly<Record<string, string>>> {
  const client = await RawClient.dial(port);
  client.send(...frames);
  const said = await client.untilClosed();
  const error = said.find(({ type }) => type === 'E');
  assert.ok(error !== undefined, `expected an error, got ${describe(said)}`);
  return fieldsOf(error);
}

function entriesOf(gateway: TestGateway, type: string): ReturnType<typeof auditEntries> {
  return auditEntries(gateway).filter((entry) => entry.type === type);
}

test('protocol 3.0 and 3.2 are spoken; a newer minor is negotiated down, another major refused [e2e.startup]', async () => {
  const password = await plain.token('agent');
  const keyLength = async (minor: number) => {
    const { client, greeting } = await RawClient.open({ port: plain.port, user: 'db', password, minor });
    client.close();
    return (greeting.find(({ type }) => type === 'K')?.body.length ?? 0) - 4;
  };
  assert.deepEqual([await keyLength(0), await keyLength(2)], [4, 32]);
  const client = await RawClient.dial(plain.port);
  client.send(startup({ ...USER, '_pq_.future': 'on' }, 9_999));
  const [negotiation] = await client.until('R');
  assert.equal(negotiation?.type, 'v');
  assert.deepEqual([negotiation?.body.readInt32BE(0), negotiation?.body.readInt32BE(4)], [(3 << 16) | 2, 1]);
  assert.equal(negotiation?.body.toString('utf8', 8), '_pq_.future\0');
  client.send(frame('p', password));
  await client.until('Z');
  client.close();
  assert.match((await refusal(plain.port, untyped(2 << 16, Buffer.alloc(4)))).M ?? '', /protocol 2\.0/);
  assert.match((await refusal(plain.port, untyped(4 << 16, Buffer.alloc(4)))).M ?? '', /protocol 4\.0/);
});

test('GSSENCRequest is answered N, and the client goes on [e2e.startup]', async () => {
  const socket = dial(plain.port, '127.0.0.1');
  socket.write(GSSENC_REQUEST);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.equal(answer.toString(), 'N');
  socket.write(SSL_REQUEST);
  const [again] = (await once(socket, 'data')) as [Buffer];
  assert.equal(again.toString(), 'N');
  const client = new RawClient(socket);
  client.send(startup(USER));
  await client.until('R');
  client.send(frame('p', await plain.token('agent')));
  await client.until('Z');
  client.close();
});

test('TLS starts by SSLRequest or directly, and direct TLS needs its ALPN name [e2e.tls]', async () => {
  const password = await world.token('agent');
  const direct = await secure(world.port, { ALPNProtocols: ['postgresql'] });
  assert.equal(direct.alpnProtocol, 'postgresql');
  assert.equal(await logIn(direct, password), 'T D(1) C(SELECT 1) ZI');
  const nameless = await secure(world.port, {}).catch(() => null);
  if (nameless !== null) assert.deepEqual(await new RawClient(nameless).untilClosed(), []);
  const ssl = { ca: readFileSync(authority.caFile, 'utf8'), servername: 'localhost' };
  const client = await world.connect({ host: 'localhost', ssl });
  assert.deepEqual((await client.query('select 1 as one')).rows, [{ one: 1 }]);
  const psql = await runCommand('psql', ['-X', '-A', '-t', '-c', 'select 2'], {
    ...(await world.clientEnvironment()),
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: authority.caFile,
    PGHOST: 'localhost',
  });
  assert.deepEqual(psql, { code: 0, stdout: '2\n', stderr: '' });
});

test('plain text sent along with the SSLRequest is refused [e2e.tls]', async () => {
  const client = await RawClient.dial(world.port);
  client.send(SSL_REQUEST, startup({ user: 'stuffed', database: 'postgres' }));
  await client.untilClosed();
  assert.ok(!client.received.subarray(0, 1).equals(Buffer.from('S')), 'no handshake is offered');
  assert.match(client.received.toString('latin1'), /plain text follows/);
});

test('start-up parameters that could change what statements mean are refused [e2e.startup]', async () => {
  const hostile: Record<string, string>[] = [
    { options: '-c search_path=pg_temp' },
    { options: '-c role=postgres' },
    { options: '--standard_conforming_strings=off' },
    { options: '-f' },
    { replication: 'database' },
    { replication: 'true' },
    { role: 'postgres' },
    { session_authorization: 'postgres' },
    { search_path: 'closed' },
    { client_encoding: 'SJIS' },
    { standard_conforming_strings: 'off' },
  ];
  for (const parameters of hostile) {
    const fields = await refusal(plain.port, startup({ ...USER, ...parameters }));
    assert.equal(fields.S, 'FATAL', JSON.stringify(parameters));
    assert.equal(fields.C, '0A000', JSON.stringify(parameters));
  }
  const harmless = {
    application_name: 'probe',
    options: '-c statement_timeout=12s',
    client_encoding: 'utf8',
  };
  const login = { port: plain.port, user: 'db', password: await plain.token('agent') };
  const { client } = await RawClient.open({ ...login, parameters: harmless });
  assert.match(describe(await client.ask(query('show statement_timeout'))), /D\(12s\)/);
  client.close();
});

test('a bad, expired, foreign or missing token is refused with 28000, and recorded [e2e.unauthenticated]', async () => {
  const foreign = await startOidcProvider({
    audience: 'sallyport',
    personas: [{ sub: 'agent', name: 'agent', groups: ['agents'], kind: 'machine' }],
  });
  const tokens = {
    foreign: await foreign.token({ subject: 'agent' }),
    'for another audience': await plain.issuer.token({ subject: 'agent', audience: 'urn:another' }),
    expired: await plain.issuer.token({ subject: 'agent', claims: { exp: 1_700_000_000 } }),
    tampered: `${(await plain.token('agent')).slice(0, -6)}AAAAAA`,
    'no token': 'hunter2',
    empty: '',
  };
  await foreign.close();
  const before = entriesOf(plain, 'authentication-failed').length;
  for (const [what, token] of Object.entries(tokens)) {
    const client = await RawClient.dial(plain.port);
    client.send(startup(USER), frame('p', token));
    const error = (await client.untilClosed()).find(({ type }) => type === 'E');
    assert.ok(error !== undefined, what);
    const fields = fieldsOf(error);
    assert.equal(fields.C, what === 'empty' ? fields.C : '28000', what);
    assert.ok(token === '' || !client.received.includes(token), 'the token is not repeated');
  }
  const failed = entriesOf(plain, 'authentication-failed').slice(before);
  assert.ok(failed.length >= 5);
  for (const entry of failed) assert.equal(entry.target, 'db');
});

test('a target that does not exist is refused, and recorded [e2e.unknown-target]', async () => {
  const password = await plain.token('agent');
  for (const user of ['nowhere', 'DB', 'db\u00e9', "db' or 1=1"]) {
    const attempt = RawClient.open({ port: plain.port, user, password });
    await assert.rejects(attempt, /"C":"3D000"/, user);
  }
  assert.ok(entriesOf(plain, 'authentication-failed').some(({ target }) => target === 'nowhere'));
});

test('a database that does not exist, and a target that is down, are said to be so [e2e.target-unavailable]', async () => {
  const password = await plain.token('agent');
  await assert.rejects(
    RawClient.open({ port: plain.port, user: 'db', password, database: 'missing' }),
    /"C":"08001"/,
  );
  const down = await startGateway({ policies: { directory: 'test/fixtures/policies/allow-all' } });
  await down.server.stop();
  const attempt = RawClient.open({ port: down.port, user: 'db', password: await down.token('agent') });
  await assert.rejects(
    attempt,
    (error: Error) => /"C":"08001"/.test(error.message) && !error.message.includes(down.server.password),
  );
  await down.close();
});

test('a stranger whom no policy lets in is refused after authentication [e2e.unauthenticated, L2]', async () => {
  const strict = await startGateway();
  const attempt = RawClient.open({ port: strict.port, user: 'db', password: await strict.token('stranger') });
  await assert.rejects(attempt, /"C":"42501"/);
  await strict.close();
});

test('a cancel request with a key nobody has is ignored [e2e.cancel]', async () => {
  const client = await RawClient.dial(plain.port);
  client.send(cancelRequest(12_345, Buffer.from([1, 2, 3, 4])));
  assert.deepEqual(await client.untilClosed(), []);
});

test('the connector’s own credential is nowhere in what a client gets [e2e.startup, L7]', async () => {
  const client = await plain.connect();
  await assert.rejects(client.query('select 1/0'), pg.DatabaseError);
  const { client: raw } = await RawClient.open({
    port: plain.port,
    user: 'db',
    password: await plain.token('agent'),
  });
  raw.close();
  assert.ok(!raw.received.includes(plain.server.password));
  const log = JSON.stringify(auditEntries(plain));
  assert.ok(!log.includes(plain.server.password) && !log.includes(await plain.token('agent')));
});
