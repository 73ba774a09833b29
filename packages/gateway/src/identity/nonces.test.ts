import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Nonces } from './nonces.ts';

test('a nonce is accepted in its own minute and in the next, of this process alone [task-tokens.nonce-rotation]', () => {
  let elapsed = 59_999;
  const clock = { elapsed: () => elapsed };
  const nonces = new Nonces(clock);
  const first = nonces.current;
  assert.match(first, /^[A-Za-z0-9_-]{43}$/);
  assert.ok(nonces.accepts(first));
  assert.ok(!new Nonces(clock).accepts(first), 'another process');
  elapsed = 60_000;
  assert.notEqual(nonces.current, first);
  assert.ok(nonces.accepts(first));
  elapsed = 119_999;
  assert.ok(nonces.accepts(first));
  elapsed = 120_000;
  assert.ok(!nonces.accepts(first));
  const later = nonces.current;
  elapsed = 59_000;
  assert.ok(!nonces.accepts(later), 'one of the future');
});

test('nothing else is a nonce [task-tokens.nonce-rotation]', () => {
  const nonces = new Nonces({ elapsed: () => 0 });
  const { current } = nonces;
  const others = [
    undefined,
    null,
    '',
    0,
    [current],
    { current },
    `${current} `,
    current.slice(1),
    'x'.repeat(100_000),
  ];
  for (const one of others) assert.ok(!nonces.accepts(one));
});
