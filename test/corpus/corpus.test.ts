import assert from 'node:assert/strict';
import { test } from 'node:test';
import { usualDetectors } from '../../packages/gateway/src/masking/detectors/all.ts';
import { corpus } from './corpus.ts';
import { ourFinder, tally } from './detection.ts';

const samples = corpus();
const plain = samples.filter(({ kind }) => kind === 'plain');

test('is large enough to say something, and the same each time [masking.corpus]', () => {
  assert.ok(samples.flatMap(({ labels }) => labels).length >= 300);
  assert.ok(samples.filter(({ labels }) => labels.length === 0).length >= 300);
  assert.deepEqual(corpus(), samples);
});

test('every value of the corpus is hidden whole by a detector of its class [masking.corpus]', () => {
  const find = ourFinder();
  for (const one of plain) {
    for (const [dataClass, { values, hidden }] of tally([one], find))
      assert.equal(hidden, values, `${dataClass}: ${one.text}`);
  }
});

test('what is on by default finds nothing in what only looks like a value [masking.corpus]', () => {
  const find = ourFinder(usualDetectors);
  for (const one of plain.filter(({ labels, usual }) => labels.length === 0 || usual)) {
    for (const [dataClass, { wrong }] of tally([one], find))
      assert.equal(wrong, 0, `${dataClass}: ${one.text}`);
  }
});
