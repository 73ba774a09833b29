/** What runs is judged as it is when it runs: a function may be replaced while a portal that calls it is suspended. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { bind, describe, execute, parse, query, RawClient, sync } from '../fixtures/raw-postgres.ts';

const POLICIES = `
@id("all") permit (principal, action, resource) unless { action == Action::"undetermined" };
@id("secrets") forbid (principal, action == Action::"select", resource is Table) when { resource.name == "secrets" } unless { context.person };
@id("told") forbid (principal, action == Action::"call", resource) when { resource.name == "told" };
`;

const TABLES = `
create table secrets (what text);
insert into secrets values ('secret');
create table people (name text);
insert into people values ('ann');
create table others (told text);
insert into others values ('x');
create function told(one people) returns text language plpgsql as $$ begin return 'told'; end $$;
create function said(i int) returns text language plpgsql as $$ begin return 'said'; end $$;
`;

const REPLACE =
  'create or replace function said(i int) returns text language plpgsql as $$ begin return (select max(what) from public.secrets); end $$';

let world: TestGateway;
before(async () => {
  world = await startGateway({ policies: { text: POLICIES }, postgres: { initSql: TABLES } });
});
after(() => world.close());

const raw = async (subject = 'agent') =>
  (await RawClient.open({ port: world.port, user: 'db', password: await world.token(subject) })).client;

const HARMLESS = REPLACE.replace('(select max(what) from public.secrets)', "'said'");

/** Somebody replaces the function who may read what it reads. */
async function replaced(): Promise<void> {
  const other = await raw('approver');
  assert.match(describe(await other.ask(query(REPLACE))), /C\(CREATE FUNCTION\)/);
  other.close();
}

test('a function that reads what its maker may not read is not made [postgres.statement-redefined]', async () => {
  await world.server.query(HARMLESS);
  const client = await raw();
  assert.equal(describe(await client.ask(query(REPLACE))), 'E(42501) ZI');
  assert.match(describe(await client.ask(query(HARMLESS))), /C\(CREATE FUNCTION\)/);
  client.close();
});

test('a portal does not go on with a function that was replaced [relay.names]', async () => {
  await world.server.query(HARMLESS);
  const client = await raw();
  await client.ask(query('begin'));
  const text = 'select said(g) from generate_series(1, 3) g';
  client.send(Buffer.concat([parse('', text), bind('p', ''), execute('p', 1), sync()]));
  assert.match(describe(await client.until('Z')), /D\(said\) s ZT/);
  await replaced();
  client.send(Buffer.concat([execute('p', 1), sync()]));
  assert.equal(describe(await client.until('Z')), 'E(42501) ZE');
  client.close();
});

test('a cursor does not go on with a function that was replaced [relay.names]', async () => {
  await world.server.query(HARMLESS);
  const client = await world.connect();
  await client.query('begin');
  await client.query('declare c cursor for select said(g) from generate_series(1, 3) g');
  assert.deepEqual((await client.query('fetch 1 from c')).rows, [{ said: 'said' }]);
  await replaced();
  await assert.rejects(client.query('fetch 1 from c'), /policy "secrets" forbids select/);
  await client.end();
});

test('the end of one transaction does not settle what a pipelined one behind it changed [postgres.statement-redefined]', async () => {
  await world.server.query(HARMLESS);
  const client = await raw();
  const rename = query('alter table people rename to humans');
  client.send(Buffer.concat([query('select pg_sleep(0.5)'), query('begin'), rename]));
  await client.until('Z');
  await client.until('Z');
  assert.match(describe(await client.until('Z')), /ZT$/);
  assert.equal(describe(await client.ask(query('select name from humans'))), 'E(42501) ZE');
  client.close();
});

test('a function called as a column is judged, whatever else has a column of its name [postgres.statement-actions]', async () => {
  const client = await world.connect();
  for (const sql of ['select (p).told from people p, others', 'select (null::people).told from others'])
    await assert.rejects(client.query(sql), /policy "told" forbids call/, sql);
  await client.end();
});
