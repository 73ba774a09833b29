import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pace } from './pace.ts';

test('of many at once only so many go on in a turn of the event loop, in order [data-path.ends-paced]', async () => {
  const pace = new Pace(3);
  let turn = 0;
  let isOver = false;
  const count = (): void => {
    turn += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const went: [number, number][] = [];
  await Promise.all(
    Array.from({ length: 10 }, async (_, n) => {
      await pace.take();
      went.push([n, turn]);
    }),
  );
  isOver = true;
  assert.deepEqual(
    went.map(([n]) => n),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
  for (const [, at] of went) assert.ok(went.filter(([, other]) => other === at).length <= 3, `turn ${at}`);
  await pace.take();
});
