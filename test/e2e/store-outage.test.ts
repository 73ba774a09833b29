/** A gateway whose store is on PostgreSQL, while that server is there, is away, hangs, and comes back. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { AccessRequest, ApiError } from '@sallyport/contract';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { type PostgresServer, startPostgres } from '../fixtures/postgres-server.ts';
import { describe, eventually, fieldsOf, query, RawClient } from '../fixtures/raw-postgres.ts';
import { storageYaml } from '../fixtures/store.ts';

const POLICIES = `
@id("everyone") permit (principal, action in [Action::"connect", Action::"connect_writable", Action::"transact", Action::"call", Action::"set"], resource);
@id("read") permit (principal, action == Action::"select", resource) when { resource.schema == "work" };
@id("write") @approval("approvers") permit (principal, action in Action::"write", resource);
`;
const READ = query('select count(*) from work.log where false');
const READ_REPLY = 'T D(0) C(SELECT 1) ZI';

let store: PostgresServer;
let world: TestGateway;
before(async () => {
  store = await startPostgres();
  world = await startGateway({
    policies: { text: POLICIES },
    postgres: { initSql: 'create schema work; create table work.log (id serial, what text)' },
    config: storageYaml(store, 'main'),
  });
});
after(async () => {
  await world?.close();
  await store?.stop();
});

const connect = async () =>
  (await RawClient.open({ port: world.port, user: 'db', password: await world.token('agent') })).client;
const insert = (what: string) => query(`insert into work.log (what) values ('${what}')`);
const approver = () => world.as('approver');
const rows = async (what: string) =>
  Number((await world.server.query(`select count(*)::int as n from work.log where what = '${what}'`))[0]?.n);

function pending(marker: string): Promise<AccessRequest> {
  return eventually(`an access request about ${marker}`, async () =>
    (await (await approver()).listAccessRequests({ state: 'pending' })).accessRequests.find(
      ({ text }) => text?.includes(marker) === true,
    ),
  );
}

/** Approves what this client sends, all the way. */
async function runsApproved(client: RawClient, what: string): Promise<string> {
  client.send(insert(what));
  const { id } = await pending(what);
  await (await approver()).approve({ id });
  assert.equal(describe(await client.until('Z')), 'N(01000) C(INSERT 0 1) ZI');
  assert.equal(await rows(what), 1);
  return id;
}

/** It works again by itself, which may take a second. */
async function recovers(client: RawClient, what: string): Promise<void> {
  await eventually('the store is used again', async () => {
    try {
      await (await world.as('guard')).listSessions({});
      return true;
    } catch {
      return undefined;
    }
  });
  await runsApproved(client, what);
}

test('hold, approve, run over a store on PostgreSQL [storage.outage]', async () => {
  const client = await connect();
  const id = await runsApproved(client, 'first');
  const [row] = await store.query(
    `select state, text, redeemed_at is not null as used from sallyport.access_request where id = '${id}'`,
  );
  assert.deepEqual([row?.state, row?.used], ['approved', true]);
  assert.match(String(row?.text), /'first'/);
  client.close();
});

test('while the server is away reads go on, what needs people is denied and says why, and it comes back by itself [storage.outage]', async () => {
  const client = await connect();
  client.send(insert('held'));
  const held = await pending('held');
  const leaving = await connect();
  leaving.send(insert('left'));
  const left = await pending('left');
  await store.halt();
  // Deciding over the control plane takes the store, for what is sent twice; the hold goes on meanwhile.
  await assert.rejects(
    (await approver()).approve({ id: held.id }),
    (fault: ApiError) => fault.status === 503,
  );
  leaving.close();
  const other = await connect();
  assert.equal(describe(await other.ask(READ)), READ_REPLY);
  other.close();
  const late = await connect();
  assert.equal(describe(await late.ask(READ)), READ_REPLY);
  const refused = await late.ask(insert('nobody-asked'));
  assert.match(describe(refused), /E\(\w{5}\) ZI$/);
  const error = refused.find(({ type }) => type === 'E');
  assert.match(fieldsOf(error ?? { type: 'E', body: Buffer.alloc(0) }).M ?? '', /access request/);
  await assert.rejects((await world.as('guard')).listSessions({}), (fault: ApiError) => fault.status === 503);
  await store.resume();
  await recovers(late, 'after-halt');
  await (await approver()).approve({ id: held.id });
  assert.equal(describe(await client.until('Z')), 'N(01000) C(INSERT 0 1) ZI');
  assert.equal(await rows('held'), 1);
  assert.equal(await rows('nobody-asked'), 0);
  // What the store missed is in it again: the session that opened meanwhile, and nothing that waits for ever.
  await eventually('the session that opened meanwhile is listed', async () =>
    (await (await world.as('guard')).listSessions({ open: true })).sessions.length === 2 ? true : undefined,
  );
  await eventually('nothing is pending', async () =>
    (await store.query("select id from sallyport.access_request where state = 'pending'")).length === 0
      ? true
      : undefined,
  );
  // Not failed, as what a gateway lost would be: it is told how it ended.
  assert.equal((await (await approver()).getAccessRequest({ id: left.id })).state, 'cancelled');
  late.close();
  client.close();
});

test('connections that are cut are made anew [storage.outage]', async () => {
  const client = await connect();
  await store.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'sallyport%'",
  );
  await recovers(client, 'after-cut');
  client.close();
});

test('a server that hangs holds up nobody who does not need it, and is used again [storage.outage, storage.bounded]', async () => {
  const client = await connect();
  store.signal('SIGSTOP');
  try {
    assert.equal(describe(await client.ask(READ)), READ_REPLY);
    const tries = Array.from({ length: 30 }, async () =>
      (await world.as('guard')).listSessions({}).then(
        () => 'listed',
        (fault: ApiError) => fault.status,
      ),
    );
    assert.deepEqual(new Set(await Promise.all(tries)), new Set([503]));
    assert.equal(describe(await client.ask(READ)), READ_REPLY);
  } finally {
    store.signal('SIGCONT');
  }
  await recovers(client, 'after-hang');
  client.close();
});

test('no fault of all this names the password or a statement [storage.password]', () => {
  const told = world.faults
    .map((fault) => (fault instanceof Error ? `${fault.stack} ${String(fault.cause)}` : String(fault)))
    .join('\n');
  assert.ok(told.length > 0);
  assert.ok(!told.includes(store.password));
  for (const what of ['held', 'nobody-asked', 'after-hang']) assert.ok(!told.includes(`'${what}'`), what);
});
