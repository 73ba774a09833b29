/** A revocation finds sessions in the middle of something: what they are told, what the server does, and what never runs. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, afterEach, before, test } from 'node:test';
import { auditEntries } from '../../fixtures/audit-entries.ts';
import {
  bind,
  copyData,
  copyDone,
  describe,
  eventually,
  execute,
  frame,
  parse,
  query,
  RawClient,
  startup,
  sync,
} from '../../fixtures/raw-postgres.ts';
import { AGENT, lastWord, startRevocationWorld, type World } from './world.ts';

let world: World;
before(async () => {
  world = await startRevocationWorld(`
    create schema shop; create table shop.item (code text); create table shop.ledger (n int);
    create table shop.kept (n int); insert into shop.kept values (1);`);
});
after(() => world.close());
afterEach(async () => {
  const guard = await world.as('guard');
  for (const { id } of (await guard.listRevocations()).revocations)
    await guard.liftRevocation({ id, reason: 'the next test' });
});

const open = async () => world.open(await world.issuer.token(AGENT));
async function revoke(): Promise<number> {
  const { ended } = await (await world.as('guard')).revoke({
    kind: 'actor',
    value: 'agent-1',
    reason: 'it was turned',
  });
  return ended;
}
const WHY = /actor "agent-1" was revoked: it was turned/;
const rows = async (table: string) =>
  (await world.server.query(`select n from shop.${table} order by n`)).map(({ n }) => n);

async function isTold(client: RawClient): Promise<void> {
  const word = await lastWord(client);
  assert.deepEqual([word.S, word.C], ['FATAL', '57P01']);
  assert.match(word.M ?? '', WHY);
}

test('what runs is stopped at the server, and so is all that was sent behind it [containment.stopped, containment.states, L6]', async () => {
  const client = await open();
  // Two messages: the first cancel only stops the first of them.
  client.send(query('select pg_sleep(300) /* chain-1 */'));
  await world.starts('chain-1');
  client.send(query('select pg_sleep(300) /* chain-2 */'), query('select pg_sleep(300) /* chain-3 */'));
  await eventually('they are permitted', () =>
    auditEntries(world).filter(({ form }) => String(form as unknown).includes('pg_sleep')).length >= 3
      ? true
      : undefined,
  );
  assert.equal(await revoke(), 1);
  await isTold(client);
  await world.stops('chain-');
});

test('a transaction is rolled back, idle or not [containment.stopped, containment.states]', async () => {
  const [idle, busy] = [await open(), await open()];
  await idle.ask(query('begin; insert into shop.ledger values (1)'));
  await busy.ask(query('begin; insert into shop.ledger values (2)'));
  busy.send(query('select pg_sleep(300) /* in-transaction */'));
  await world.starts('in-transaction');
  assert.equal(await revoke(), 2);
  await Promise.all([isTold(idle), isTold(busy)]);
  await world.stops('in-transaction');
  await eventually('no backend is left', async () => ((await world.backends()) === 0 ? true : undefined));
  assert.deepEqual(await rows('ledger'), []);
});

test('a COPY in progress keeps nothing, in either direction [containment.stopped, containment.states]', async () => {
  const [into, out] = [await open(), await open()];
  into.send(query('copy shop.ledger from stdin'));
  await into.until('G');
  into.send(copyData('7\n'));
  out.socket.pause();
  out.send(
    query('copy (select repeat(chr(120), 1000) from generate_series(1, 2000000)) to stdout /* copy-out */'),
  );
  await world.starts('copy-out');
  assert.equal(await revoke(), 2);
  into.send(copyData('8\n'), copyDone());
  await isTold(into);
  await world.stops('copy-out');
  out.socket.resume();
  assert.ok(!describe(await out.untilClosed()).includes('C(COPY 2000000)'));
  await eventually('no backend is left', async () => ((await world.backends()) === 0 ? true : undefined));
  assert.deepEqual(await rows('ledger'), []);
});

test('a reply that is half way there ends, also for a client that does not read [containment.states]', async () => {
  const [reading, stuck] = [await open(), await open()];
  stuck.socket.pause();
  stuck.send(query(`select repeat('x', 1000) as stuck from generate_series(1, 2000000)`));
  // Slowly enough that whoever reads is never far behind.
  reading.send(query(`select repeat('x', 9000) as reading, pg_sleep(0.02) from generate_series(1, 20000)`));
  await reading.until('D');
  await world.starts('stuck');
  assert.equal(await revoke(), 2);
  await Promise.all([world.stops('reading'), world.stops('stuck')]);
  await isTold(reading);
  stuck.socket.resume();
  await stuck.untilClosed();
});

