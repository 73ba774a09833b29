/** A statement that needs approval waits for people, runs exactly once or not at all, and leaves a session that goes on. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { AccessRequest, ApiError } from '@sallyport/contract';
import pg from 'pg';
import { auditEntries } from '../fixtures/audit-entries.ts';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import {
  bind,
  cancelRequest,
  describe,
  eventually,
  execute,
  fieldsOf,
  flush,
  parse,
  query,
  RawClient,
  sync,
} from '../fixtures/raw-postgres.ts';

const POLICIES = `
@id("everyone") permit (principal, action in [Action::"connect", Action::"connect_writable", Action::"transact", Action::"call", Action::"set"], resource);
@id("read") permit (principal, action == Action::"select", resource) when { resource.schema == "work" };
@id("write") @approval("approvers") permit (principal, action in Action::"write", resource);
`;

let world: TestGateway;
before(async () => {
  world = await startGateway({
    policies: { text: POLICIES },
    postgres: { initSql: 'create schema work; create table work.log (id serial, what text)' },
    config: 'approval: { expiry_seconds: 3 }',
  });
});
after(() => world.close());

const login = async (subject = 'agent') => ({
  port: world.port,
  user: 'db',
  password: await world.token(subject),
});
const connect = async () => (await RawClient.open(await login())).client;

async function rows(what: string): Promise<number> {
  const [row] = await world.server.query(`select count(*)::int as n from work.log where what = '${what}'`);
  return Number(row?.n);
}

/** The access request whose text has this in it, once it is open. */
function pending(marker: string): Promise<AccessRequest> {
  return eventually(`an access request about ${marker}`, async () => {
    const approver = await world.as('approver');
    const found = (await approver.listAccessRequests({ state: 'pending' })).accessRequests;
    return found.find(({ text }) => text?.includes(marker) === true);
  });
}

const insert = (what: string): string => `insert into work.log (what) values ('${what}')`;

test('the client is told what waits, who can approve, until when and under which id [e2e.hold-notice]', async () => {
  const client = await connect();
  client.send(query(insert('told')));
  const [notice] = await client.until('N');
  assert.ok(notice !== undefined);
  const request = await pending('told');
  const fields = fieldsOf(notice);
  assert.equal(fields.S, 'NOTICE');
  assert.ok(fields.M?.includes(request.id));
  assert.match(fields.D ?? '', /1 of group "approvers" until 20\d\d-\d\d-\d\dT.*Z: insert into work\.log/i);
  assert.ok(!fields.D?.includes("'told'"), 'the literal is left out');
  assert.match(fields.H ?? '', /sallyport approve/);
  await (await world.as('approver')).deny({ id: request.id, reason: 'only looking' });
  assert.equal(describe(await client.until('Z')), 'E(42501) ZI');
  client.close();
});

test('an approved statement runs exactly once, and its decision is recorded after the approval [e2e.hold-approve, L3]', async () => {
  const client = await connect();
  client.send(query(insert('once')));
  const request = await pending('once');
  assert.equal(await rows('once'), 0);
  const approver = await world.as('approver');
  await approver.approve({ id: request.id, reason: 'fine' });
  assert.equal(describe(await client.until('Z')), 'N(01000) C(INSERT 0 1) ZI');
  assert.equal(await rows('once'), 1);
  await assert.rejects(approver.approve({ id: request.id }), (error: ApiError) => error.status === 409);
  assert.equal(await rows('once'), 1);
  const about = auditEntries(world).filter(({ requestId }) => requestId === request.id);
  const types = about.map(({ type }) => type);
  assert.ok(types.indexOf('access-requested') < types.indexOf('access-decided'));
  assert.ok(types.indexOf('access-decided') < types.indexOf('decision'));
  assert.equal(about.find(({ type }) => type === 'decision')?.effect, 'permit');
  client.close();
});

test('a denied statement is refused with the reason and never runs [e2e.hold-deny]', async () => {
  const client = await connect();
  client.send(query(insert('refused')));
  await (await world.as('approver')).deny({ id: (await pending('refused')).id, reason: 'not on a Friday' });
  const said = await client.until('Z');
  const error = said.find(({ type }) => type === 'E');
  assert.match(fieldsOf(error ?? said[0] ?? { type: 'E', body: Buffer.alloc(0) }).M ?? '', /not on a Friday/);
  assert.equal(await rows('refused'), 0);
  assert.equal(
    describe(await client.ask(query('select count(*) from work.log where false'))),
    'T D(0) C(SELECT 1) ZI',
  );
  client.close();
});

