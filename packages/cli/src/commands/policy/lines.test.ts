import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { type Line, linesOf } from './lines.ts';
import { OrderedOutput } from './ordered.ts';

async function cut(chunks: readonly Buffer[], lineBytes: number): Promise<readonly Line[]> {
  async function* input() {
    yield* chunks;
  }
  const all: Line[] = [];
  for await (const lines of linesOf(input(), lineBytes)) all.push(...lines);
  return all;
}

/** A small generator that replays from its seed. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % below;
  };
}

test('lines are the same however the bytes come [tools.eval-bad]', async () => {
  const seed = Number(process.env.LINES_SEED ?? randomInt(2 ** 31));
  const next = random(seed);
  const whole = Buffer.concat([
    Buffer.from('first\nsecond é\n\n   \n'),
    Buffer.from([0xff, 0x0a]),
    Buffer.from(`${'x'.repeat(5000)}\nlast but one\n${'y'.repeat(100)}`),
  ]);
  const expected = await cut([whole], 1000);
  assert.deepEqual(
    expected.map((line) => (line.kind === 'line' ? line.text.slice(0, 12) : line.why)),
    [
      'first',
      'second é',
      'the line is not UTF-8',
      'the line is over the limit, 1000 bytes',
      'last but one',
      'yyyyyyyyyyyy',
    ],
  );
  for (let round = 0; round < 200; round++) {
    const chunks: Buffer[] = [];
    for (let at = 0; at < whole.length; ) {
      const size = 1 + next(next(3) === 0 ? 2000 : 7);
      chunks.push(whole.subarray(at, at + size));
      at += size;
    }
    const again = await cut(chunks, 1000);
    assert.deepEqual(
      again.map((line) => ('text' in line ? line.text : line.why)),
      expected.map((line) => ('text' in line ? line.text : line.why)),
      `LINES_SEED=${seed}`,
    );
  }
});

test('a line that is too long is not held [tools.eval-bad]', async () => {
  const part = Buffer.alloc(64 * 1024, 0x78);
  const chunks = Array.from({ length: 1000 }, () => part);
  const [line] = await cut([Buffer.from('{"id":1,'), ...chunks, Buffer.from('\n')], 1000);
  assert.ok(line?.kind === 'unreadable');
  assert.ok(line.start.length <= 1024 && line.start.startsWith('{"id":1,'));
});

test('answers leave in order, and no more are outstanding than may be [tools.eval]', async () => {
  const written: string[] = [];
  const output = new OrderedOutput((text) => void written.push(text), 3);
  const waiting = Array.from({ length: 4 }, () => Promise.withResolvers<string>());
  const [a, b, c, d] = waiting;
  assert.ok(a && b && c && d);
  assert.equal(output.put('0'), undefined);
  assert.equal(output.put(a.promise), undefined);
  assert.equal(output.put('1'), undefined);
  const room = output.put(b.promise);
  assert.ok(room instanceof Promise);
  b.resolve('3');
  a.resolve('2');
  await room;
  void output.put(c.promise);
  void output.put(d.promise);
  d.resolve('5');
  c.resolve('4');
  await output.end();
  assert.equal(written.join(''), '021345');
});
