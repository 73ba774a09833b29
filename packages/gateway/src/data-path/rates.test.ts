import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Rates } from './rates.ts';

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
console.log(`seed ${seed} (replay with SEED=${seed})`);

test('in no minute more is taken than the rate, and after a quiet one it is there again [data-path.limit-rate]', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.integer({ min: 0, max: 40_000 }), { maxLength: 60 }),
      (most, pauses) => {
        const rates = new Rates();
        const taken: number[] = [];
        let now = 123_456;
        for (const pause of pauses) {
          now += pause;
          const lately = taken.filter((at) => now - at < 60_000).length;
          const since = taken.at(-1) ?? Number.NEGATIVE_INFINITY;
          const used = rates.take('caller', [{ policy: 'p', most }], now);
          if (used === null) taken.push(now);
          if (used === null) assert.ok(lately < most, `${lately} of ${most} were taken`);
          if (now - since >= 62_000) assert.equal(used, null, 'a minute without any was long enough');
        }
      },
    ),
    { seed, numRuns: 500 },
  );
});

test('each caller and policy is counted apart, and an operation against all of its rates or none [data-path.limit-rate]', () => {
  const rates = new Rates();
  const [one, two] = [
    { policy: 'one', most: 1 },
    { policy: 'two', most: 2 },
  ];
  assert.equal(rates.take('a', [one, two], 0), null);
  assert.equal(rates.take('a', [two, one], 0), one);
  assert.equal(rates.take('a', [two], 0), null, 'what was refused was not counted');
  assert.equal(rates.take('a', [two], 0), two);
  assert.equal(rates.take('b', [one, two], 0), null);
});

test('more callers than can be counted are refused, until old ones may be forgotten [data-path.limit-rate]', () => {
  const rates = new Rates(2);
  const rate = { policy: 'p', most: 9 };
  assert.equal(rates.take('a', [rate], 0), null);
  assert.equal(rates.take('b', [rate], 30_000), null);
  assert.equal(rates.take('c', [rate], 30_000), rate);
  assert.equal(rates.take('a', [rate], 31_000), null);
  assert.equal(rates.take('c', [rate], 95_000), null);
});
