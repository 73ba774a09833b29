import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openLog } from '@sallyport/audit-log';
import { until } from '../../../../test/fixtures/until.ts';
import type { AuditEntry } from '../audit/index.ts';
import { groupsFrom, type Identity, PLAIN_TOKEN } from '../identity/index.ts';
import { systemClock } from '../lib/clock.ts';
import { openStorage, storageSection } from '../storage/index.ts';
import { containmentSection, openContainment, type Revocation } from './index.ts';

const person = (name: string, more: Partial<Identity> = {}): Identity => ({
  subject: `main|${name}`,
  displayName: name,
  groups: [],
  actor: null,
  task: null,
  kind: 'person',
  expiresAt: Date.now() + 60_000,
  aliases: [`main|${name}`],
  ...PLAIN_TOKEN,
  subjectAliases: [`main|${name}`],
  ...more,
});
const GUARD = person('guard');

async function startRoom(t: TestContext, section: Record<string, unknown> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-containment-'));
  const storage = await openStorage(storageSection.parse({ directory }), { clock: systemClock });
  t.after(async () => {
    await storage.close();
    rmSync(directory, { recursive: true });
  });
  const entries: AuditEntry[] = [];
  let count = 0;
  const deps = {
    config: containmentSection.parse(section),
    table: storage.revocations,
    newestGroups: storage.newestGroups,
    audit: { append: (entry: AuditEntry) => void entries.push(entry), synced: async () => undefined },
    log: { publicKey: 'key', size: 0 },
    directory: join(directory, 'audit'),
    clock: systemClock,
    bus: storage.bus,
    targets: ['shop'],
    random: () => {
      count += 1;
      return String(count);
    },
    report: () => undefined,
  };
  return { room: await openContainment(deps), deps, entries, storage };
}

const asked = (kind: Revocation['kind'], value: string) =>
  ({ kind, value, reason: 'why', quarantine: false }) as const;

test('a revoked token takes with it what was exchanged for it [containment.tokens]', async (t) => {
  const { room } = await startRoom(t);
  const child = person('alice', {
    tokenId: 'child',
    scope: {
      ...{ targets: ['shop'], actions: ['read'], budget: { operations: 1, rows: 1, approvals: 0 } },
      ...{ ancestors: ['parent'], origin: 'grandparent' },
    },
  });
  await room.revoke(asked('token', 'grandparent'), GUARD);
  assert.notEqual(room.objection({ identity: child }), null);
  assert.equal(room.objection({ identity: person('alice', { tokenId: 'sibling' }) }), null);
});

test('the same twice is one, and still ends what has it [containment.kinds]', async (t) => {
  const { room, entries } = await startRoom(t);
  const told: string[] = [];
  room.onAdded(({ value }) => told.push(value));
  const [first, second] = [
    await room.revoke(asked('actor', 'bot'), GUARD),
    await room.revoke(asked('actor', 'BOT'), GUARD),
  ];
  assert.equal(first.revocation.id, second.revocation.id);
  assert.deepEqual([room.list().length, entries.length, told.length], [1, 1, 2]);
});

test('over the limit sessions end all the same, and that is said [containment.limits]', async (t) => {
  const { room } = await startRoom(t, { revocations: 100 });
  const told: string[] = [];
  room.onAdded(({ value }) => told.push(value));
  for (let n = 0; n < 100; n += 1) await room.revoke(asked('task', `t${n}`), GUARD);
  await assert.rejects(room.revoke(asked('task', 'one more'), GUARD), {
    code: 'limit-exceeded',
    message: /containment.revocations/,
  });
  assert.equal(told.at(-1), 'one more');
});

test('another replica takes over what the store has, and what was lifted there [containment.kinds]', async (t) => {
  const { room, deps } = await startRoom(t);
  const other = await openContainment(deps);
  const told: string[] = [];
  other.onAdded(({ value }) => told.push(value));
  const { revocation } = await room.revoke(asked('actor', 'bot'), GUARD);
  const before = other.generation;
  await other.refresh();
  assert.deepEqual(told, ['bot']);
  assert.ok(other.generation > before);
  await room.lift(revocation.id, GUARD, 'over');
  await other.refresh();
  assert.deepEqual(other.list(), []);
});

const holder = (tokenId: string, expiresAt: number): Identity =>
  person('alice', {
    ...{ kind: 'machine', actor: 'bot', tokenId, expiresAt, delegation: ['bot#1', 'bot'] },
    scope: {
      ...{ targets: ['shop'], actions: ['read'], budget: { operations: 1, rows: 1, approvals: 0 } },
      ...{ ancestors: [], origin: 'origin' },
    },
  });

