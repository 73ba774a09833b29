import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { until } from '../../../test/fixtures/until.ts';
import { endInTurn, letGo } from './let-go.ts';
import { Turns } from './turns.ts';

const never = new Promise<void>(() => undefined);

test('it cancels again and again until the target closes [connector.let-go]', async () => {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  let cancels = 0;
  const cancel = async () => {
    cancels += 1;
    if (cancels === 3) resolve();
  };
  await letGo({ target: 'db', closed, busy: true, cancel, turns: new Turns(1) });
  assert.equal(cancels, 3);
});

test('a target that closes by itself is not cancelled [connector.let-go]', async () => {
  const cancel = () => assert.fail('nothing runs there');
  await letGo({ target: 'db', closed: Promise.resolve(), busy: false, cancel, turns: new Turns(1) });
});

test('one that does not let go is a fault that says what to look at [connector.let-go]', async () => {
  const refused = new Error('refused');
  const cancel = () => Promise.reject(refused);
  await assert.rejects(letGo({ target: 'db', closed: never, busy: true, cancel, turns: new Turns(1) }), {
    code: 'timeout',
    message: /may still run/,
    cause: refused,
  });
  await assert.rejects(letGo({ target: 'db', closed: null, busy: true, cancel, turns: new Turns(1) }), {
    cause: refused,
  });
});

test('where nothing can be seen it cancels a few times [connector.let-go]', async () => {
  let cancels = 0;
  const cancel = async () => {
    cancels += 1;
  };
  await letGo({ target: 'db', closed: null, busy: true, cancel, turns: new Turns(1) });
  assert.equal(cancels, 3);
});

test('of many that end at once only so many are cancelled at once, and those where something runs first [connector.let-go]', async () => {
  const turns = new Turns(2);
  const order: string[] = [];
  let [atOnce, most] = [0, 0];
  const doing = async (name: string, isHurried: boolean) => {
    const give = await turns.take(isHurried);
    order.push(name);
    atOnce += 1;
    most = Math.max(most, atOnce);
    await new Promise((resolve) => setImmediate(resolve));
    atOnce -= 1;
    give();
    give();
  };
  await Promise.all([
    ...['a', 'b', 'idle-1', 'idle-2'].map((name) => doing(name, false)),
    ...['busy-1', 'busy-2', 'busy-3'].map((name) => doing(name, true)),
  ]);
  assert.equal(most, 2);
  assert.deepEqual(order, ['a', 'b', 'busy-1', 'busy-2', 'busy-3', 'idle-1', 'idle-2']);
});

test('one that closed while others had their turns is not cancelled [connector.let-go]', async () => {
  const turns = new Turns(1);
  const give = await turns.take(true);
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const letting = letGo({
    ...{ target: 'db', closed, busy: true, turns },
    cancel: () => assert.fail('nothing runs there'),
  });
  await new Promise((later) => setTimeout(later, 10));
  resolve();
  give();
  await letting;
});

test('of many that are idle only so many end at once, and one that does not close holds the others up for a moment only [connector.let-go]', async () => {
  const turns = new Turns(2);
  const ended: number[] = [];
  const closes = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
  const all = closes.map(({ promise }, n) => {
    const socket = new PassThrough();
    socket.on('finish', () => ended.push(n));
    return endInTurn(socket, n === 0 ? never : promise, turns);
  });
  await until('two have ended', () => ended.length === 2);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(ended, [0, 1]);
  closes[1]?.resolve();
  await until('the next has ended', () => ended.length === 3);
  for (const { resolve } of closes) resolve();
  await Promise.all(all);
  assert.deepEqual(ended, [0, 1, 2, 3, 4]);
});
