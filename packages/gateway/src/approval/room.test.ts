import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Storage } from '../storage/index.ts';
import { agent, asking, identity, openRoom } from './room.fixture.ts';

const bob = identity('bob', { groups: ['dba'] });
const carol = identity('carol', { groups: ['dba', 'security'] });

describe('deciding', () => {
  test('approval ends the wait at once and is good for one use of one digest [approval.redeem]', async (t) => {
    const { room, close } = await openRoom();
    t.after(close);
    const pending = room.open(asking());
    const view = await room.approve(pending.id, bob, 'looks right');
    assert.equal(view.state, 'approved');
    assert.deepEqual(await pending.ended, {
      state: 'approved',
      approvals: [{ group: 'dba', seats: 1 }],
      by: ['main|bob'],
    });
    assert.equal(pending.redeem('another digest'), false);
    assert.equal(pending.redeem('d'.repeat(64)), true);
    assert.equal(pending.redeem('d'.repeat(64)), false);
    const stored = await room.get(pending.id, bob);
    assert.equal(stored.state, 'approved');
    assert.notEqual(stored.redeemedAt, null);
    assert.deepEqual(
      stored.decisions.map((one) => [one.approver, one.reason]),
      [['main|bob', 'looks right']],
    );
  });

  test('an approval runs out unused [approval.redeem]', async (t) => {
    const { room, time, close } = await openRoom({ limits: { redeemSeconds: 60 } });
    t.after(close);
    const pending = room.open(asking());
    assert.equal(pending.redeem('d'.repeat(64)), false, 'not before it is approved');
    await room.approve(pending.id, bob);
    time.pass(60_000);
    assert.equal(pending.redeem('d'.repeat(64)), false);
  });

  test('a denial says who and why, and nothing can follow it [approval.states]', async (t) => {
    const { room, close } = await openRoom();
    t.after(close);
    const pending = room.open(asking());
    await room.deny(pending.id, bob, 'not on\u001b[2J a Friday\n');
    assert.deepEqual(await pending.ended, { state: 'denied', reason: 'not on [2J a Friday', by: 'bob' });
    await assert.rejects(room.approve(pending.id, carol), { code: 'conflict' });
    pending.cancel();
    assert.equal((await room.get(pending.id, bob)).state, 'denied');
    assert.equal(pending.redeem('d'.repeat(64)), false);
  });

  test('two decisions at the same moment: one counts [approval.states]', async (t) => {
    const { room, entries, close } = await openRoom();
    t.after(close);
    const pending = room.open(asking());
    const results = await Promise.allSettled([
      room.deny(pending.id, bob, 'no'),
      room.approve(pending.id, carol),
    ]);
    assert.deepEqual(results.map((one) => one.status).sort(), ['fulfilled', 'rejected']);
    assert.equal(entries.filter((one) => one.type === 'access-decided').length, 1);
  });

  test('seats want different people, and all of them [approval.seats]', async (t) => {
    const { room, close } = await openRoom();
    t.after(close);
    const requirements = [
      { group: 'dba', seats: 1 },
      { group: 'security', seats: 1 },
    ];
    const pending = room.open(asking({ requirements }));
    assert.equal((await room.approve(pending.id, carol)).state, 'pending');
    await assert.rejects(room.approve(pending.id, carol), /one person fills one seat/);
    const sameCarol = identity('carol2', { groups: ['dba'], aliases: ['other|c', 'CAROL@example.com'] });
    await assert.rejects(room.approve(pending.id, sameCarol), /one person fills one seat/);
    assert.equal((await room.approve(pending.id, bob)).state, 'approved', 'carol moves to the other seat');
  });

  test('someone whose groups are full is told so [approval.seats]', async (t) => {
    const { room, close } = await openRoom();
    t.after(close);
    const requirements = [
      { group: 'dba', seats: 1 },
      { group: 'security', seats: 2 },
    ];
    const pending = room.open(asking({ requirements }));
    await room.approve(pending.id, bob);
    await assert.rejects(
      room.approve(pending.id, identity('erin', { groups: ['dba'] })),
      /seats of your groups are taken/,
    );
  });
});

