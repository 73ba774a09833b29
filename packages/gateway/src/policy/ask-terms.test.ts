import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAnnotations } from './annotations.ts';
import { type Approved, scopeKey } from './decision.ts';
import { ask, pointOver, policyFiles, sessionOf } from './policy.test-support.ts';

const read = (annotations: Record<string, string | null>) =>
  readAnnotations('permit', { approval: 'dba', ...annotations });

test('@reason, @grant and @break_glass are read as written, and refused when they cannot be honoured [approval.terms]', () => {
  const all = read({ reason: 'required', grant: '30m', break_glass: ' on call ' });
  assert.ok(typeof all !== 'string');
  assert.deepEqual(all.ask, { reason: true, grantMs: 1_800_000, breakGlass: 'on call' });
  for (const [grant, ms] of [
    ['1s', 1_000],
    ['90 s', 90_000],
    ['2h', 7_200_000],
    ['30d', 2_592_000_000],
  ] as const) {
    const one = read({ grant });
    assert.ok(typeof one !== 'string');
    assert.equal(one.ask?.grantMs, ms);
  }
  for (const grant of ['', '0s', '31d', '30', 'm', '-1m', '1.5h', '1h30m', '999999999999d', null])
    assert.match(String(read({ grant }) as unknown), /^@grant\(/, String(grant));
  for (const reason of ['', 'optional', null])
    assert.match(String(read({ reason }) as unknown), /^@reason\(/);
  for (const group of ['', ' ', 'a,b', null])
    assert.match(String(read({ break_glass: group }) as unknown), /^@break_glass\(/);
  for (const name of ['reason', 'grant', 'break_glass']) {
    const value = { reason: 'required', grant: '1m', break_glass: 'x' }[name] ?? '';
    assert.match(String(readAnnotations('permit', { [name]: value }) as unknown), /without @approval/);
    assert.match(String(readAnnotations('forbid', { [name]: value }) as unknown), /on a forbid/);
  }
});

const POLICIES = `
@id("granted") @approval("dba") @grant("10m") @break_glass("oncall") @reason("required")
permit (principal, action == Action::"select", resource) when { resource.schema == "a" };
@id("once") @approval("dba")
permit (principal, action == Action::"select", resource) when { resource.schema == "b" };
@id("never") forbid (principal, action == Action::"select", resource) when { resource.name == "secret" };
@id("untold") @approval("dba") @grant("10m") permit (principal, action == Action::"undetermined", resource);
`;
const CUSTOMERS = ask('select', 'Table', 'shop/a/customers');
const ORDERS = ask('select', 'Table', 'shop/b/orders');
const DBA = { group: 'dba', seats: 1 };

function grant(questions: readonly ReturnType<typeof ask>[], ageMs = 0): Approved {
  return { ...DBA, standing: { kind: 'grant', id: 'gr-1', scope: new Set(questions.map(scopeKey)), ageMs } };
}
const glass = (group: string): Approved => ({ group, seats: 1, standing: { kind: 'break-glass' } });

test('a grant counts for what it is for, through policies that offer one now, for as long as they say now [approval.grant, approval.grant-ends]', async (t) => {
  const point = await pointOver(t, policyFiles(t, { 'p.cedar': POLICIES }));
  const session = sessionOf([]);
  const decide = (questions: Parameters<typeof point.decide>[1], approved: readonly Approved[]) =>
    point.decide(session, questions, approved);
  const asked = await decide([CUSTOMERS], []);
  assert.ok(asked.effect === 'deny');
  assert.deepEqual(asked.terms, { reason: true, grantMs: 600_000, asked: [CUSTOMERS] });
  const granted = await decide([CUSTOMERS], [grant([CUSTOMERS])]);
  assert.deepEqual(granted.effect === 'permit' ? granted.evidence : granted, [{ kind: 'grant', id: 'gr-1' }]);
  assert.equal((await decide([CUSTOMERS], [grant([CUSTOMERS], 599_999)])).effect, 'permit');
  assert.equal((await decide([CUSTOMERS], [grant([CUSTOMERS], 600_000)])).effect, 'deny');
  assert.equal((await decide([CUSTOMERS], [grant([ORDERS])])).effect, 'deny');
  // One policy offers none: the same group's word, for another thing, is not borrowed.
  assert.equal((await decide([ORDERS], [grant([ORDERS])])).effect, 'deny');
  const both = await decide([CUSTOMERS, ORDERS], []);
  assert.ok(both.effect === 'deny');
  assert.deepEqual([both.terms?.grantMs, both.terms?.reason], [null, true]);
  assert.equal((await decide([CUSTOMERS, ORDERS], [grant([CUSTOMERS, ORDERS])])).effect, 'deny');
  assert.equal((await decide([CUSTOMERS, ORDERS], [DBA])).effect, 'permit');
  const secret = ask('select', 'Table', 'shop/a/secret');
  assert.equal((await decide([secret], [grant([secret]), DBA, glass('oncall')])).effect, 'deny');
  const untold = await decide([ask('undetermined', 'Target')], []);
  assert.ok(untold.effect === 'deny' && untold.approvals !== null);
  assert.equal(untold.terms?.grantMs, null);
});

test('breaking glass counts for the group a policy names, and for nothing else [approval.break-glass]', async (t) => {
  const point = await pointOver(t, policyFiles(t, { 'p.cedar': POLICIES }));
  const session = sessionOf([], { person: true });
  const broken = await point.decide(session, [CUSTOMERS], [glass('staff'), glass('oncall')]);
  assert.deepEqual(broken.effect === 'permit' ? broken.evidence : broken, [
    { kind: 'break-glass', group: 'oncall' },
  ]);
  // The approving group is not it, and being of it is no approval.
  assert.equal((await point.decide(session, [CUSTOMERS], [glass('dba')])).effect, 'deny');
  assert.equal((await point.decide(session, [ORDERS], [glass('oncall'), glass('dba')])).effect, 'deny');
  // An approval that is there is used before the glass is broken.
  const approved = await point.decide(session, [CUSTOMERS], [glass('oncall'), DBA]);
  assert.equal(approved.effect === 'permit' && approved.evidence === undefined, true);
});
