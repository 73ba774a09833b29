/** Ending sessions while something is under way in them: at the target, before people, or between two messages. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readLog } from '@sallyport/audit-log';
import { startGateway, type TestGateway } from '../../fixtures/gateway.ts';
import { eventually, fieldsOf, query, RawClient } from '../../fixtures/raw-postgres.ts';

let world: TestGateway;

before(async () => {
  world = await startGateway({
    postgres: {
      initSql: `CREATE SCHEMA monitoring; CREATE TABLE monitoring.checks AS SELECT generate_series(1, 10) AS id`,
    },
  });
});
after(() => world.close());

async function connect(): Promise<{ client: RawClient; id: string }> {
  const known = new Set((await sessions()).map(({ id }) => id));
  const { client } = await RawClient.open({
    port: world.port,
    user: 'db',
    password: await world.token('agent'),
  });
  const id = await eventually(
    'the session is listed',
    async () => (await sessions()).find((one) => !known.has(one.id))?.id,
  );
  return { client, id };
}

const sessions = async () => (await (await world.as('guard')).listSessions({ open: true })).sessions;

const running = (text: string) =>
  world.server.query(
    `SELECT pid FROM pg_stat_activity WHERE state <> 'idle' AND query LIKE '${text}%' AND pid <> pg_backend_pid()`,
  );

test('an operator ends a session while its statement runs: the client is told, the server stops [control-plane.end-session, L6]', async () => {
  const { client, id } = await connect();
  client.send(query('SELECT pg_sleep(600) AS long_one'));
  await eventually('it runs', async () =>
    (await running('SELECT pg_sleep')).length === 1 ? true : undefined,
  );
  const ended = await (await world.as('guard')).endSession({ id, reason: 'it runs too long' });
  assert.equal(ended.id, id);
  const last = (await client.untilClosed()).find(({ type }) => type === 'E');
  assert.ok(last !== undefined);
  assert.match(fieldsOf(last).M ?? '', /guard ended it: it runs too long/);
  await eventually('the server stopped', async () =>
    (await running('SELECT pg_sleep')).length === 0 ? true : undefined,
  );
  await assert.rejects(async () => (await world.as('guard')).endSession({ id, reason: 'again' }), {
    status: 409,
  });
  const entries = [...readLog(join(world.directory, 'data', 'audit'))].map(({ fields }) => fields);
  const said = entries.find(({ type, sessionId }) => type === 'admin' && sessionId === id);
  assert.equal(said?.subject, 'test|guard');
  assert.equal(said?.reason, 'it runs too long');
});

test('an operator ends a session that waits for people: the access request is cancelled and nothing runs [control-plane.end-session, L6]', async () => {
  const { client, id } = await connect();
  client.send(query('DELETE FROM monitoring.checks'));
  const approver = await world.as('approver');
  const pending = await eventually('it waits', async () =>
    (await approver.listAccessRequests({ state: 'pending' })).accessRequests.find(
      (one) => one.sessionId === id,
    ),
  );
  await (await world.as('guard')).endSession({ id, reason: 'no' });
  await client.untilClosed();
  await assert.rejects(approver.approve({ id: pending.id }), { status: 409 });
  assert.equal((await approver.getAccessRequest({ id: pending.id })).state, 'cancelled');
  assert.deepEqual(await world.server.query('SELECT count(*)::int AS left FROM monitoring.checks'), [
    { left: 10 },
  ]);
});

test('nobody else ends a session: not its agent, not an approver, not an auditor [control-plane.end-session]', async () => {
  const { client, id } = await connect();
  for (const [subject, status] of [
    ['agent', 403],
    ['auditor', 403],
    ['approver', 404],
    ['stranger', 404],
  ] as const) {
    await assert.rejects(async () => (await world.as(subject)).endSession({ id, reason: 'mine now' }), {
      status,
    });
  }
  for (const reason of ['', '   ', 'x'.repeat(501)]) {
    await assert.rejects(async () => (await world.as('guard')).endSession({ id, reason }), { status: 400 });
  }
  assert.ok((await client.ask(query('SELECT 1'))).some(({ type }) => type === 'D'));
  client.close();
});

test('a forged line in the reason stays one line [control-plane.end-session]', async () => {
  const { client, id } = await connect();
  await (await world.as('guard')).endSession({
    id,
    reason: 'bye\u001b[2J\n{"type":"session-started"}\u202e',
  });
  const last = (await client.untilClosed()).find(({ type }) => type === 'E');
  assert.ok(last !== undefined);
  assert.match(fieldsOf(last).M ?? '', /guard ended it: bye \[2J \{"type":"session-started"\}$/);
});
