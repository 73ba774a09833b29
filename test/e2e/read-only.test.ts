/** A session that may only read is read-only twice: as policy judges it, and at the server, whatever SQL says. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { auditEntries } from '../fixtures/audit-entries.ts';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';

/** Everything but changing; and, so that the server's own refusal is seen, what cannot be told about one schema. */
const POLICIES = `
@id("all") permit (principal, action, resource) unless { action == Action::"connect_writable" };
`;

const TRICKS = `
create schema tricks;
create table tricks.notes (what text);
create function tricks.undo() returns void language plpgsql as $$
  begin execute 'set default_transaction_' || 'read_only = off'; end $$;
create function tricks.write() returns void language plpgsql as $$
  begin execute 'insert into tricks.' || 'notes values (''written'')'; end $$;
`;

let world: TestGateway;
before(async () => {
  world = await startGateway({ policies: { text: POLICIES }, postgres: { initSql: TRICKS } });
});
after(() => world.close());

async function session(): Promise<{ client: pg.Client; ended: Promise<Error> }> {
  const client = await world.connect();
  const ended = new Promise<Error>((resolve) => client.on('error', resolve));
  return { client, ended };
}

async function refused(client: pg.Client, sql: string, code: string): Promise<string> {
  const error: unknown = await client.query(sql).then(
    () => assert.fail(`was not refused: ${sql}`),
    (fault: unknown) => fault,
  );
  assert.ok(error instanceof pg.DatabaseError);
  assert.equal(error.code, code, `${sql}: ${error.message}`);
  return error.message;
}

test('whatever changes something is denied, with the reason [e2e.read-only, L2]', async () => {
  const { client } = await session();
  const changes = [
    "insert into tricks.notes values ('x')",
    'create table tricks.other (a int)',
    'truncate tricks.notes',
    'grant select on tricks.notes to public',
    'begin read write',
    'set transaction read write',
    'start transaction isolation level serializable, read write',
    "prepare transaction 'x'",
    'select * from tricks.notes for update',
    "copy tricks.notes to program 'true'",
    'with w as (delete from tricks.notes returning *) select * from w',
  ];
  for (const sql of changes) assert.match(await refused(client, sql, '42501'), /the session is read-only/);
  assert.deepEqual((await client.query('select count(*)::int as n from tricks.notes')).rows, [{ n: 0 }]);
  assert.deepEqual((await client.query('show transaction_read_only')).rows, [
    { transaction_read_only: 'on' },
  ]);
  await client.query('begin read only');
  await client.query('rollback');
  await client.end();
});

test('what hides a change from policy is refused by the server [e2e.read-only]', async () => {
  const { client } = await session();
  await refused(client, 'select tricks.write()', '25006');
  await client.end();
});

test('a session to which what cannot be told is permitted still asks for no transaction that writes [e2e.read-only]', async () => {
  const { client } = await session();
  const asked = [
    'begin; set local transaction_read_only = off; select tricks.write(); commit',
    'begin; set transaction_read_only = 0; select tricks.write(); commit',
    "select set_config('transaction_read_only', 'off', true), tricks.write()",
  ];
  for (const sql of asked) await refused(client, sql, '42501');
  assert.deepEqual((await client.query('select count(*)::int as n from tricks.notes')).rows, [{ n: 0 }]);
  await client.end();
});

test('a session whose server stops being read-only is ended, and that is on record [e2e.read-only]', async () => {
  const { client, ended } = await session();
  const asked = client.query('select tricks.undo()').catch((fault: unknown) => fault);
  assert.match(String(await asked), /read-only/);
  await ended;
  const entries = auditEntries(world);
  const told = entries.find(
    ({ type, reason }) => type === 'violation' && reason === 'a read-only session stopped being read-only',
  );
  assert.ok(told !== undefined);
  const [row] = await world.server.query('select count(*)::int as n from tricks.notes');
  assert.equal(row?.n, 0);
});

test('the record says of every session whether it could change anything [e2e.read-only]', async () => {
  const { client } = await session();
  await client.end();
  const started = auditEntries(world).filter(({ type }) => type === 'session-started');
  assert.ok(started.length > 0);
  for (const { facts } of started) assert.equal((facts as { access?: string }).access, 'read-only');
});