test('what nobody decides in time is refused, and the session goes on [e2e.hold-expiry]', async () => {
  const client = await connect();
  assert.equal(describe(await client.ask(query(insert('late')))), 'N(01000) E(42501) ZI');
  assert.equal(describe(await client.ask(query('select 1'))), 'T D(1) C(SELECT 1) ZI');
  assert.equal(await rows('late'), 0);
  client.close();
});

test('a client that goes away cancels its access request [e2e.hold-disconnect]', async () => {
  const client = await connect();
  client.send(query(insert('gone')));
  const { id } = await pending('gone');
  client.close();
  const approver = await world.as('approver');
  await eventually('the access request is cancelled', async () =>
    (await approver.getAccessRequest({ id })).state === 'cancelled' ? true : undefined,
  );
  await assert.rejects(approver.approve({ id }));
  assert.equal(await rows('gone'), 0);
});

test('a cancel request ends the hold, and the session goes on [e2e.hold-cancel, e2e.cancel]', async () => {
  const { client, greeting } = await RawClient.open(await login());
  const key = greeting.find(({ type }) => type === 'K')?.body ?? Buffer.alloc(8);
  client.send(query(insert('cancelled')));
  const { id } = await pending('cancelled');
  const other = await RawClient.dial(world.port);
  other.send(cancelRequest(key.readInt32BE(0), key.subarray(4)));
  await other.untilClosed();
  assert.equal(describe(await client.until('Z')), 'N(01000) E(57014) ZI');
  assert.equal((await (await world.as('approver')).getAccessRequest({ id })).state, 'cancelled');
  assert.equal(describe(await client.ask(query('select 2'))), 'T D(2) C(SELECT 1) ZI');
  client.close();
});

test('nobody approves their own, and a machine never approves [e2e.hold-approver, L3]', async () => {
  const own = new pg.Client({ ...{ host: '127.0.0.1', database: 'postgres' }, ...(await login('approver')) });
  await own.connect();
  const refused = own.query(insert('own')).catch((error: pg.DatabaseError) => error.code);
  const request = await pending('own');
  for (const subject of ['approver', 'agent', 'stranger']) {
    const attempt = (await world.as(subject)).approve({ id: request.id });
    await assert.rejects(attempt, (error: ApiError) => error.status === 403 || error.status === 404, subject);
  }
  assert.equal(await refused, '42501');
  assert.equal(await rows('own'), 0);
  await own.end();
});

test('an approval is for these parameters, shown as they are bound [e2e.hold-parameters, L3]', async () => {
  const client = await connect();
  const text = 'insert into work.log (what) values ($1)';
  client.send(parse('s', text), bind('', 's', ['bound']), execute(), sync());
  const first = await pending('$1');
  assert.deepEqual(first.parameters, ['bound']);
  const approver = await world.as('approver');
  await approver.approve({ id: first.id });
  assert.equal(describe(await client.until('Z')), 'N(01000) 1 2 C(INSERT 0 1) ZI');
  // The same statement with another value is another operation, and the first approval is used up.
  client.send(bind('', 's', ['unbound']), execute(), sync());
  const second = await pending('$1');
  assert.notEqual(second.digest, first.digest);
  assert.deepEqual(second.parameters, ['unbound']);
  await approver.deny({ id: second.id, reason: 'no' });
  assert.equal(describe(await client.until('Z')), 'N(01000) E(42501) ZI');
  // Bytes that spell something are not shown as what they spell when they are bound as something else.
  client.send(parse('b', 'delete from work.log where id = $1', [23]));
  client.send(bind('', 'b', [Buffer.from('1000')], { parameters: [1] }), execute(), sync());
  const third = await pending('id = $1');
  assert.deepEqual(third.parameters, ['(binary) \\x31303030']);
  await approver.deny({ id: third.id, reason: 'no' });
  await client.until('Z');
  assert.deepEqual([await rows('bound'), await rows('unbound')], [1, 0]);
  client.close();
});

