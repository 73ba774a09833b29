/** The two-person rule attacked, one way after the other, in a room on a real store. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  agent,
  asking,
  identity,
  openRoom,
  SHOWN,
} from '../../../packages/gateway/src/approval/room.fixture.ts';
import { identityOf } from '../../../packages/gateway/src/identity/claims.ts';
import { identitySection } from '../../../packages/gateway/src/identity/index.ts';

const issuers = identitySection.parse({
  issuers: ['main', 'other'].map((name) => ({
    name,
    issuer: `https://${name}.example`,
    audience: 'sallyport',
  })),
}).issuers;

function from(issuer: 'main' | 'other', claims: Readonly<Record<string, unknown>>) {
  const config = issuers.find(({ name }) => name === issuer);
  assert.ok(config !== undefined);
  return identityOf({ groups: ['dba'], auth_time: 1, ...claims }, config, Date.now() + 60_000, 64);
}

const DIGEST = asking().digest;
const twoSeats = { requirements: [{ group: 'dba', seats: 2 }] };
const bob = from('main', { sub: 'bob', email: 'bob@corp.example' });
const carol = from('main', { sub: 'carol', email: 'carol@corp.example' });
const alicesAgent = from('main', {
  sub: 'alice',
  email: 'alice@corp.example',
  act: { sub: 'agent-7' },
  azp: 'agent-client',
});

async function roomWith(subject: Parameters<typeof asking>[0] = {}) {
  const opened = await openRoom();
  return { ...opened, pending: opened.room.open(asking({ identity: alicesAgent, ...subject })) };
}

const SAME_PERSON_AGAIN = {
  'through another issuer, with the same e-mail': from('other', { sub: '4711', email: 'bob@corp.example' }),
  'with the e-mail in another case': from('other', { sub: 'x', email: 'BOB@CORP.example' }),
  'with compatibility characters in it': from('other', { sub: 'x', email: 'ｂob@corp.example' }),
  'with a joiner nobody sees in it': from('other', { sub: 'x', email: 'b\u200dob@corp.example' }),
  'with a composed letter taken apart': from('other', { sub: 'x', preferred_username: 'bob@corp.example' }),
  'by another account of the same subject': from('main', { sub: 'bob', email: 'b.o.b@corp.example' }),
};

for (const [how, again] of Object.entries(SAME_PERSON_AGAIN)) {
  test(`1, 2: one person does not fill two seats ${how} [approval.ten-ways, L3]`, async (t) => {
    const { room, pending, close } = await roomWith(twoSeats);
    t.after(close);
    assert.equal((await room.approve(pending.id, bob)).state, 'pending');
    await assert.rejects(room.approve(pending.id, again), { code: 'conflict', message: /you already did/ });
    assert.equal((await room.approve(pending.id, carol)).state, 'approved');
  });
}

const PARTIES = {
  'the owner of the agent': from('main', { sub: 'alice', email: 'alice@corp.example' }),
  'the owner of the agent, from another issuer': from('other', { sub: 'a', email: 'Alice@corp.example' }),
  'the agent with an approver’s token': from('main', {
    sub: 'bob',
    email: 'bob@corp.example',
    act: { sub: 'agent-7' },
  }),
  'a person signed in through the agent’s own client': from('main', {
    sub: 'bob',
    email: 'bob@corp.example',
    azp: 'agent-client',
  }),
  'a person named like the agent': from('main', { sub: 'agent-7', email: 'agent-7@corp.example' }),
  'a machine with the claims of a person': from('main', {
    sub: 'robot',
    client_id: 'robot',
    email_verified: true,
  }),
};

for (const [who, party] of Object.entries(PARTIES)) {
  test(`3, 4, 5, 9: ${who} does not approve [approval.ten-ways, L3]`, async (t) => {
    const { room, pending, close } = await roomWith();
    t.after(close);
    await assert.rejects(room.approve(pending.id, party), (fault: { code?: string }) =>
      ['not-permitted', 'not-found'].includes(fault.code ?? ''),
    );
    assert.equal((await room.get(pending.id, bob)).decisions.length, 0);
  });
}

test('6: one person in two groups does not fill the seats of both [approval.ten-ways, L3]', async (t) => {
  const requirements = [
    { group: 'dba', seats: 1 },
    { group: 'security', seats: 1 },
  ];
  const { room, pending, close } = await roomWith({ requirements });
  t.after(close);
  const both = from('main', { sub: 'bob', groups: ['dba', 'security'] });
  assert.equal((await room.approve(pending.id, both)).state, 'pending');
  await assert.rejects(room.approve(pending.id, both), { code: 'conflict' });
  // The one who can only sit in one of them finds it free, whichever the first took.
  assert.equal((await room.approve(pending.id, carol)).state, 'approved');
});

test('7: an approval is not replayed, nor used for another digest, by whoever holds it [approval.ten-ways, L3]', async (t) => {
  const { room, pending, close } = await roomWith();
  t.after(close);
  await room.approve(pending.id, bob);
  assert.equal(pending.redeem('0'.repeat(64)), false);
  assert.equal(pending.redeem(DIGEST.toUpperCase()), false);
  assert.equal(pending.redeem(''), false);
  assert.equal(pending.redeem(DIGEST), true);
  assert.equal(pending.redeem(DIGEST), false);
  await assert.rejects(room.approve(pending.id, carol), { code: 'conflict' });
});

test('8: an approval races with the end of its time, and with a cancellation, and never wins twice [approval.ten-ways, L3]', async (t) => {
  const { room, time, pending, close } = await roomWith();
  t.after(close);
  // The time is over, and the timer has not fired yet: the approval comes first.
  time.clock.now = (
    (now) => () =>
      now + 900_000
  )(time.clock.now());
  await assert.rejects(room.approve(pending.id, bob), { code: 'conflict', message: /it is (expired|over)/ });
  assert.equal((await pending.ended).state, 'expired');
  const next = room.open(asking({ identity: alicesAgent }));
  const approving = room.approve(next.id, bob);
  next.cancel();
  await assert.rejects(approving, { code: 'conflict' });
  assert.equal((await next.ended).state, 'cancelled');
  const last = room.open(asking({ identity: alicesAgent }));
  await room.approve(last.id, bob);
  last.cancel();
  assert.equal((await last.ended).state, 'approved');
});

test('10: coming back under another name does not make an approver somebody else [approval.ten-ways, L3]', async (t) => {
  const { room, close } = await openRoom();
  t.after(close);
  const asked = asking({ identity: alicesAgent, mode: 'return' });
  const { id } = room.ask(asked);
  await room.approve(id, bob);
  const answer = room.answer(DIGEST);
  assert.ok(answer?.state === 'approved');
  // The same subject, actor and digest, with a token that now carries the approver’s e-mail.
  const alsoBob = { ...alicesAgent, aliases: [...alicesAgent.aliases, 'bob@corp.example'] };
  assert.equal(answer.redeem(DIGEST, alsoBob), false);
  assert.equal(answer.redeem(DIGEST, alicesAgent), true);
});

test('10: a request that people read cannot be changed by asking again under the same session [approval.ten-ways, approval.return-join, L3]', async (t) => {
  const { room, close } = await openRoom();
  t.after(close);
  const asked = asking({ identity: alicesAgent, mode: 'return' });
  const { id } = room.ask(asked);
  const edited = {
    ...asked,
    text: 'SELECT 1',
    form: 'SELECT ?',
    shown: { ...SHOWN, stated: 'harmless', grantMs: 1e9 },
  };
  assert.equal(room.ask(edited).id, id);
  const seen = await room.get(id, bob);
  assert.deepEqual([seen.text, seen.shown.stated, seen.shown.grantMs], [asked.text, '', null]);
});

test('a grant is no way around: not for its giver, not through an agent, not by a stranger’s hand [approval.ten-ways, approval.grant, L3]', async (t) => {
  const { room, close } = await openRoom();
  t.after(close);
  const pending = room.open(asking({ shown: { ...SHOWN, grantMs: 60_000 } }));
  for (const who of [
    identity('alice', { groups: ['dba'] }),
    identity('bob', { groups: ['dba'], actor: 'agent-9' }),
  ])
    await assert.rejects(room.approve(pending.id, who, '', 1_000));
  assert.deepEqual(room.standing(agent, 'shop'), []);
});
