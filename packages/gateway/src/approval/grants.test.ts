import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scopeKey } from '../policy/index.ts';
import { agent, asking, identity, openRoom, SHOWN } from './room.fixture.ts';

const bob = identity('bob', { groups: ['dba'] });
const carol = identity('carol', { groups: ['dba'] });
const dave = identity('dave', { groups: ['oncall'] });
const grantable = (overrides: Parameters<typeof asking>[0] = {}) =>
  asking({ shown: { ...SHOWN, grantMs: 600_000 }, ...overrides });

test('a grant is given up to what policy permits, by everybody who sits, for the shortest time agreed [approval.grant]', async (t) => {
  const { room, entries, time, close } = await openRoom();
  t.after(close);
  await assert.rejects(room.approve(room.open(asking()).id, bob, '', 1_000), {
    code: 'not-permitted',
    message: /once only/,
  });
  const two = { requirements: [{ group: 'dba', seats: 2 }] };
  const one = room.open(grantable(two));
  await assert.rejects(room.approve(one.id, bob, '', 600_001), {
    code: 'not-permitted',
    message: /1 to 600 seconds/,
  });
  await assert.rejects(room.approve(one.id, bob, '', 1), { code: 'not-permitted' });
  await room.approve(one.id, bob, '', 600_000);
  assert.deepEqual(room.standing(agent, 'shop'), []);
  await room.approve(one.id, carol, '', 60_000);
  const [standing] = room.standing(agent, 'shop');
  assert.deepEqual([standing?.group, standing?.seats], ['dba', 2]);
  assert.ok(standing?.standing?.kind === 'grant');
  const covered = {
    action: 'delete',
    resource: { type: 'Table', path: ['shop', 'public', 'orders'] },
  } as const;
  assert.deepEqual([...standing.standing.scope], [scopeKey(covered)]);
  const opened = entries.find(({ type }) => type === 'grant-opened');
  assert.deepEqual(opened?.facts?.approvedBy, ['main|bob', 'main|carol']);
  // One who does not want it for a time makes it an approval like any other.
  const once = room.open(grantable({ ...two, sessionId: 's2', target: 'other' }));
  await room.approve(once.id, bob, '', 60_000);
  await room.approve(once.id, carol);
  assert.deepEqual(room.standing(agent, 'other'), []);
  time.pass(60_000);
  assert.deepEqual(room.standing(agent, 'shop'), []);
  assert.equal(entries.find(({ type }) => type === 'grant-ended')?.reason, 'its time was over');
});

test('it is for one subject, actor and target, and never for who gave it [approval.grant, L3]', async (t) => {
  const { room, close } = await openRoom();
  t.after(close);
  await room.approve(room.open(grantable()).id, bob, '', 60_000);
  assert.equal(room.standing(agent, 'shop').length, 1);
  assert.deepEqual(room.standing(agent, 'prod'), []);
  assert.deepEqual(room.standing(identity('alice'), 'shop'), []);
  assert.deepEqual(room.standing(identity('alice', { actor: 'agent-8' }), 'shop'), []);
  assert.deepEqual(room.standing(identity('bob', { actor: 'agent-7' }), 'shop'), []);
  const alsoBob = { ...agent, aliases: [...agent.aliases, 'BOB@example.com'] };
  assert.deepEqual(room.standing(alsoBob, 'shop'), []);
});

test('whoever may see it may end it, and everybody who has to is told [approval.grant-ends]', async (t) => {
  const { room, entries, close } = await openRoom();
  t.after(close);
  const told: string[] = [];
  room.grants.onChange(({ subject, actor, target }) => told.push(`${subject} ${actor} ${target}`));
  await room.approve(room.open(grantable()).id, bob, '', 60_000);
  const [grant] = await room.grants.list(agent);
  assert.ok(grant !== undefined);
  for (const stranger of [identity('mallory'), identity('alice', { kind: 'machine', actor: 'agent-8' })]) {
    assert.deepEqual(await room.grants.list(stranger), []);
    await assert.rejects(room.grants.revoke(grant.id, stranger, 'x'), { code: 'not-found' });
  }
  await assert.rejects(room.grants.revoke(grant.id, carol, ' '), { code: 'limit-exceeded' });
  room.used([grant.id, 'gr-none']);
  const ended = await room.grants.revoke(grant.id, carol, 'enough');
  assert.deepEqual([ended.uses, ended.endedWhy], [1, 'carol revoked it: enough']);
  assert.deepEqual(told, ['main|alice agent-7 shop']);
  assert.deepEqual(room.standing(agent, 'shop'), []);
  await assert.rejects(room.grants.revoke(grant.id, carol, 'again'), { code: 'conflict' });
  const [past] = await room.grants.list(carol, { past: true });
  assert.deepEqual([past?.id, past?.uses], [grant.id, 1]);
  assert.equal(entries.at(-1)?.facts?.revokedBy, 'main|carol');
});