describe('who may decide', () => {
  const dba = { groups: ['dba'] };
  const refused: readonly [string, ReturnType<typeof identity>, RegExp][] = [
    ['a machine', identity('ci', { ...dba, kind: 'machine' }), /only a person/],
    ['an agent of a member', identity('bob', { ...dba, actor: 'agent-1' }), /only a person/],
    ['the subject', identity('alice', dba), /their own/],
    [
      'the same e-mail elsewhere',
      identity('x', { ...dba, aliases: ['other|x', 'ALICE@example.com'] }),
      /their own/,
    ],
    ['the same name in other letters', identity('x', { ...dba, aliases: ['ｍａｉｎ|alice'] }), /their own/],
    ['the name of the actor', identity('x', { ...dba, aliases: ['Agent-7'] }), /their own/],
    [
      'a person through the agent’s application',
      identity('bob', { ...dba, aliases: ['main|bob', 'client:main|agent-7'] }),
      /their own/,
    ],
  ];
  for (const [title, decider, why] of refused) {
    test(`not ${title} [approval.person, approval.not-own]`, async (t) => {
      const { room, entries, close } = await openRoom();
      t.after(close);
      const pending = room.open(asking());
      const code = /^(not-permitted|not-found)$/;
      for (const attempt of [room.approve(pending.id, decider), room.deny(pending.id, decider, 'no')]) {
        await assert.rejects(attempt, (error) => {
          assert.ok(error instanceof Error && 'code' in error && code.test(String(error.code)));
          if (error.code === 'not-permitted') assert.match(error.message, why);
          return true;
        });
      }
      assert.equal(entries.filter((one) => one.type === 'access-decided').length, 0);
      assert.equal((await room.list(bob))[0]?.state, 'pending');
    });
  }

  test('not a person of no group that is asked [approval.group]', async (t) => {
    const { room, close } = await openRoom();
    t.after(close);
    const pending = room.open(asking());
    for (const groups of [[], ['DBA'], ['dba '], ['security']]) {
      await assert.rejects(room.approve(pending.id, identity('erin', { groups })), { code: 'not-found' });
    }
  });

  test('colleagues may use one application [approval.not-own]', async (t) => {
    const { room, close } = await openRoom();
    t.after(close);
    const pending = room.open(asking({ identity: identity('alice') }));
    assert.equal((await room.approve(pending.id, bob)).state, 'approved');
  });
});

describe('the end without a decision', () => {
  test('expiry is one timer, and a late decision is refused [approval.expiry]', async (t) => {
    const { room, time, close } = await openRoom({ limits: { expirySeconds: 900 } });
    t.after(close);
    const first = room.open(asking());
    time.pass(10_000);
    const second = room.open(asking({ sessionId: 's2' }));
    assert.equal(time.timers(), 1);
    time.pass(890_000);
    assert.deepEqual(await first.ended, { state: 'expired' });
    await assert.rejects(room.approve(first.id, bob), { code: 'conflict' });
    assert.equal((await room.get(second.id, bob)).state, 'pending');
    time.pass(10_000);
    assert.deepEqual(await second.ended, { state: 'expired' });
    assert.equal(time.timers(), 0);
  });

  test('the holder going away cancels, once [approval.holder]', async (t) => {
    const { room, entries, close } = await openRoom();
    t.after(close);
    const pending = room.open(asking());
    pending.cancel();
    pending.cancel();
    assert.deepEqual(await pending.ended, { state: 'cancelled' });
    await assert.rejects(room.approve(pending.id, bob), { code: 'conflict' });
    assert.deepEqual(
      entries.map((one) => one.facts?.state),
      [undefined, 'cancelled'],
    );
  });

  test('stopping fails what is pending, and a crash does so at the next start [approval.holder]', async (t) => {
    const first = await openRoom();
    const pending = first.room.open(asking());
    await first.room.list(bob);
    const second = await openRoom({ storage: first.storage, directory: first.directory });
    t.after(second.close);
    assert.equal((await second.room.get(pending.id, bob)).state, 'failed');
    await assert.rejects(second.room.approve(pending.id, bob), { code: 'conflict' });
    await first.room.close();
    assert.deepEqual(await pending.ended, { state: 'failed' });
  });

  test('a store that does not take it fails it [approval.store]', async (t) => {
    const broken = await openRoom();
    t.after(broken.close);
    const accessRequests: Storage['accessRequests'] = {
      ...broken.storage.accessRequests,
      opened: () => Promise.reject(new Error('disk full')),
    };
    const { room, faults } = await openRoom({
      storage: { ...broken.storage, accessRequests },
      directory: broken.directory,
    });
    const pending = room.open(asking());
    assert.deepEqual(await pending.ended, { state: 'failed' });
    assert.ok(faults.length > 0);
  });
});

