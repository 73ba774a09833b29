import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Spans } from './spans.ts';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

test('takes values that overlap as one and those that touch as two [masking.detectors]', () => {
  const span = fc.tuple(fc.nat(400), fc.integer({ min: 1, max: 12 }));
  const found = new Spans();
  fc.assert(
    fc.property(fc.array(span, { maxLength: 600 }), (spans) => {
      found.clear(1);
      for (const [start, length] of spans) found.add(start, start + length);
      const merged = Array.from({ length: found.merge() }, (_, i) => [found.startOf(i), found.endOf(i)]);
      // Position by position: which are covered, and which two neighbours are covered by one value.
      const covered = new Set(
        spans.flatMap(([start, length]) => Array.from({ length }, (_, i) => start + i)),
      );
      const joined = new Set(
        spans.flatMap(([start, length]) => Array.from({ length: length - 1 }, (_, i) => start + i)),
      );
      const expected: number[][] = [];
      for (let at = 0; at < 420; at += 1) {
        if (!covered.has(at)) continue;
        if (joined.has(at - 1)) (expected.at(-1) as number[])[1] = at + 1;
        else expected.push([at, at + 1]);
      }
      assert.deepEqual(merged, expected);
    }),
    { seed, numRuns: 500 },
  );
});

process.once('exit', (code) => {
  if (code !== 0) console.error(`replay with SEED=${seed}`);
});
