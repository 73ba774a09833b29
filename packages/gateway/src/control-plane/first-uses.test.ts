import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../lib/fault.ts';
import { startHouse } from './control-plane.fixture.ts';
import { FirstUses, KNOWN_USES } from './first-uses.ts';

test('a token is news once from each address, and those longest unused are forgotten first [audit.logins-bounded]', () => {
  const uses = new FirstUses();
  const use = (token: string, address = 'here'): boolean => {
    const isFirst = uses.isFirst(token, address);
    if (isFirst) uses.remember(token, address);
    return isFirst;
  };
  assert.deepEqual(
    [use('a'), use('a'), use('a', 'there'), use('a', 'there'), use('b')],
    [true, false, true, false, true],
  );
  for (let n = 0; n < KNOWN_USES - 2; n += 1) {
    assert.ok(use(`other ${n}`));
    assert.ok(!use('a'), 'one in use is not forgotten');
  }
  // One had to go for the last: the one nobody used since.
  assert.deepEqual([use('a'), use('a', 'there')], [false, true]);
});

test('a log that takes nothing keeps nobody out, and the login is on record once it does [audit.logins, control-plane.audited]', async (t) => {
  const house = await startHouse();
  t.after(() => house.close());
  house.log.isFull = true;
  const token = await house.provider.token({ subject: 'alice' });
  const ask = async () =>
    (await fetch(`${house.address}/v1/sessions`, { headers: { authorization: `Bearer ${token}` } })).status;
  assert.equal(await ask(), 200);
  const { faults } = house;
  assert.ok(faults.length === 1 && faults[0] instanceof Fault && faults[0].code === 'audit-unavailable');
  house.log.isFull = false;
  assert.deepEqual([await ask(), await ask()], [200, 200]);
  assert.deepEqual(house.entries, [
    {
      type: 'authenticated',
      subject: 'test|alice',
      actor: null,
      task: null,
      facts: { door: 'control-plane', address: '127.0.0.1' },
    },
  ]);
});

test('a token that is refused is never remembered, and each attempt is on record [audit.logins]', async (t) => {
  const house = await startHouse();
  t.after(() => house.close());
  const ask = () => fetch(`${house.address}/v1/sessions`, { headers: { authorization: 'Bearer a.b.c' } });
  for (let n = 0; n < 3; n += 1) assert.equal((await ask()).status, 401);
  assert.deepEqual(
    house.entries.map(({ type }) => type),
    Array(3).fill('authentication-failed'),
  );
});
