import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TwoGenerations } from './two-generations.ts';

const kept = (map: TwoGenerations<number>, keys: readonly string[]) =>
  keys.filter((key) => map.get(key) !== undefined);

test('keeps what is used, and no more keys than it may [postgres.statement-bounds]', () => {
  const map = new TwoGenerations<number>(10, 1_000_000);
  const keys = Array.from({ length: 100 }, (_, at) => `k${at}`);
  for (const [at, key] of keys.entries()) {
    map.set(key, at);
    assert.equal(map.get('k0'), 0, 'what is asked for again and again stays');
  }
  const left = kept(map, keys);
  assert.ok(left.length <= 10 && left.includes('k99'), left.join());
});

test('keeps no more characters than it may, however few keys they are [postgres.statement-bounds]', () => {
  const map = new TwoGenerations<number>(1000, 1000);
  const keys = Array.from({ length: 20 }, (_, at) => `${at}`.padEnd(200, '.'));
  for (const [at, key] of keys.entries()) map.set(key, at);
  const left = kept(map, keys);
  assert.ok(left.length >= 1 && left.length <= 5, `${left.length} of 200 characters each`);
});
