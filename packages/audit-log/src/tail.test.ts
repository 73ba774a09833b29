import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openLog } from './log.ts';
import { LogError } from './log-error.ts';
import { scratch, smallLog } from './scratch-log.ts';
import { listSegments } from './segment.ts';
import { LogTail, type TailEntry, type TailPosition } from './tail.ts';

const limits = { entries: 3, bytes: 1 << 20 };

async function readAll(tail: LogTail, from: TailPosition): Promise<TailEntry[]> {
  const all: TailEntry[] = [];
  for (let position = from; ; ) {
    const { entries, next } = await tail.read(position, limits);
    if (entries.length === 0) return all;
    all.push(...entries);
    position = next;
  }
}

const seqs = (entries: readonly TailEntry[]): number[] => entries.map(({ seq }) => seq);
const coded = (code: string) => (error: unknown) => error instanceof LogError && error.code === code;

test('follows a log over its segments while it is written, from any entry on [audit.tail]', async (t) => {
  const directory = scratch(t);
  const tail = new LogTail(directory);
  t.after(() => tail.close());
  assert.deepEqual((await tail.read(tail.first(), limits)).entries, []);
  const log = openLog(directory, { segmentBytes: 300, checkpointMs: 0 });
  let position = tail.first();
  const seen: TailEntry[] = [];
  for (let i = 0; i < 40; i += 1) {
    log.append({ form: i % 7 === 0 ? 'x'.repeat(700_000) : `SELECT ${i}` });
    if (i % 3 !== 0) continue;
    for (;;) {
      const { entries, next } = await tail.read(position, limits);
      if (entries.length === 0) break;
      seen.push(...entries);
      position = next;
    }
    assert.equal(seen.length, i + 1);
  }
  assert.deepEqual(
    seqs(seen),
    Array.from({ length: 40 }, (_, seq) => seq),
  );
  assert.equal((JSON.parse(seen[8]?.text ?? '') as { form: string }).form, 'SELECT 8');
  for (const from of [0, 1, 17, 39, 40]) {
    const place = { seq: from, segment: 0, offset: 0 };
    const fresh = new LogTail(directory);
    assert.equal((await readAll(fresh, place)).length, 40 - from);
    await fresh.close();
  }
  await log.close();
});

test('goes by the entry, not by where a position says it is [audit.tail]', async (t) => {
  const directory = scratch(t);
  await smallLog(directory);
  for (const wrong of [
    { seq: 5, segment: 0, offset: 0 },
    { seq: 5, segment: 4, offset: 3 },
    { seq: 5, segment: 999, offset: 1 },
    { seq: 5, segment: 4, offset: 1 << 30 },
  ]) {
    const tail = new LogTail(directory);
    assert.deepEqual(seqs(await readAll(tail, wrong)), [5, 6, 7, 8, 9, 10, 11], JSON.stringify(wrong));
    await tail.close();
  }
});

test('entries that were removed, cut or changed are errors that say which [audit.tail-lost]', async (t) => {
  const directory = scratch(t);
  await smallLog(directory);
  const segments = listSegments(directory).map(({ name }) => join(directory, name));
  const tail = new LogTail(directory);
  t.after(() => tail.close());
  await assert.rejects(tail.read({ seq: 13, segment: 0, offset: 0 }, limits), coded('damaged'));
  unlinkSync(segments[0] ?? '');
  await assert.rejects(tail.read({ seq: 0, segment: 0, offset: 0 }, limits), (error: unknown) => {
    assert.ok(coded('gone')(error));
    assert.match(String(error), /entries 0 to \d+ are not in/);
    return true;
  });
  assert.ok(tail.first().seq > 0);
  const second = segments[1] ?? '';
  const bytes = readFileSync(second);
  bytes[20] = 0xff;
  writeFileSync(second, bytes);
  await assert.rejects(new LogTail(directory).read(tail.first(), limits), coded('damaged'));
});

test('what is half written is not read, and read once it is whole [audit.tail]', async (t) => {
  const directory = scratch(t);
  await smallLog(directory, 4);
  const last = join(directory, listSegments(directory).at(-1)?.name ?? '');
  const whole = readFileSync(last);
  truncateSync(last, whole.length - 5);
  const tail = new LogTail(directory);
  t.after(() => tail.close());
  const found = await tail.read(tail.first(), { entries: 100, bytes: 1 << 20 });
  assert.deepEqual(seqs(found.entries), [0, 1, 2]);
  appendFileSync(last, whole.subarray(-5));
  assert.deepEqual(seqs((await tail.read(found.next, limits)).entries), [3]);
});
