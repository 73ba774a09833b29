import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { allSeatsFilled, type Seated, seatFor, seatsFilled, seatsNeeded } from './rules.ts';
import { transitions } from './states.ts';

const groups = ['a', 'b', 'c'];
const people = fc
  .array(fc.subarray(groups), { maxLength: 6 })
  .map((all): Seated[] => all.map((one, index) => ({ groups: one, aliases: [`p${index}`] })));
const requirements = fc
  .uniqueArray(fc.constantFrom(...groups), { minLength: 1 })
  .chain((names) =>
    fc.tuple(
      ...names.map((group) =>
        fc.record({ group: fc.constant(group), seats: fc.integer({ min: 1, max: 3 }) }),
      ),
    ),
  );

/** The oracle: tries every way to seat them. */
function bestByForce(all: readonly Seated[], free: ReadonlyMap<string, number>): number {
  const [first, ...rest] = all;
  if (first === undefined) return 0;
  let best = bestByForce(rest, free);
  for (const group of first.groups) {
    const left = free.get(group) ?? 0;
    if (left > 0) best = Math.max(best, 1 + bestByForce(rest, new Map(free).set(group, left - 1)));
  }
  return best;
}

test('seats are filled as well as they can be, whoever came first [approval.seats]', () => {
  fc.assert(
    fc.property(people, requirements, (all, wanted) => {
      const free = new Map(wanted.map((one) => [one.group, one.seats]));
      assert.equal(seatsFilled(all, wanted), bestByForce(all, free));
      assert.equal(seatsFilled([...all].reverse(), wanted), seatsFilled(all, wanted));
      assert.equal(allSeatsFilled(all, wanted), bestByForce(all, free) === seatsNeeded(wanted));
    }),
    { numRuns: 300 },
  );
});

test('a newcomer gets a seat exactly when they bring the end closer [approval.seats]', () => {
  fc.assert(
    fc.property(people, requirements, fc.subarray(groups), (all, wanted, theirs) => {
      const newcomer = { groups: theirs, aliases: ['new'] };
      const closer = seatsFilled([...all, newcomer], wanted) > seatsFilled(all, wanted);
      assert.equal(seatFor(newcomer, all, wanted), closer ? 'seat' : 'groups-full');
      assert.equal(seatFor(newcomer, [...all, newcomer], wanted), 'already-seated');
    }),
    { numRuns: 200 },
  );
});

test('only pending can change, and into every other state [approval.states]', () => {
  assert.deepEqual(transitions.pending, {
    filled: 'approved',
    refused: 'denied',
    lapsed: 'expired',
    left: 'cancelled',
    broke: 'failed',
  });
  for (const state of ['approved', 'denied', 'expired', 'cancelled', 'failed'] as const) {
    assert.deepEqual(new Set(Object.values(transitions[state])), new Set([null]), state);
  }
});