test('a policy that changes after the approval was given makes it worth nothing [e2e.hold-policy-change, L3]', async () => {
  const client = await connect();
  client.send(query(insert('overtaken')));
  const request = await pending('overtaken');
  const further = join(world.directory, 'policies', 'further.cedar');
  writeFileSync(further, '@id("freeze") forbid (principal, action == Action::"insert", resource);');
  assert.equal((await world.gateway.reloadPolicies()).inForce, true);
  const approver = await world.as('approver');
  await approver.approve({ id: request.id }).catch(() => undefined);
  assert.match(describe(await client.until('Z')), /^N\(01000\) E\(42501\) ZI$/);
  assert.equal(await rows('overtaken'), 0);
  rmSync(further);
  assert.equal((await world.gateway.reloadPolicies()).inForce, true);
  client.close();
});

test('what waits behind a message that fails is not run, and nobody is asked any more [e2e.hold-pipeline]', async () => {
  const client = await connect();
  client.send(
    ...[parse('', 'select 1 / (random() * 0)::int'), bind('', ''), execute()],
    ...[parse('', insert('behind')), bind('', ''), execute(), sync()],
  );
  assert.match(
    describe(await client.until('Z')),
    /^(?:N\(01000\) )?1 2 (?:1 )?(?:N\(01000\) )?E\(22012\) ZI$/,
  );
  const still = (await (await world.as('approver')).listAccessRequests({ state: 'pending' })).accessRequests;
  assert.equal(still.filter(({ text }) => text?.includes('behind')).length, 0);
  assert.equal(await rows('behind'), 0);
  assert.equal(describe(await client.ask(query('select 3'))), 'T D(3) C(SELECT 1) ZI');
  client.close();
});

test('statements before and after a held one keep their order [e2e.hold-pipeline]', async () => {
  const client = await connect();
  client.send(query('select 1'), query(insert('ordered')), query('select 2'), flush());
  // The notice may overtake what the server still has to say.
  const said = describe(await client.until('Z'));
  await (await world.as('approver')).approve({ id: (await pending('ordered')).id });
  const all = `${said} ${describe(await client.until('Z'))}`;
  assert.equal(all.replace('N(01000) ', ''), 'T D(1) C(SELECT 1) ZI C(INSERT 0 1) ZI');
  assert.equal(describe(await client.until('Z')), 'T D(2) C(SELECT 1) ZI');
  client.close();
});

test('a statement refused inside a transaction fails the transaction [e2e.hold-deny, e2e.transaction-state]', async () => {
  const client = await connect();
  await client.ask(query('begin'));
  client.send(query(insert('inside')));
  await (await world.as('approver')).deny({ id: (await pending('inside')).id, reason: 'no' });
  assert.equal(describe(await client.until('Z')), 'N(01000) E(42501) ZE');
  assert.equal(describe(await client.ask(query('commit'))), 'C(ROLLBACK) ZI');
  client.close();
});

test('a name that means something else by the time of the approval does not run [e2e.hold-replaced, L3]', async () => {
  await world.server.query('create schema if not exists first');
  const client = await connect();
  client.send(query("set search_path = first, work; insert into log (what) values ('replaced')"));
  await client.until('N');
  const request = await pending('replaced');
  await world.server.query('create table first.log (what text)');
  await (await world.as('approver')).approve({ id: request.id, reason: 'as I read it' });
  const refusal = (await client.until('Z')).find(({ type }) => type === 'E');
  assert.ok(refusal !== undefined);
  assert.match(fieldsOf(refusal).M ?? '', /was replaced/);
  const [there] = await world.server.query(
    "select count(*)::int as n from first.log where what = 'replaced'",
  );
  assert.deepEqual([await rows('replaced'), there?.n], [0, 0]);
  await world.server.query('drop schema first cascade');
  client.close();
});

test('an approval is worth nothing once a trigger on the table does something else [e2e.hold-replaced, L3]', async () => {
  const trigger = (what: string) =>
    world.server.query(`create or replace function work.stamp() returns trigger language plpgsql as
      $$ begin new.what := '${what}'; return new; end $$`);
  await trigger('as shown');
  await world.server.query(
    'create trigger stamp before insert on work.log for each row execute function work.stamp()',
  );
  const client = await connect();
  client.send(query(insert('stamped')));
  await client.until('N');
  const request = await pending('stamped');
  await trigger('another');
  await (await world.as('approver')).approve({ id: request.id, reason: 'the trigger is fine' });
  const refusal = (await client.until('Z')).find(({ type }) => type === 'E');
  assert.ok(refusal !== undefined);
  assert.match(fieldsOf(refusal).M ?? '', /was replaced/);
  assert.deepEqual([await rows('as shown'), await rows('another')], [0, 0]);
  await world.server.query('drop function work.stamp cascade');
  client.close();
});