test('a log that is full gives no grant, and keeps none standing [approval.grant-ends, approval.audit]', async (t) => {
  const { room, log, close } = await openRoom();
  t.after(close);
  const pending = room.open(grantable());
  await room.approve(pending.id, bob, '', 60_000);
  const [grant] = await room.grants.list(bob);
  log.full = true;
  await room.grants.revoke(grant?.id ?? '', bob, 'the disk is full');
  assert.deepEqual(room.standing(agent, 'shop'), []);
});

test('people whose word is withdrawn take their grants with them [approval.withdrawn]', async (t) => {
  const { room, close } = await openRoom();
  t.after(close);
  await room.approve(room.open(grantable()).id, bob, '', 60_000);
  // Losing the group later changes nothing: the evidence was complete when it was given.
  room.seen(identity('bob', { groups: [] }));
  assert.equal(room.standing(agent, 'shop').length, 1);
  assert.equal(
    room.withdrawApprovalsOf(({ subject }) => subject === 'main|bob', 'revoked'),
    1,
  );
  assert.deepEqual(room.standing(agent, 'shop'), []);
});

test('breaking glass opens a review, which another of those who would have been asked closes [approval.review]', async (t) => {
  const { room, entries, time, close } = await openRoom({
    limits: { reviewHours: 1, openReviewsPerPerson: 2 },
  });
  t.after(close);
  const shown = { ...SHOWN, stated: 'the shop is down' };
  const asked = asking({ identity: dave, shown });
  assert.equal(room.breakGlassObjection(dave), null);
  const id = room.breakGlass(asked, ['oncall']);
  assert.deepEqual(
    entries.map(({ type, reason }) => [type, reason]),
    [['break-glass', 'the shop is down']],
  );
  const both = identity('dave', { groups: ['oncall', 'dba'] });
  await assert.rejects(room.reviews.close(id, both, 'justified', 'mine'), {
    code: 'not-permitted',
    message: /themselves/,
  });
  const disguised = identity('d2', { groups: ['dba'], aliases: ['other|d2', 'DAVE@example.com'] });
  await assert.rejects(room.reviews.close(id, disguised, 'justified', 'mine'), { code: 'not-permitted' });
  const robot = identity('robot', { kind: 'machine', groups: ['dba'] });
  await assert.rejects(room.reviews.close(id, robot, 'justified', 'x'), { code: 'not-found' });
  await assert.rejects(room.reviews.close(id, bob, 'justified', ' '), { code: 'limit-exceeded' });
  room.breakGlass(asked, ['oncall']);
  assert.match(room.breakGlassObjection(dave) ?? '', /open_reviews_per_person/);
  assert.equal((await room.reviews.close(id, bob, 'not-justified', 'it was up')).state, 'closed');
  await assert.rejects(room.reviews.close(id, bob, 'justified', 'it was down'), { code: 'conflict' });
  time.pass(3_600_000);
  assert.match(room.breakGlassObjection(dave) ?? '', /overdue/);
  // By another name it is the same person.
  assert.match(room.breakGlassObjection(disguised) ?? '', /overdue/);
  assert.equal(room.breakGlassObjection(carol), null);
  assert.equal(entries.filter(({ type }) => type === 'review-overdue').length, 1);
});

test('grants and reviews are there again after a restart; those out of time, ended or not sealed are not [approval.grant-restart, approval.grant-sealed]', async (t) => {
  const first = await openRoom({ limits: { reviewHours: 1 } });
  await first.room.approve(first.room.open(grantable()).id, bob, '', 60_000);
  await first.room.approve(first.room.open(grantable({ target: 'two' })).id, bob, '', 60_000);
  const two = (await first.room.grants.list(bob)).find(({ target }) => target === 'two');
  await first.room.grants.revoke(two?.id ?? '', bob, 'x');
  await first.room.approve(first.room.open(grantable({ target: 'three' })).id, bob, '', 2_000);
  const review = first.room.breakGlass(asking({ identity: dave }), ['oncall']);
  await first.room.close();
  first.time.pass(3_000);
  const second = await openRoom({
    limits: { reviewHours: 1 },
    storage: first.storage,
    directory: first.directory,
  });
  t.after(second.close);
  second.time.pass(3_000);
  await second.room.load();
  assert.equal(second.room.standing(agent, 'shop').length, 1);
  for (const target of ['two', 'three']) assert.deepEqual(second.room.standing(agent, target), []);
  assert.equal((await second.room.reviews.get(review, bob)).state, 'open');
  const [row] = await first.storage.grants.standing(10);
  assert.ok(row !== undefined);
  const forged = { ...row, id: 'gr-forged', expires_at: Number(row.expires_at) + 1_000_000_000 };
  await first.storage.grants.opened(forged);
  const third = await openRoom({ storage: first.storage, directory: first.directory });
  await third.room.load();
  assert.ok(third.faults.some((fault) => /grants nothing/.test(String(fault))));
  assert.equal(third.room.standing(agent, 'shop').length, 1);
});
