import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PermitLimit } from './annotations.ts';
import { moreGenerous, mostGenerous, strictest } from './limits.ts';
import { ask, pointOver, policyFiles, sessionOf } from './policy.test-support.ts';
import { answerOf, stand } from './verdict.ts';

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
console.log(`seed ${seed} (replay with SEED=${seed})`);
const options = { seed, numRuns: 2_000 };

const value = fc.option(fc.integer({ min: 1, max: 4 }));
const limit: fc.Arbitrary<PermitLimit> = fc.record({
  rows: value,
  bytes: value,
  timeoutMs: value,
  perMinute: value,
});
const NONE: PermitLimit = { rows: null, bytes: null, timeoutMs: null, perMinute: null };
const agent = sessionOf(['agents']);

test('what counts for one evaluation is what one of its permits gives, and none gives more [policy.limit-algebra]', () => {
  fc.assert(
    fc.property(fc.array(limit, { minLength: 1, maxLength: 4 }), (limits) => {
      const known = new Map(limits.map((one, index) => [`p${index}`, one]));
      const chosen = mostGenerous([...known.keys()], known);
      assert.ok(chosen !== null && known.get(chosen.policy) === chosen.limit);
      for (const one of limits) assert.ok(!moreGenerous(one, chosen.limit));
      assert.equal(mostGenerous(['p0', 'plain'], known), null, 'a permit without a limit wins');
    }),
    options,
  );
});

test('over an operation nothing is wider than any of its evaluations, and every rate counts [policy.limit-algebra]', () => {
  fc.assert(
    fc.property(fc.array(limit, { maxLength: 4 }), (limits) => {
      const merged = strictest(limits.map((one, index) => ({ policy: `p${index}`, limit: one })));
      if (limits.length === 0) return assert.equal(merged, null);
      assert.ok(merged !== null);
      for (const key of ['rows', 'bytes', 'timeoutMs'] as const) {
        const given = limits.flatMap((one) => one[key] ?? []);
        assert.equal(merged[key], given.length === 0 ? null : Math.min(...given));
      }
      assert.equal(merged.perMinute.length, limits.filter(({ perMinute }) => perMinute !== null).length);
    }),
    options,
  );
});

test('one more approval never makes a limit tighter [policy.approval-monotone]', () => {
  const requirement = fc.record({ group: fc.constantFrom('a', 'b'), seats: fc.integer({ min: 1, max: 3 }) });
  const permit = fc.record({ requirement, limit: fc.option(limit) });
  fc.assert(
    fc.property(
      fc.array(permit, { minLength: 1, maxLength: 4 }),
      fc.array(requirement),
      requirement,
      (permits, approved, more) => {
        const ids = permits.map((_, index) => `p${index}`);
        const answer = answerOf(
          { allowed: true, policies: ids, erred: [], failure: null },
          {
            requirements: new Map(permits.map((one, index) => [`p${index}`, one.requirement])),
            limits: new Map(
              permits.flatMap((one, index) =>
                one.limit === null ? [] : [[`p${index}`, one.limit] as const],
              ),
            ),
          },
        );
        assert.ok(answer.effect === 'ask');
        const [before, after] = [stand(answer, approved), stand(answer, [...approved, more])];
        assert.ok(before?.effect === 'ask' && after?.effect === 'ask');
        if (before.met) assert.ok(after.met && !moreGenerous(before.option.limit, after.option.limit));
      },
    ),
    options,
  );
});

test('an operation is permitted with the limits of the policies that permit it [policy.limit-algebra]', async (t) => {
  const point = await pointOver(
    t,
    policyFiles(t, {
      'a.cedar': `@id("few") @limit_rows("5") @limit_rate("60") permit (principal, action == Action::"select", resource);
        @id("more") @limit_rows("9") permit (principal, action == Action::"select", resource is Table) when { resource.name == "t" };
        @id("all") permit (principal, action == Action::"select", resource is Table) when { resource.name == "u" };
        @id("timed") @limit_time("1s") @approval("x") permit (principal, action == Action::"insert", resource);
        @id("r") @limit_rows("1") permit (principal, action == Action::"reveal", resource);`,
    }),
  );
  const limits = async (...names: string[]) => {
    const decision = await point.decide(
      agent,
      names.map((name) => ask('select', 'Table', `d/s/${name}`)),
      [],
    );
    assert.ok(decision.effect === 'permit');
    assert.deepEqual(
      decision.obligations[0],
      { kind: 'mask', revealed: [] },
      'a limited permit reveals nothing',
    );
    return decision.obligations[1] ?? null;
  };
  const rest = { kind: 'limit', bytes: null, timeoutMs: null } as const;
  assert.deepEqual(await limits('t'), { ...rest, rows: 9, perMinute: [] });
  assert.deepEqual(await limits('u'), null);
  assert.deepEqual(await limits('t', 'u'), { ...rest, rows: 9, perMinute: [] });
  assert.deepEqual(await limits('t', 'v'), { ...rest, rows: 5, perMinute: [{ policy: 'few', most: 60 }] });
  const insert = [ask('insert', 'Table', 'd/s/t')];
  const approved = await point.decide(agent, insert, [{ group: 'x', seats: 1 }]);
  assert.ok(approved.effect === 'permit');
  assert.deepEqual(approved.obligations[1], {
    ...rest,
    ...{ rows: NONE.rows, timeoutMs: 1_000, perMinute: [] },
  });
});
