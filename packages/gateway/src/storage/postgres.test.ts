/** What a store on PostgreSQL does besides what every store does (tables.test.ts). */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../../../../test/fixtures/certificates.ts';
import { type PostgresServer, startPostgres } from '../../../../test/fixtures/postgres-server.ts';
import { eventually } from '../../../../test/fixtures/raw-postgres.ts';
import { postgresSection, schemaOf } from '../../../../test/fixtures/store.ts';
import type { Fault } from '../lib/fault.ts';
import { openStorage, type Storage, storageSection } from './index.ts';
import { request, session } from './rows.fixture.ts';

const clock = { now: () => 0, elapsed: () => 0 };
let server: PostgresServer;
let authority: CertificateAuthority;
const directory = mkdtempSync(join(tmpdir(), 'sallyport-stores-'));

before(async () => {
  authority = createCertificateAuthority();
  server = await startPostgres({ tls: authority.server(['localhost', 'store.example']) });
});
after(async () => {
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
  authority.remove();
});

/** A folder, and with it a schema, of the test's own. */
const place = (t: TestContext): string => {
  const own = mkdtempSync(join(directory, 's'));
  t.after(() => rmSync(own, { recursive: true, force: true }));
  return own;
};

interface Opening {
  readonly at?: PostgresServer;
  readonly postgres?: Record<string, unknown>;
  readonly section?: Record<string, unknown>;
  readonly environment?: Record<string, string>;
  readonly report?: (fault: unknown) => void;
}

async function open(t: TestContext, folder: string, opening: Opening = {}): Promise<Storage> {
  const { at = server, postgres = {}, section = {}, environment = {}, report = () => undefined } = opening;
  const config = storageSection.parse({
    ...{ directory: folder, postgres: { ...postgresSection(at, folder), ...postgres } },
    ...section,
  });
  const storage = await openStorage(config, { clock, environment, report });
  t.after(() => storage.close());
  return storage;
}

const replica = (name: string): Opening => ({ section: { replica: name } });

test('gateways that start at once bring a new store up to date together [storage.migration-lock]', async (t) => {
  const folder = place(t);
  const names = ['a', 'b', 'c', 'd', 'e'];
  const stores = await Promise.all(names.map((name) => open(t, folder, replica(name))));
  await stores[0]?.sessions.record({ started: [session('s')] });
  assert.equal((await stores[4]?.sessions.find('s'))?.replica, 'a');
});

test('a store of a newer gateway is refused, and says which step it has [storage.forward-only]', async (t) => {
  const folder = place(t);
  await (await open(t, folder)).close();
  await server.query(
    `insert into ${schemaOf(folder)}.kysely_migration values ('9999-from-the-future', '2100-01-01')`,
  );
  await assert.rejects(open(t, folder), { code: 'storage-unavailable', message: /newer gateway.*9999-from/ });
});

test('a migration table of somebody else in the same database is nobody’s concern [storage.forward-only]', async (t) => {
  await server.query('create table if not exists public.kysely_migration (name text, timestamp text)');
  await server.query("insert into public.kysely_migration values ('somebody-elses', 'x')");
  t.after(() => server.query('drop table public.kysely_migration'));
  await (await open(t, place(t))).sessions.record({ started: [session('s')] });
});

test('a name is one gateway’s, for as long as it runs [storage.replica-name]', async (t) => {
  const folder = place(t);
  const first = await open(t, folder, replica('one'));
  await assert.rejects(open(t, folder, replica('one')), {
    code: 'config-invalid',
    message: /"one" uses this store.*storage\.replica/,
  });
  await open(t, folder, replica('two'));
  await first.close();
  await open(t, folder, replica('one'));
});

test('what an earlier run left is ended by its own gateway only [storage.restart]', async (t) => {
  const folder = place(t);
  const [one, two] = [await open(t, folder, replica('one')), await open(t, folder, replica('two'))];
  for (const [store, name] of [
    [one, '1'],
    [two, '2'],
  ] as const) {
    await store.sessions.record({ started: [session(name)] });
    await store.accessRequests.opened(request(name));
  }
  assert.equal(await one.sessions.endOpen('stopped', 5), 1);
  assert.equal(await one.accessRequests.failPending(5), 1);
  assert.equal((await one.sessions.find('2'))?.ended_at, null);
  assert.equal((await one.accessRequests.find('2'))?.request.state, 'pending');
  assert.equal(await two.sessions.endOpen('stopped', 5, { isOpen: (id) => id === '2' }), 0);
  await one.sessions.askEnd('2', 'please', 6);
  assert.deepEqual([await one.sessions.endsAsked(), (await two.sessions.endsAsked()).length], [[], 1]);
});

test('the password comes from a file or a variable, anew at each login, and is in no fault [storage.password]', async (t) => {
  const folder = place(t);
  const { passwordFile: _, ...rest } = postgresSection(server, folder);
  const bare = { passwordFile: undefined };
  await assert.rejects(open(t, folder, { postgres: bare }), { message: /asks for a password/ });
  await assert.rejects(open(t, folder, { postgres: { ...bare, passwordEnv: 'NOT_SET' } }), {
    message: /NOT_SET is not set/,
  });
  const environment = { STORE_PASSWORD: server.password };
  await open(t, folder, { postgres: { ...bare, passwordEnv: 'STORE_PASSWORD' }, environment });
  writeFileSync(join(folder, 'wrong'), 'hunter2-is-wrong\n');
  const wrong = await open(t, folder, { postgres: { passwordFile: join(folder, 'wrong') } }).catch(
    (fault: Fault) => fault,
  );
  assert.match((wrong as Fault).message, /28P01.*password/);
  assert.doesNotMatch(inspect(wrong, { depth: 20, showHidden: true }), /hunter2/);
  const section = { host: rest.host, username: 'u', password: 'in-the-file' };
  assert.throws(() => storageSection.parse({ postgres: section }), /no secret in the file/);
});