test('a token that its holder ended is one revocation, however often, and forgotten when it has expired [task-tokens.revoke-kept]', async (t) => {
  let now = 1_000_000;
  const clock = { ...systemClock, now: () => now };
  const { deps, entries, storage } = await startRoom(t, { revocations: 100, tokenMarginSeconds: 10 });
  const room = await openContainment({ ...deps, clock });
  const bot = holder('mine', now + 60_000);
  await room.revoke(asked('token', 'mine'), bot);
  await room.revoke(asked('token', 'mine'), bot);
  assert.deepEqual(
    entries.map(({ type, tokenId, delegation, facts }) => [type, tokenId, delegation, facts?.until]),
    [['revoked', 'mine', ['bot#1', 'bot'], now + 70_000]],
  );
  // More than the book holds, one after the other.
  for (let n = 0; n < 300; n += 1) {
    now += 5_000;
    await room.revoke(asked('token', `t${n}`), holder(`t${n}`, now + 60_000));
  }
  assert.equal(room.objection({ identity: bot }), null);
  assert.notEqual(room.objection({ identity: holder('t299', now) }), null);
  now += 86_400_000;
  await room.revoke(asked('token', 't299'), holder('t299', now + 60_000));
  // The rows themselves stay for a day, for gateways whose clocks say otherwise.
  await until('the rest is forgotten', async () => (await storage.revocations.all()).length < 20);
  const rows = await storage.revocations.all();
  assert.equal((await storage.revocations.find(rows[0]?.id ?? ''))?.value, rows[0]?.value);
  assert.equal(await storage.revocations.find('rv-none'), null);
  const again = await openContainment({ ...deps, clock });
  assert.notEqual(again.objection({ identity: holder('t299', now) }), null, 'and over a restart');
});

test('holders who end all their tokens leave room for operators [containment.limits, task-tokens.revoke-kept]', async (t) => {
  const { room } = await startRoom(t, { revocations: 100 });
  const told: string[] = [];
  room.onAdded(({ value }) => told.push(value));
  const expiry = Date.now() + 60_000;
  for (let n = 0; n < 50; n += 1) await room.revoke(asked('token', `t${n}`), holder(`t${n}`, expiry));
  const over = room.revoke(asked('token', 'over'), holder('over', expiry));
  await assert.rejects(over, { code: 'limit-exceeded' });
  assert.equal(told.at(-1), 'over', 'its sessions ended all the same');
  await room.revoke(asked('actor', 'bot'), GUARD);
  assert.notEqual(room.objection({ identity: holder('another', expiry) }), null);
});

test('what could not be written when its holder ended it is said each time, until it is [task-tokens.revoke-kept]', async (t) => {
  const { deps } = await startRoom(t);
  let fails = true;
  const put: typeof deps.table.put = (row) =>
    fails ? Promise.reject(new Error('away')) : deps.table.put(row);
  const room = await openContainment({ ...deps, table: { ...deps.table, put } });
  const bot = holder('mine', Date.now() + 60_000);
  for (const problem of [/store could not be written/, /still not written/]) {
    const { problems } = await room.revoke(asked('token', 'mine'), bot);
    assert.match(problems.join(), problem);
  }
  assert.notEqual(room.objection({ identity: bot }), null);
  fails = false;
  assert.deepEqual((await room.revoke(asked('token', 'mine'), bot)).problems, []);
  assert.equal((await deps.table.all()).length, 1);
});

test('nobody lifts what is about them, under any of their names [containment.lift]', async (t) => {
  const { room } = await startRoom(t);
  const { revocation } = await room.revoke(asked('subject', 'guard@corp.example'), GUARD);
  const self = person('guard', { subjectAliases: ['main|guard', 'guard@corp.example'] });
  await assert.rejects(room.lift(revocation.id, self, 'me'), { code: 'not-permitted' });
  assert.equal((await room.lift(revocation.id, GUARD, 'fine')).id, revocation.id);
});

test('a log whose beginning is gone keeps the gateway from starting [containment.restart]', async (t) => {
  const { deps } = await startRoom(t);
  const log = openLog(deps.directory, { segmentBytes: 1 });
  for (let n = 0; n < 3; n += 1) log.append({ type: 'admin', facts: { n } });
  await log.close();
  rmSync(join(deps.directory, '0000000000000000.entries'), { force: true });
  const { segmentSizes } = await import('@sallyport/audit-log');
  const [oldest] = segmentSizes(deps.directory);
  assert.ok(oldest !== undefined && oldest[0] > 0, 'the first segment is gone');
  const another = { ...deps, log: { publicKey: 'another', size: 3 } };
  await assert.rejects(openContainment(another), { code: 'audit-unavailable', message: /begins with entry/ });
});

test('a task token loses the groups of the token it was made from [task-tokens.groups-lost]', async (t) => {
  const { room } = await startRoom(t);
  const token = (issuedAt: number, groups: readonly string[]) =>
    person('alice', { issuedAt, groups, aliases: ['main|alice', 'client:main|cli'] });
  const older = token(1_000, ['ops', 'dba']);
  const task: Identity = {
    ...holder('task', Date.now() + 60_000),
    ...{ subject: 'main|alice', groups: older.groups, issuedAt: 9_000, groupsFrom: groupsFrom(older) },
  };
  const lost: string[] = [];
  room.onGroupsLost((standsOnLost) => {
    if (standsOnLost(task)) lost.push(task.tokenId);
    return 0;
  });
  let shown: Identity = task;
  const door = room.guard({
    authenticate: async () => shown,
    authenticateExchange: () => assert.fail(),
    authenticateHolder: () => assert.fail(),
    confirm: () => assert.fail(),
    issuersAway: async () => [],
  });
  const show = (identity: Identity) => {
    shown = identity;
    return door.authenticate('token');
  };
  await show(task);
  assert.equal(room.objection({ identity: task }), null);
  // Of another application, a token with other groups says nothing of this one.
  await show({ ...token(5_000, []), aliases: ['main|alice', 'client:main|other'] });
  assert.equal(room.objection({ identity: task }), null);
  await show(token(5_000, ['ops']));
  assert.match(room.objection({ identity: task })?.reason ?? '', /fewer groups/);
  assert.deepEqual(lost, ['task']);
});
