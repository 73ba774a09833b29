import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { policySection, workingHoursOf } from './config.ts';
import { ask, pointOver, policyFiles, sessionOf } from './policy.test-support.ts';
import { outsideHours, type RiskMaterial, scoreRisk } from './risk.ts';

const agent = sessionOf(['agents']);
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
console.log(`seed ${seed} (replay with SEED=${seed})`);

const CALM: RiskMaterial = {
  groups: new Set(['read']),
  rows: 5,
  unfiltered: false,
  classified: false,
  undetermined: false,
  outsideHours: false,
  firstUse: false,
};

test('the score is the sum of what is said of it, the most first, and never above a hundred [policy.risk]', () => {
  assert.deepEqual(scoreRisk(CALM), { score: 5, reasons: ['reads (5)'] });
  assert.deepEqual(
    scoreRisk({ ...CALM, groups: new Set(['read', 'write']), rows: 200_000, unfiltered: true }),
    {
      score: 65,
      reasons: [
        'changes data (25)',
        'every row, without a condition (25)',
        'a hundred thousand rows or more (15)',
      ],
    },
  );
  const all = {
    rows: 1e9,
    unfiltered: true,
    classified: true,
    undetermined: true,
    outsideHours: true,
    firstUse: true,
  };
  assert.equal(scoreRisk({ groups: new Set(['pivot']), ...all }).score, 100);
});

test('knowing less, or doing more, never makes the risk smaller [policy.risk]', () => {
  const groups = ['read', 'write', 'define', 'destroy', 'execute', 'pivot', 'administer', 'session', 'call'];
  const material = fc.record({
    groups: fc.uniqueArray(fc.constantFrom(...groups)).map((some) => new Set(some)),
    rows: fc.integer({ min: 0, max: 999 }),
    unfiltered: fc.boolean(),
    classified: fc.boolean(),
    undetermined: fc.boolean(),
    outsideHours: fc.boolean(),
    firstUse: fc.boolean(),
  });
  fc.assert(
    fc.property(material, fc.constantFrom(...groups), (one, more) => {
      const { score, reasons } = scoreRisk(one);
      const sum = reasons.reduce((total, reason) => total + Number(/\((\d+)\)$/.exec(reason)?.[1]), 0);
      assert.equal(score, Math.min(100, sum));
      const worse: Partial<RiskMaterial>[] = [
        { rows: null },
        { rows: 50_000_000 },
        { rows: Number.NaN },
        { unfiltered: true },
        { classified: true },
        { undetermined: true },
        { outsideHours: true },
        { firstUse: true },
        { groups: new Set([...one.groups, more]) },
      ];
      for (const change of worse)
        assert.ok(scoreRisk({ ...one, ...change }).score >= score, JSON.stringify(change));
    }),
    { seed, numRuns: 1_000 },
  );
});

test('working hours are those of their time zone, over midnight too [policy.risk]', () => {
  const hours = (text: object) => {
    const made = workingHoursOf(policySection.parse({ directory: 'x', working_hours: text }));
    assert.ok(made !== null);
    return (iso: string) => outsideHours(made, Date.parse(iso));
  };
  const day = hours({ from: '08:00', to: '18:00', time_zone: 'Europe/Berlin' });
  assert.equal(day('2026-01-05T06:59:00Z'), true, 'a Monday, before eight in winter');
  assert.equal(day('2026-01-05T07:00:00Z'), false);
  assert.equal(day('2026-07-06T06:00:00Z'), false, 'summer time');
  assert.equal(day('2026-07-06T16:00:00Z'), true);
  assert.equal(day('2026-07-05T10:00:00Z'), true, 'a Sunday');
  const night = hours({ from: '22:00', to: '06:00', days: ['fri'] });
  assert.equal(night('2026-07-03T23:00:00Z'), false);
  assert.equal(night('2026-07-04T05:59:00Z'), false, 'the night that Friday began');
  assert.equal(night('2026-07-04T23:00:00Z'), true);
  assert.equal(night('2026-07-03T05:00:00Z'), true);
  const wrong = policySection.safeParse({ directory: 'x', working_hours: { from: '8', to: '18:00' } });
  assert.equal(wrong.success, false);
  const nowhere = { from: '08:00', to: '18:00', time_zone: 'Mars/Olympus' };
  assert.equal(policySection.safeParse({ directory: 'x', working_hours: nowhere }).success, false);
  assert.equal(workingHoursOf(policySection.parse({ directory: 'x' })), null);
});

test('a policy asks above a risk, and an answer at one risk never serves another [policy.risk-keyed] [policy.risk-asked]', async (t) => {
  const policies = `@id("calm") permit (principal, action == Action::"update", resource) when { context.risk < 40 };
    @id("wild") @approval("x") permit (principal, action == Action::"update", resource) when { context.risk >= 40 };
    @id("never") forbid (principal, action, resource) when { context has risk && context.risk >= 90 };`;
  const point = await pointOver(t, policyFiles(t, { 'a.cedar': policies }));
  assert.equal(point.asksRisk, true);
  const update = [ask('update', 'Table', 'd/s/t')];
  for (const _ of [1, 2]) {
    for (const [score, policy] of [
      [39, 'calm'],
      [40, 'wild'],
      [90, 'never'],
      [0, 'calm'],
    ] as const) {
      const decision = await point.decide(agent, update, [], { score, reasons: [] });
      assert.deepEqual(decision.policies, [policy], `${score}`);
    }
  }
  const without = await point.decide(agent, update, []);
  assert.ok(without.effect === 'deny');
  assert.match(without.reason, /asks for the risk/);
  assert.notEqual(without.policyVersion, point.version, 'it must not be remembered');
  const calm = await pointOver(t, policyFiles(t, { 'a.cedar': 'permit (principal, action, resource);' }));
  assert.equal(calm.asksRisk, false);
  assert.equal(calm.groupOf('update'), 'write');
  assert.equal(calm.groupOf('connect'), null);
  assert.equal(calm.groupOf('constructor'), null);
});