describe('the log', () => {
  test('knows who decided what, and no operation text [approval.audit]', async (t) => {
    const { room, entries, close } = await openRoom();
    t.after(close);
    const pending = room.open(asking());
    await room.approve(pending.id, bob, 'because hush');
    assert.deepEqual(
      entries.map((one) => one.type),
      ['access-requested', 'access-decided'],
    );
    assert.deepEqual(entries[1]?.facts, {
      approver: 'main|bob',
      verdict: 'approve',
      state: 'approved',
      seatsFilled: 1,
      seatsNeeded: 1,
    });
    assert.ok(!JSON.stringify(entries).includes('hush'));
  });

  test('that cannot be written to stops openings and decisions, not endings [approval.audit]', async (t) => {
    const { room, log, close } = await openRoom();
    t.after(close);
    const pending = room.open(asking());
    log.full = true;
    assert.throws(() => room.open(asking()), /no space/);
    await assert.rejects(room.approve(pending.id, bob), /no space/);
    await assert.rejects(room.deny(pending.id, bob, 'no'), /no space/);
    assert.equal((await room.get(pending.id, bob)).decisions.length, 0);
    pending.cancel();
    assert.deepEqual(await pending.ended, { state: 'cancelled' });
  });
});

describe('who sees what', () => {
  test('an agent only its own, a person what their agents asked [approval.visible]', async (t) => {
    const { room, close } = await openRoom();
    t.after(close);
    const mine = room.open(asking());
    const otherAgent = identity('alice', { kind: 'machine', actor: 'agent-8' });
    const theirs = room.open(asking({ identity: otherAgent, sessionId: 's2' }));
    const ids = async (viewer: ReturnType<typeof identity>) =>
      (await room.list(viewer)).map((one) => one.id).sort();
    assert.deepEqual(await ids(agent), [mine.id]);
    assert.deepEqual(await ids(otherAgent), [theirs.id]);
    assert.deepEqual(await ids(identity('alice')), [mine.id, theirs.id].sort());
    assert.deepEqual(await ids(bob), [mine.id, theirs.id].sort());
    assert.deepEqual(await ids(identity('mallory')), []);
    assert.deepEqual(await ids(identity('ci', { kind: 'machine', groups: ['dba'] })), []);
    await assert.rejects(room.get(theirs.id, agent), { code: 'not-found' });
    await assert.rejects(room.get('ar-none', agent), { code: 'not-found' });
    // The same holds when it is over and comes from the store.
    theirs.cancel();
    mine.cancel();
    assert.deepEqual(await ids(agent), [mine.id]);
    assert.deepEqual(await ids(bob), [mine.id, theirs.id].sort());
    await assert.rejects(room.get(theirs.id, agent), { code: 'not-found' });
  });

  test('only those who could are told that they can [approval.visible]', async (t) => {
    const { room, close } = await openRoom();
    t.after(close);
    room.open(asking());
    assert.equal((await room.list(bob))[0]?.decidable, true);
    assert.equal((await room.list(identity('alice', { groups: ['dba'] })))[0]?.decidable, false);
    assert.equal((await room.list(agent))[0]?.decidable, false);
  });
});

test('limits are errors that name themselves [approval.limits]', async (t) => {
  const limits = {
    pendingPerSession: 1,
    pendingPerSubject: 2,
    pendingTotal: 3,
    textBytes: 1_024,
    reasonLength: 16,
  };
  const { room, close } = await openRoom({ limits });
  t.after(close);
  const pending = room.open(asking());
  assert.throws(() => room.open(asking()), {
    code: 'limit-exceeded',
    message: /approval.pending_per_session/,
  });
  room.open(asking({ sessionId: 's2' }));
  assert.throws(() => room.open(asking({ sessionId: 's3' })), /approval.pending_per_subject/);
  room.open(asking({ sessionId: 's4', identity: identity('dave') }));
  assert.throws(
    () => room.open(asking({ sessionId: 's5', identity: identity('erin') })),
    /approval.pending_total/,
  );
  assert.throws(() => room.open(asking({ text: 'x'.repeat(1_025) })), /approval.text_bytes/);
  for (const seats of [0, -1, 1.5, 65, Number.NaN]) {
    assert.throws(() => room.open(asking({ requirements: [{ group: 'dba', seats }] })), /seats/);
  }
  assert.throws(() => room.open(asking({ requirements: [] })), /seats/);
  await assert.rejects(room.approve(pending.id, bob, 'x'.repeat(17)), /approval.reason_length/);
  await assert.rejects(room.deny(pending.id, bob, ' \n '), /say why/);
});