test('a held operation is cancelled, and an approval that comes later changes nothing [containment.states, containment.approvals]', async () => {
  const client = await open();
  client.send(query('delete from shop.kept'));
  const approver = await world.as('approver');
  const pending = await eventually(
    'it waits',
    async () => (await approver.listAccessRequests({ state: 'pending' })).accessRequests[0],
  );
  assert.equal(await revoke(), 1);
  await isTold(client);
  await assert.rejects(approver.approve({ id: pending.id }), { status: 409 });
  assert.equal((await approver.getAccessRequest({ id: pending.id })).state, 'cancelled');
  assert.deepEqual(await rows('kept'), [1]);
});

test('what was prepared before is not run after, and neither is what follows in the pipeline [containment.stopped]', async () => {
  const client = await open();
  await client.ask(parse('s', 'insert into shop.ledger values (40)'), sync());
  await client.ask(query('listen room'));
  const guard = await world.as('guard');
  // The statements race the revocation: whichever is first, none runs once its session was told that it is over.
  const revoking = guard.revoke({ kind: 'actor', value: 'agent-1', reason: 'it was turned' });
  const sending = setInterval(() => {
    if (!client.closed) client.send(bind('', 's'), execute(), sync());
  }, 1);
  await revoking;
  const before = await rows('ledger');
  await isTold(client);
  clearInterval(sending);
  await eventually('no backend is left', async () => ((await world.backends()) === 0 ? true : undefined));
  const ran = (await rows('ledger')).length;
  const permitted = auditEntries(world).filter(
    ({ type, effect, form, reason }) =>
      type === 'decision' &&
      effect === 'permit' &&
      String(form as unknown).includes('ledger values') &&
      reason === undefined,
  ).length;
  assert.ok(ran <= permitted && before.length <= ran, `${ran} ran, ${permitted} were permitted`);
  await assert.rejects(open(), /was revoked/);
  await world.server.query('delete from shop.ledger');
});

test('revoked between the password and the first word of the server [containment.states, containment.kinds]', async () => {
  const token = await world.issuer.token(AGENT);
  const guard = await world.as('guard');
  const connecting = Array.from({ length: 12 }, async () => {
    const client = await RawClient.dial(world.port('postgres'));
    client.send(startup({ user: 'db', database: 'postgres' }));
    await client.until('R');
    client.send(frame('p', token));
    return client;
  });
  const clients = await Promise.all(connecting);
  await guard.revoke({ kind: 'actor', value: 'agent-1', reason: 'it was turned' });
  for (const client of clients) {
    const said = await client.untilClosed();
    assert.equal(said.findLast(({ type }) => type === 'E')?.type, 'E', describe(said));
  }
  await eventually('no backend is left', async () => ((await world.backends()) === 0 ? true : undefined));
});

test('who is in the middle of something else goes on, though the catalog was read through the one who ended [containment.others]', async () => {
  const ours = await open();
  const others = await world.open(await world.issuer.token({ ...AGENT, actor: 'agent-2' }));
  others.send(query('select pg_sleep(1), 5 as kept_on'));
  await world.starts('kept_on');
  assert.equal(await revoke(), 1);
  await isTold(ours);
  assert.match(describe(await others.until('Z')), /D\(,5\) C\(SELECT 1\) ZI/);
  assert.equal(describe(await others.ask(query('select n from shop.kept'))), 'T D(1) C(SELECT 1) ZI');
  others.close();
});

test('over HTTP the request under way is aborted at its target, and told why [containment.states, containment.stopped]', async () => {
  const headers = { authorization: `Bearer ${await world.issuer.token(AGENT)}` };
  const asking = fetch(`http://127.0.0.1:${world.port('http')}/api/slow`, { headers });
  await eventually('it is under way', () => (world.waiting.size === 1 ? true : undefined));
  assert.equal(await revoke(), 1);
  const reply = await asking;
  assert.ok(reply.status >= 400);
  assert.match(await reply.text(), /was revoked: it was turned/);
  await eventually('it is aborted', () => (world.waiting.size === 0 ? true : undefined));
});

test('an idle HTTP connection is closed [containment.states]', async () => {
  const token = await world.issuer.token(AGENT);
  const socket = connect(world.port('http'), '127.0.0.1');
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const answered = new Promise<string>((resolve) =>
    socket.once('data', (bytes: Buffer) => resolve(bytes.toString())),
  );
  socket.write(`GET /api/x HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`);
  assert.match(await answered, /^HTTP\/1.1 200/);
  assert.equal(await revoke(), 1);
  await closed;
});

test('nothing of a whole run was left at the server, nor failed at the gateway [containment.stopped]', async () => {
  await eventually('no backend is left', async () => ((await world.backends()) === 0 ? true : undefined));
  assert.deepEqual(world.faults.map(String), []);
});
