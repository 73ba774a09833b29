/** Two gateways' rooms over one store on PostgreSQL, and a store that others write to. */
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import type { PostgresServer } from '../../../../test/fixtures/postgres-server.ts';
import { schemaOf, storesOnPostgres, testStore } from '../../../../test/fixtures/store.ts';
import { until } from '../../../../test/fixtures/until.ts';
import type { Fault } from '../lib/fault.ts';
import type { AccessRequestSubject } from './approval.ts';
import { identityColumn } from './identity-column.ts';
import { agent, asking, identity, KEY, openRoom } from './room.fixture.ts';
import { shownDigest } from './shown.ts';
import { type Said, throughColumn } from './through.ts';

let server: PostgresServer;
before(async () => {
  server = await storesOnPostgres();
});
after(() => server.stop());

const bob = identity('bob', { groups: ['dba'] });
const carol = identity('carol', { groups: ['dba', 'security'] });

/** A room that holds, one that is asked, and SQL on their store. */
async function twoRooms(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-rooms-'));
  const clock = { now: () => 1_700_000_000_000, elapsed: () => 0 };
  const of = async (replica: string) =>
    openRoom({ directory, storage: await testStore(directory, { clock }, { replica }) });
  const [holder, other] = [await of('one'), await of('two')];
  t.after(async () => {
    await other.close();
    await holder.close();
  });
  const sql = (text: string) => server.query(`set search_path = ${schemaOf(directory)}; ${text}`);
  const open = async (overrides: Partial<AccessRequestSubject> = {}) => {
    const held = holder.room.open(asking(overrides));
    // Seen by the other once it is written.
    await holder.room.list(carol);
    return held;
  };
  /** Words of one moment are judged in the order of their ids: one that was answered says nothing of the others. */
  const judged = () =>
    until(
      'every word is judged',
      async () => (await sql("select id from access_word where state = 'asked'")).length === 0,
    );
  return { holder, other, sql, open, judged };
}

test('of two people on two gateways who want the last seat one has it [replicas.approve, storage.seats]', async (t) => {
  const { holder, other, open } = await twoRooms(t);
  const held = await open();
  const tries = [holder.room.approve(held.id, bob), other.room.approve(held.id, carol)];
  const results = await Promise.allSettled(tries);
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
  const ending = await held.ended;
  assert.equal(ending.state === 'approved' && ending.by.length, 1);
});

test('one person fills one seat, on however many gateways [replicas.rules, L3]', async (t) => {
  const { holder, other, open } = await twoRooms(t);
  const held = await open({ requirements: [{ group: 'dba', seats: 2 }] });
  await other.room.approve(held.id, bob);
  await assert.rejects(other.room.approve(held.id, bob), { code: 'conflict' });
  await assert.rejects(holder.room.approve(held.id, bob), { code: 'conflict' });
  assert.equal((await other.room.get(held.id, carol)).state, 'pending');
  assert.equal((await other.room.approve(held.id, carol)).state, 'approved');
});

test('the rules hold for a person on another gateway, and refusals are theirs to read [replicas.rules, L3]', async (t) => {
  const { other, open } = await twoRooms(t);
  const held = await open();
  const deciders = [
    identity('alice', { groups: ['dba'] }),
    identity('eve', { groups: ['dba'], kind: 'machine' }),
    identity('eve', { groups: ['dba'], actor: 'agent-9' }),
    identity('eve', { groups: ['dba'], aliases: ['ALICE@example.com'] }),
    identity('eve'),
  ];
  for (const decider of deciders)
    await assert.rejects(other.room.approve(held.id, decider), (fault: Fault) =>
      ['not-permitted', 'not-found'].includes(fault.code),
    );
  await assert.rejects(other.room.deny(held.id, bob, ' '), { code: 'limit-exceeded' });
  const views = await other.room.list(bob, { state: 'pending' });
  assert.deepEqual(
    views.map(({ id, decidable }) => [id, decidable]),
    [[held.id, true]],
  );
  assert.deepEqual(await other.room.list(identity('eve')), []);
});

test('a log that cannot be written to, on either side, lets no word count [replicas.approve, L1]', async (t) => {
  const { holder, other, sql, open } = await twoRooms(t);
  const held = await open();
  other.log.full = true;
  await assert.rejects(other.room.approve(held.id, bob), /no space left/);
  assert.deepEqual(await sql('select * from access_word'), []);
  other.log.full = false;
  holder.log.full = true;
  await assert.rejects(other.room.approve(held.id, bob), { code: 'conflict' });
  holder.log.full = false;
  assert.equal((await holder.room.get(held.id, bob)).state, 'pending');
  await other.room.approve(held.id, bob);
  assert.equal((await held.ended).state, 'approved');
});

