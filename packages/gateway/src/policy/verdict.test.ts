import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ApprovalRequirement } from './decision.ts';
import { type Answer, answerOf, mergeRequirements, stand, type Terms } from './verdict.ts';

const requirement: fc.Arbitrary<ApprovalRequirement> = fc.record(
  {
    group: fc.constantFrom('a', 'b', 'c'),
    seats: fc.integer({ min: 1, max: 4 }),
    stepUp: fc.constant('webauthn' as const),
  },
  { requiredKeys: ['group', 'seats'] },
);
const requirements = fc.array(requirement, { maxLength: 4 });
const options = {
  seed: Number(process.env.SEED ?? Date.now() % 1_000_000),
  numRuns: 2_000,
  verbose: true,
};
console.log(`seed ${options.seed} (replay with SEED=${options.seed})`);

const raw = { allowed: true, policies: ['p'], erred: [], failure: null };

const terms = (requirements: ReadonlyMap<string, ApprovalRequirement>): Terms => ({
  requirements,
  limits: new Map(),
});

/** The verdict on one evaluation whose satisfied permits want these approvals; null is a plain permit. */
function verdict(
  wants: readonly (ApprovalRequirement | null)[],
  approved: readonly ApprovalRequirement[],
): string {
  const ids = wants.map((_, index) => `p${index}`);
  const wanted = new Map(
    wants.flatMap((want, index) => (want === null ? [] : [[`p${index}`, want] as const])),
  );
  const answer = answerOf({ ...raw, allowed: wants.length > 0, policies: ids }, terms(wanted));
  if (answer.effect === 'deny' || answer.effect === 'fault') return answer.effect;
  const standing = stand(answer, approved);
  return standing?.effect === 'permit' || (standing?.met ?? null) !== null ? 'permit' : 'ask';
}

test('one more approval never turns a permit into anything else [policy.approval-monotone]', () => {
  const wants = fc.array(fc.option(requirement), { maxLength: 4 });
  fc.assert(
    fc.property(wants, requirements, requirement, (wanted, approved, more) => {
      if (verdict(wanted, approved) === 'permit')
        assert.equal(verdict(wanted, [...approved, more]), 'permit');
    }),
    options,
  );
});

test('no approval changes a forbid, an error or a default deny [policy.forbid-wins] [policy.errors-fail-closed]', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('p', 'q')),
      fc.array(fc.constantFrom('p', 'q')),
      requirement,
      (reason, erred, want) => {
        const answer = answerOf(
          { allowed: erred.length > 0, policies: reason, erred, failure: null },
          terms(new Map([['p', want]])),
        );
        assert.equal(answer.effect, 'deny');
      },
    ),
    options,
  );
});

test('what is asked for, once approved, is a permit [policy.approval]', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(requirement, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 }),
      (evaluations) => {
        const answers = evaluations.map((wants): Extract<Answer, { effect: 'ask' }> => {
          const answer = answerOf(
            { ...raw, policies: wants.map((_, i) => `p${i}`) },
            terms(new Map(wants.map((want, i) => [`p${i}`, want]))),
          );
          assert.equal(answer.effect, 'ask');
          return answer;
        });
        const asked = mergeRequirements(
          answers.flatMap((answer) => {
            const standing = stand(answer, []);
            return standing?.effect === 'ask' ? [standing.option.requirement] : [];
          }),
        );
        for (const answer of answers) {
          const standing = stand(answer, asked);
          assert.ok(standing?.effect === 'ask' && standing.met);
        }
      },
    ),
    options,
  );
});

test('a plain permit wins over one that wants an approval [policy.unconditional-wins]', () => {
  const wanted = new Map([['q', { group: 'a', seats: 1 }]]);
  assert.deepEqual(answerOf({ ...raw, policies: ['q', 'p'] }, terms(wanted)), {
    effect: 'permit',
    policies: ['p'],
    limited: null,
  });
});

test('the cheapest approval is asked for: fewest seats, then name [policy.approval]', () => {
  const wanted = new Map([
    ['p', { group: 'a', seats: 2 }],
    ['q', { group: 'c', seats: 1 }],
    ['r', { group: 'b', seats: 1 }],
  ]);
  const answer = answerOf({ ...raw, policies: ['p', 'q', 'r'] }, terms(wanted));
  assert.ok(answer.effect === 'ask');
  assert.deepEqual(
    answer.options.map(({ policy }) => policy),
    ['r', 'q', 'p'],
  );
});

test('approvals by one group are not added up [policy.approval]', () => {
  const two = [{ group: 'a', seats: 2 }];
  assert.equal(
    verdict(two, [
      { group: 'a', seats: 1 },
      { group: 'a', seats: 1 },
    ]),
    'ask',
  );
  assert.equal(verdict(two, [{ group: 'a', seats: 3 }]), 'permit');
  assert.equal(verdict(two, [{ group: 'b', seats: 3 }]), 'ask');
});

test('no answer is a fault and never a permit [policy.worker-death]', () => {
  assert.equal(answerOf(null, terms(new Map())).effect, 'fault');
  assert.equal(answerOf({ ...raw, failure: 'broken' }, terms(new Map())).effect, 'fault');
});

test('an approval without a passkey is none where one is wanted, and one with it is good for both [step-up.policy]', () => {
  const plain = { group: 'a', seats: 1 };
  const proven = { ...plain, stepUp: 'webauthn' as const };
  assert.equal(verdict([proven], [plain]), 'ask');
  assert.equal(verdict([proven], [proven]), 'permit');
  assert.equal(verdict([plain], [proven]), 'permit');
  assert.deepEqual(mergeRequirements([proven, { group: 'a', seats: 3 }]), [{ ...proven, seats: 3 }]);
  assert.deepEqual(mergeRequirements([{ group: 'a', seats: 3 }, proven]), [{ ...proven, seats: 3 }]);
  // Whoever may choose is asked for the cheaper.
  const answer = answerOf(
    { ...raw, policies: ['p0', 'p1'] },
    terms(
      new Map([
        ['p0', proven],
        ['p1', plain],
      ]),
    ),
  );
  assert.equal(answer.effect === 'ask' && answer.options[0]?.policy, 'p1');
});
