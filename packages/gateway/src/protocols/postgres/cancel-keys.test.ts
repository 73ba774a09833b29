import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { CancelKeys } from './cancel-keys.ts';

test('a cancel key stops its own session and no other [postgres.cancel]', () => {
  const keys = new CancelKeys(randomBytes);
  const cancelled: string[] = [];
  const first = keys.issue(0, () => cancelled.push('first'));
  const second = keys.issue(2, () => cancelled.push('second'));
  keys.cancel(first.processId, second.key);
  keys.cancel(second.processId, first.key);
  keys.cancel(first.processId, Buffer.alloc(4));
  assert.deepEqual(cancelled, []);
  keys.cancel(second.processId, second.key);
  assert.deepEqual(cancelled, ['second']);
});

test('keys have the length their protocol version allows, and are withdrawn with the session [postgres.cancel]', () => {
  const keys = new CancelKeys(randomBytes);
  let cancelled = 0;
  const old = keys.issue(0, () => (cancelled += 1));
  assert.equal(old.key.length, 4);
  assert.equal(keys.issue(2, () => undefined).key.length, 32);
  keys.withdraw(old.processId);
  keys.cancel(old.processId, old.key);
  assert.equal(cancelled, 0);
});
