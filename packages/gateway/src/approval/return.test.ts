import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agent, asking, identity, openRoom, SHOWN } from './room.fixture.ts';

const bob = identity('bob', { groups: ['dba'] });
const carol = identity('carol', { groups: ['dba', 'security'] });
const returned = (overrides: Parameters<typeof asking>[0] = {}) => asking({ mode: 'return', ...overrides });
const DIGEST = asking().digest;

test('the same asked again joins the request, whatever reason is given then [approval.return-join]', async (t) => {
  const { room, entries, close } = await openRoom();
  t.after(close);
  const first = room.ask(returned({ shown: { ...SHOWN, stated: 'ticket 7' } }));
  const second = room.ask(returned({ sessionId: 's2', shown: { ...SHOWN, stated: 'harmless' } }));
  assert.deepEqual(first, second);
  assert.equal(entries.filter(({ type }) => type === 'access-requested').length, 1);
  assert.equal((await room.get(first.id, bob)).shown.stated, 'ticket 7');
  const other = room.ask(returned({ digest: 'e'.repeat(64) }));
  assert.notEqual(other.id, first.id);
  // A hold of the same digest is another thing: somebody waits for it.
  assert.notEqual(room.open(asking()).id, first.id);
});

test('an approval is used once, by whom and for what it was given, and not after its time [approval.return, approval.redeem]', async (t) => {
  const { room, time, close } = await openRoom({ limits: { returnRedeemSeconds: 100 } });
  t.after(close);
  const { id } = room.ask(returned());
  await room.approve(id, bob);
  const answer = room.answer(DIGEST);
  assert.ok(answer?.state === 'approved');
  assert.equal(answer.redeem('e'.repeat(64), agent), false);
  assert.equal(answer.redeem(DIGEST, agent), true);
  assert.equal(answer.redeem(DIGEST, agent), false);
  assert.equal(room.answer(DIGEST), null);
  const again = room.ask(returned());
  assert.notEqual(again.id, id);
  await room.approve(again.id, bob);
  const late = room.answer(DIGEST);
  time.pass(100_000);
  assert.ok(late?.state === 'approved');
  assert.equal(late.redeem(DIGEST, agent), false);
  assert.equal(room.answer(DIGEST), null);
});

test('a denial is told until the request would have expired; then it may be asked anew [approval.return, approval.deny-reason]', async (t) => {
  const { room, time, close } = await openRoom({ limits: { expirySeconds: 60 } });
  t.after(close);
  const { id } = room.ask(returned());
  await room.deny(id, bob, 'use the report');
  assert.deepEqual(room.ask(returned()), { state: 'denied', id, by: 'bob', reason: 'use the report' });
  time.pass(60_000);
  assert.equal(room.answer(DIGEST), null);
  assert.equal(room.ask(returned()).state, 'pending');
});

test('whoever asked cancels it, and nobody else; what was approved stands [approval.cancel]', async (t) => {
  const { room, close } = await openRoom();
  t.after(close);
  const { id } = room.ask(returned());
  await assert.rejects(room.cancel(id, bob), { code: 'not-permitted' });
  await assert.rejects(room.cancel(id, identity('alice', { kind: 'machine', actor: 'agent-8' })), {
    code: 'not-found',
  });
  assert.equal((await room.cancel(id, agent)).state, 'cancelled');
  await assert.rejects(room.approve(id, bob), { code: 'conflict' });
  const next = room.ask(returned());
  // Her owner may, too.
  assert.equal((await room.cancel(next.id, identity('alice'))).state, 'cancelled');
});

test('what is cancelled by command ends requests, approvals that were not used, and grants [approval.withdrawn]', async (t) => {
  const { room, close } = await openRoom();
  t.after(close);
  const grantable = { shown: { ...SHOWN, grantMs: 60_000 } };
  const pending = room.ask(returned());
  const approved = room.ask(returned({ digest: 'e'.repeat(64) }));
  await room.approve(approved.id, bob);
  const granted = room.open(asking(grantable));
  await room.approve(granted.id, bob, '', 30_000);
  assert.equal(room.standing(agent, 'shop').length, 1);
  assert.equal(
    room.cancelWhere(({ subject }) => subject === 'main|nobody', 'revoked'),
    0,
  );
  assert.equal(
    room.cancelWhere(({ subject, target }) => subject === 'main|alice' && target === 'shop', 'revoked'),
    4,
  );
  assert.equal((await room.get(pending.id, bob)).state, 'cancelled');
  assert.equal(room.answer('e'.repeat(64)), null);
  assert.deepEqual(room.standing(agent, 'shop'), []);
  assert.equal(granted.redeem(DIGEST), false);
});

test('an approver who lost the group, or was revoked, counts no more [approval.withdrawn]', async (t) => {
  const { room, entries, close } = await openRoom();
  t.after(close);
  const two = { requirements: [{ group: 'dba', seats: 2 }] };
  const { id } = room.ask(returned(two));
  await room.approve(id, bob);
  room.seen(identity('bob', { groups: ['interns'] }));
  // Whoever still has the old token cannot make up for it by a second person alone.
  assert.equal((await room.approve(id, carol)).state, 'pending');
  assert.notEqual((await room.get(id, carol)).decisions[0]?.withdrawnAt, null);
  await room.approve(id, identity('dora', { groups: ['dba'] }));
  const answer = room.answer(DIGEST);
  assert.ok(answer?.state === 'approved');
  assert.deepEqual(answer.by, ['main|carol', 'main|dora']);
  assert.equal(
    room.withdrawApprovalsOf(({ aliases }) => aliases.includes('dora@example.com'), 'revoked'),
    1,
  );
  assert.equal(answer.redeem(DIGEST, agent), false);
  assert.equal(room.answer(DIGEST), null);
  assert.ok(entries.filter(({ facts }) => facts?.verdict === 'withdrawn').length === 2);
  // The same token again changes nothing.
  const other = room.ask(returned({ digest: 'e'.repeat(64) }));
  await room.approve(other.id, bob);
  room.seen(bob);
  assert.equal(room.answer('e'.repeat(64))?.state, 'approved');
});

test('a hold whose approver lost the group before it goes on is not redeemed [approval.withdrawn]', async (t) => {
  const { room, close } = await openRoom();
  t.after(close);
  const pending = room.open(asking());
  await room.approve(pending.id, bob);
  assert.equal((await pending.ended).state, 'approved');
  room.seen(identity('bob', { groups: [] }));
  assert.equal(pending.redeem(DIGEST), false);
});

test('pages follow one another, newest first, over memory and store [approval.many]', async (t) => {
  const { room, time, close } = await openRoom({
    limits: { pendingPerSession: 100, pendingPerSubject: 100 },
  });
  t.after(close);
  const ids: string[] = [];
  for (let at = 0; at < 20; at += 1) {
    const pending = room.open(asking());
    ids.unshift(pending.id);
    if (at % 3 === 0) pending.cancel();
    time.pass(1_000);
  }
  const seen: string[] = [];
  let next: Awaited<ReturnType<typeof room.page>>['next'] = null;
  do {
    const page = await room.page(bob, { limit: 7, ...(next === null ? {} : { before: next }) });
    seen.push(...page.found.map(({ id }) => id));
    next = page.next;
  } while (next !== null);
  assert.deepEqual(seen, ids);
  assert.equal(room.pending, 13);
});
