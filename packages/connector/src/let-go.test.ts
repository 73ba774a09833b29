import assert from 'node:assert/strict';
import { test } from 'node:test';
import { letGo } from './let-go.ts';

const never = new Promise<void>(() => undefined);

test('it cancels again and again until the target closes [connector.let-go]', async () => {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  let cancels = 0;
  const cancel = async () => {
    cancels += 1;
    if (cancels === 3) resolve();
  };
  await letGo({ target: 'db', closed, busy: true, cancel });
  assert.equal(cancels, 3);
});

test('a target that closes by itself is not cancelled [connector.let-go]', async () => {
  const cancel = () => assert.fail('nothing runs there');
  await letGo({ target: 'db', closed: Promise.resolve(), busy: false, cancel });
});

test('one that does not let go is a fault that says what to look at [connector.let-go]', async () => {
  const refused = new Error('refused');
  const cancel = () => Promise.reject(refused);
  await assert.rejects(letGo({ target: 'db', closed: never, busy: true, cancel }), {
    code: 'timeout',
    message: /may still run/,
    cause: refused,
  });
  await assert.rejects(letGo({ target: 'db', closed: null, busy: true, cancel }), { cause: refused });
});

test('where nothing can be seen it cancels a few times [connector.let-go]', async () => {
  let cancels = 0;
  const cancel = async () => {
    cancels += 1;
  };
  await letGo({ target: 'db', closed: null, busy: true, cancel });
  assert.equal(cancels, 3);
});