test('what the server says of a row is not in a fault [storage.no-rows-in-faults]', async (t) => {
  const storage = await open(t, place(t));
  const row = { ...request('r', { text: 'TOPSECRET-TEXT' }), reason: null } as unknown as ReturnType<
    typeof request
  >;
  const fault: unknown = await storage.accessRequests.opened(row).catch((error: unknown) => error);
  assert.match((fault as Fault).message, /SQLSTATE 23502/);
  assert.doesNotMatch(inspect(fault, { depth: 20, showHidden: true }), /TOPSECRET/);
  await assert.rejects(
    storage.sessions.record({ started: [{ ...session('s'), subject: null } as never] }),
    (error: Error) => !inspect(error).includes('shop'),
  );
});

test('over TLS the authority and the name are checked, of addresses too [storage.tls]', async (t) => {
  const folder = place(t);
  const tls = (more: Record<string, unknown>, host = '127.0.0.1') =>
    open(t, folder, { postgres: { host, tls: more } });
  // Trusted by nobody else: the authorities that come with Node do not know it.
  await assert.rejects(tls({ mode: 'verify-full' }), { code: 'storage-unavailable' });
  // The certificate is for localhost and store.example: node-postgres by itself would take it for any address.
  await assert.rejects(tls({ caFile: authority.caFile }), {
    code: 'storage-unavailable',
    message: /ALTNAME/,
  });
  await assert.rejects(tls({ caFile: authority.caFile, serverName: 'other.example' }), {
    message: /ALTNAME/,
  });
  const storage = await tls({ caFile: authority.caFile, serverName: 'store.example' });
  await storage.close();
  const named = await tls({ caFile: authority.caFile }, 'localhost');
  const [row] = await server.query(
    "select bool_and(ssl) as all from pg_stat_ssl join pg_stat_activity using (pid) where application_name like 'sallyport%'",
  );
  assert.equal(row?.all, true);
  await named.close();
  const elsewhere = { host: 'db.corp.example', username: 'u' };
  assert.throws(
    () => storageSection.parse({ postgres: { ...elsewhere, tls: { mode: 'disable' } } }),
    /loopback only/,
  );
});

test('a role with the rights that the documentation lists is enough [storage.least-rights]', async (t) => {
  const folder = place(t);
  const schema = schemaOf(folder);
  await server.query(`create role gate login password 'gate-password';
    create schema ${schema} authorization gate; revoke create on schema public from public`);
  writeFileSync(join(folder, 'gate'), 'gate-password');
  const rights = { postgres: { username: 'gate', passwordFile: join(folder, 'gate') } };
  const [one, two] = [
    await open(t, folder, { ...rights, ...replica('one') }),
    await open(t, folder, { ...rights, ...replica('two') }),
  ];
  const heard: (string | null)[] = [];
  two.bus.subscribe('topic', (id) => void heard.push(id));
  await one.sessions.record({ started: [session('s')] });
  await one.bus.publish('topic', 's');
  await eventually('the word arrives', () => (heard.includes('s') ? true : undefined));
  await assert.rejects(open(t, place(t), rights), { code: 'storage-unavailable', message: /42501.*rights/ });
});

test('a table of the same name elsewhere in the search path of the role is not ours [storage.schema]', async (t) => {
  const folder = place(t);
  await server.query('create table public.session (id text)');
  t.after(() => server.query('drop table public.session'));
  const storage = await open(t, folder);
  await storage.sessions.record({ started: [session('s')] });
  assert.deepEqual(await server.query('select * from public.session'), []);
  assert.equal((await server.query(`select id from ${schemaOf(folder)}.session`)).length, 1);
});

test('word reaches every gateway, and what was lost while one was away is looked for [storage.bus]', async (t) => {
  const folder = place(t);
  const [one, two] = [await open(t, folder, replica('one')), await open(t, folder, replica('two'))];
  const heard = { one: [] as string[], two: [] as (string | null)[] };
  one.bus.subscribe('topic', (id) => void heard.one.push(String(id)));
  two.bus.subscribe('topic', (id) => void heard.two.push(id));
  await one.bus.publish('topic', 'first');
  await eventually('the word arrives', () => (heard.two.includes('first') ? true : undefined));
  assert.deepEqual([...heard.one, ...heard.two], ['first', 'first']);
  // Whoever may write to the database can say anything: what is no word is nothing.
  for (const payload of [
    '',
    'x',
    'a b',
    '* * *',
    'me topic',
    `me topic ${'x'.repeat(300)}`,
    'me unknown-topic x',
  ])
    await server.query(`select pg_notify('${schemaOf(folder)}_bus', '${payload}')`);
  await server.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'sallyport two'",
  );
  await eventually('it looks at everything', () => (heard.two.includes(null) ? true : undefined));
  await two.bus.publish('topic', 'second');
  await eventually('it is heard again', () => (heard.one.includes('second') ? true : undefined));
  assert.deepEqual(heard.one, ['first', 'second']);
});