test('people who were shown something else than what waits approve nothing [replicas.hostile-store]', async (t) => {
  const { holder, other, sql, open } = await twoRooms(t);
  const held = await open();
  const before = await sql(`select * from access_request where id = '${held.id}'`);
  const tamperings = [
    "text = 'SELECT 1'",
    `parameters = '["2"]'`,
    "target = 'playground'",
    `requirements = '[{"group":"dba","seats":1},{"group":"x","seats":1}]'`,
  ];
  for (const change of tamperings) {
    await sql(`update access_request set ${change} where id = '${held.id}'`);
    await assert.rejects(other.room.approve(held.id, bob), { message: /not what waits/ }, change);
    const [row] = before;
    await sql(
      `update access_request set text = $$${row?.text}$$, parameters = '${row?.parameters}', target = '${row?.target}', requirements = '${row?.requirements}'`,
    );
  }
  // Whoever asks made somebody else: this gateway is fooled, the one that holds it is not.
  await sql(`update access_request set requester = '${identityColumn(identity('nobody'))}'`);
  await assert.rejects(other.room.approve(held.id, identity('alice', { groups: ['dba'] })), {
    code: 'not-permitted',
  });
  for (const requester of ['null', "'not json'", "'{}'", "'[]'"]) {
    await sql(`update access_request set requester = ${requester}`);
    await assert.rejects(other.room.approve(held.id, bob), { code: 'conflict' });
  }
  assert.equal((await holder.room.get(held.id, bob)).decisions.length, 0);
});

test('words that no gateway would write count for nothing [replicas.hostile-store]', async (t) => {
  const { holder, other, sql, open, judged } = await twoRooms(t);
  const held = await open();
  const shown = shownDigest(asking());
  const now = 1_700_000_000_000;
  const words: readonly (readonly [approver: string, verdict: string, shown: string, at: number])[] = [
    [identityColumn(bob), 'approve', 'another', now],
    [identityColumn(bob), 'approve', shown, now - 60_000],
    [identityColumn(bob), 'approve', shown, now + 60_000],
    [identityColumn(bob), 'constructor', shown, now],
    [identityColumn(bob), 'close', shown, now],
    [identityColumn({ ...bob, expiresAt: now }), 'approve', shown, now],
    [identityColumn({ ...bob, kind: 'machine' }), 'approve', shown, now],
    [identityColumn({ ...bob, groups: [] }), 'approve', shown, now],
    [identityColumn({ ...agent, groups: ['dba'] }), 'approve', shown, now],
    ['{}', 'approve', shown, now],
    ['null', 'approve', shown, now],
    ['{"groups":["dba"]', 'approve', shown, now],
  ];
  const put = (row: Said, through: string) =>
    sql(
      `insert into access_word values ('${row.id}', '${row.request_id}', '${row.approver}', '${row.verdict}', 'r', '${row.shown}', ${row.asked_at}, 'asked', '', '${through}')`,
    );
  for (const [at, [approver, verdict, digest, asked]] of words.entries()) {
    const id = `forged-${at}`;
    const row = {
      ...{ id, request_id: held.id, approver, verdict: verdict as Said['verdict'] },
      ...{ reason: 'r', shown: digest, asked_at: asked },
    };
    // As if another gateway had been fooled, or taken.
    await put(row, throughColumn({}, row, KEY));
  }
  // What that gateway would write, by somebody who can write to the store alone; and a word of another's with its seal.
  const good: Said = {
    ...{ id: 'forged-good', request_id: held.id, approver: identityColumn(bob), verdict: 'approve' },
    ...{ reason: 'r', shown, asked_at: now },
  };
  const seal = throughColumn({}, good, KEY);
  await put(good, '{}');
  await put(
    { ...good, id: 'forged-key' },
    throughColumn({}, { ...good, id: 'forged-key' }, Buffer.alloc(32)),
  );
  await put({ ...good, id: 'forged-id' }, seal);
  await put({ ...good, id: 'forged-who', approver: identityColumn(carol) }, seal);
  await other.storage.bus.publish('access-words', held.id);
  await judged();
  await assert.rejects(other.room.deny(held.id, bob, ''), { code: 'limit-exceeded' });
  await other.room.deny(held.id, bob, 'seen enough');
  const left = await sql("select state from access_word where id like 'forged-%'");
  assert.equal(left.length, words.length + 4);
  assert.ok(
    left.every(({ state }) => state !== 'counted' && state !== 'asked'),
    JSON.stringify(left),
  );
  const view = await holder.room.get(held.id, bob);
  assert.deepEqual(
    view.decisions.map(({ approver, verdict }) => [approver, verdict]),
    [['main|bob', 'deny']],
  );
});

