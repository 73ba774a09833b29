/** What people allowed a person, used by a machine that holds a token of theirs, and the other way round. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asking, identity, openRoom, SHOWN } from '../../../packages/gateway/src/approval/room.fixture.ts';
import type { Identity } from '../../../packages/gateway/src/identity/index.ts';

const bob = identity('bob', { groups: ['dba'] });
const alice = identity('alice');
/** As a task token is that was exchanged from hers without an actor: an agent holds it. */
const taskToken: Identity = {
  ...alice,
  kind: 'machine',
  task: 'tidy',
  scope: {
    ...{ targets: ['shop'], actions: ['write'], budget: { operations: 9, rows: 9, approvals: 0 } },
    ...{ ancestors: [], origin: 'hers' },
  },
};
/** As a token is that names her, and says nothing of anybody having signed in. */
const machine: Identity = { ...alice, kind: 'machine' };
const grantable = (who: Identity) =>
  asking({ identity: who, shown: { ...SHOWN, grantMs: 600_000 }, target: 'shop' });

test('a grant that people gave a person is no machine’s that holds a token of hers, also after a restart [approval.grant]', async (t) => {
  const { room, storage, directory, close } = await openRoom();
  t.after(close);
  await room.approve(room.open(grantable(alice)).id, bob, '', 600_000);
  assert.equal(room.standing(alice, 'shop').length, 1);
  assert.equal(room.standing({ ...alice, task: 'by hand' }, 'shop').length, 1);
  for (const other of [taskToken, machine]) assert.deepEqual(room.standing(other, 'shop'), []);
  const again = await openRoom({ storage, directory });
  await again.room.load();
  assert.equal(again.room.standing(alice, 'shop').length, 1);
  for (const other of [taskToken, machine]) assert.deepEqual(again.room.standing(other, 'shop'), []);
  // Whoever writes to the store cannot make it a machine's.
  const [row] = await storage.grants.standing(10);
  assert.ok(row !== undefined);
  await storage.grants.opened({ ...row, id: 'gr-forged', kind: 'machine' });
  const third = await openRoom({ storage, directory });
  await third.room.load();
  assert.deepEqual(third.room.standing(machine, 'shop'), []);
});

test('what a person asked and was approved to come back for is no machine’s to redeem [approval.return]', async (t) => {
  const { room, close } = await openRoom();
  t.after(close);
  const asked = asking({ identity: alice, mode: 'return', digest: 'e'.repeat(64) });
  const { id } = room.ask(asked);
  await room.approve(id, bob);
  const answer = room.answer(asked.digest);
  assert.ok(answer?.state === 'approved');
  assert.equal(answer.redeem(asked.digest, machine), false);
  assert.equal(answer.redeem(asked.digest, alice), true);
});