test('a passkey that was used on one gateway counts on another, and nobody else can say that it was [replicas.step-up, step-up.sealed]', async (t) => {
  const { holder, other, sql, open, judged } = await twoRooms(t);
  const requirements = [{ group: 'dba', seats: 2, stepUp: 'webauthn' as const }];
  const [held, another] = [await open({ requirements }), await open({ requirements })];
  const stepUp = { kind: 'webauthn' as const, credential: 'c'.repeat(64) };
  await assert.rejects(other.room.approve(held.id, bob), { code: 'step-up-required' });
  await other.room.approve(held.id, bob, 'fine', null, { stepUp });
  const entry = holder.entries.findLast(({ type }) => type === 'access-decided');
  assert.deepEqual([entry?.facts?.stepUp, entry?.facts?.credential], ['webauthn', stepUp.credential]);

  const [good] = await sql("select * from access_word where state = 'counted'");
  const { seal } = JSON.parse(String(good?.through)) as { seal: string };
  const through = (more: object, used = stepUp) => JSON.stringify({ stepUp: used, ...more });
  const forged: readonly Record<string, string>[] = [
    { approver: identityColumn(carol), through: through({}) },
    { approver: identityColumn(carol), through: through({ seal: '' }) },
    { approver: identityColumn(carol), through: through({ seal: 'f'.repeat(64) }) },
    // The seal of a word that counted, for another person, request, passkey, or said again.
    { approver: identityColumn(carol), through: through({ seal }) },
    { request_id: another.id, through: through({ seal }) },
    { through: through({ seal }, { ...stepUp, credential: 'd'.repeat(64) }) },
    { request_id: another.id, verdict: 'approve', through: 'not JSON' },
  ];
  for (const [at, change] of forged.entries()) {
    const row = { ...good, id: `forged-${at}`, state: 'asked', answer: '', ...change };
    const values = Object.values(row).map((one) => `$v$${String(one)}$v$`);
    await sql(`insert into access_word (${Object.keys(row).join(', ')}) values (${values.join(', ')})`);
  }
  await sql("update access_word set state = 'asked' where state = 'counted'");
  await other.storage.bus.publish('access-words', held.id);
  await judged();
  await other.room.deny(another.id, carol, 'seen enough');
  const states = await sql("select id, state from access_word where verdict = 'approve' order by id");
  assert.deepEqual(
    [...new Set(states.map(({ state }) => String(state)))].toSorted((a, b) => (a < b ? -1 : 1)),
    // The latter is the plain word of the beginning.
    ['conflict', 'step-up-required'],
  );
  const { decisions } = await holder.room.get(held.id, bob);
  assert.deepEqual(
    decisions.map(({ approver }) => approver),
    ['main|bob'],
  );
});

test('a gateway with another key believes no word of the others [replicas.hostile-store]', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-rooms-'));
  const clock = { now: () => 1_700_000_000_000, elapsed: () => 0 };
  const of = async (replica: string, fill: number) =>
    openRoom({
      directory,
      storage: await testStore(directory, { clock }, { replica }),
      storeKey: Buffer.alloc(32, fill),
    });
  const [holder, other] = [await of('one', 1), await of('two', 2)];
  t.after(async () => {
    await other.close();
    await holder.close();
  });
  const held = holder.room.open(asking({ requirements: [{ group: 'dba', seats: 1, stepUp: 'webauthn' }] }));
  await holder.room.list(carol);
  const stepUp = { kind: 'webauthn' as const, credential: 'c'.repeat(64) };
  await assert.rejects(other.room.approve(held.id, bob, 'fine', null, { stepUp }), {
    code: 'conflict',
    message: /seal_key_file/,
  });
  assert.equal((await holder.room.get(held.id, bob)).state, 'pending');
});

test('the store says approved and the room does not: nothing is approved [replicas.hostile-store, L3]', async (t) => {
  const { holder, other, sql, open } = await twoRooms(t);
  const held = await open();
  await sql("update access_request set state = 'approved', ended_at = 1");
  await sql(`insert into access_decision values ('${held.id}', 0, 'main|bob', 'bob', 'approve', '', 1)`);
  await other.storage.bus.publish('access-words', held.id);
  await assert.rejects(other.room.approve(held.id, bob), { code: 'conflict' });
  assert.equal(held.redeem(asking().digest), false);
  assert.equal((await holder.room.get(held.id, bob)).state, 'pending');
});
