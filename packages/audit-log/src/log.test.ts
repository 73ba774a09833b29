import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openCheckpoint } from './checkpoint.ts';
import { openLog } from './log.ts';
import { LogError } from './log-error.ts';
import { parseVerifier } from './note.ts';
import { readLog } from './read.ts';
import { scratch, smallLog } from './scratch-log.ts';
import { listSegments } from './segment.ts';
import { verifyLog } from './verify.ts';

test('gives every entry its index and a time that never goes back [audit.order]', async (t) => {
  const directory = scratch(t);
  const clock = [5000, 6000, 4000, 4500.7, 7000.9];
  const log = openLog(directory, { checkpointMs: 0, now: () => clock.shift() ?? 0 });
  assert.deepEqual(
    ['a', 'b', 'c', 'd', 'e'].map((form) => log.append({ form })),
    [0, 1, 2, 3, 4],
  );
  await log.close();
  assert.deepEqual(
    [...readLog(directory)].map(({ seq, time, fields }) => [seq, time, fields.form]),
    [
      [0, 5000, 'a'],
      [1, 6000, 'b'],
      [2, 6000, 'c'],
      [3, 6000, 'd'],
      [4, 7000, 'e'],
    ],
  );
  const again = openLog(directory, { checkpointMs: 0, now: () => 1 });
  again.append({ form: 'f' });
  assert.equal([...readLog(directory)].at(-1)?.time, 7000);
  await again.close();
});

test('goes on where it was left, over segments, with the same key [audit.verify]', async (t) => {
  const directory = scratch(t);
  const publicKey = await smallLog(directory);
  const log = openLog(directory, { origin: 'another.name', segmentBytes: 200 });
  assert.equal(log.publicKey, publicKey);
  assert.equal(log.append({ type: 'decision' }), 12);
  const { note } = await log.checkpoint();
  assert.equal(openCheckpoint(note, parseVerifier(publicKey)).size, 13);
  log.append({ type: 'decision' });
  // While it is in use, by whoever has the public key.
  const open = await verifyLog(directory, publicKey);
  const { segments, bytes, ...rest } = open;
  assert.deepEqual(rest, {
    problem: null,
    entries: 14,
    checkpoints: 4,
    signedBy: publicKey,
    covered: 13,
    uncoveredMs: 0,
    tornBytes: 0,
  });
  assert.ok(bytes > 900 && segments > 3);
  await log.close();
  assert.equal((await verifyLog(directory, publicKey)).covered, 14);
  assert.throws(
    () => log.append({}),
    (error: unknown) => error instanceof LogError && error.code === 'closed',
  );
});

test('keeps the private key to itself and puts the public key beside it [audit.notes]', async (t) => {
  const directory = scratch(t);
  const publicKey = await smallLog(directory, 1);
  assert.equal(statSync(join(directory, 'log.key')).mode & 0o777, 0o600);
  assert.equal(readFileSync(join(directory, 'log.pub'), 'utf8'), `${publicKey}\n`);
});

test('makes checkpoints by itself [audit.notes]', async (t) => {
  const directory = scratch(t);
  const log = openLog(directory, { checkpointMs: 10 });
  log.append({ type: 'decision' });
  const deadline = Date.now() + 10_000;
  while ((await verifyLog(directory, log.publicKey)).covered < 1) {
    assert.ok(Date.now() < deadline, 'no checkpoint was made');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await log.close();
});

test('syncs for everyone who waits, over segment changes [audit.group-sync]', async (t) => {
  const directory = scratch(t);
  const log = openLog(directory, { segmentBytes: 500, checkpointMs: 0 });
  for (let round = 0; round < 20; round++) {
    const waits: Promise<void>[] = [];
    for (let i = 0; i < 20; i++) {
      log.append({ round, i });
      waits.push(log.synced());
      if (i === 10) await waits[3];
    }
    await Promise.all(waits);
  }
  await log.close();
  const report = await verifyLog(directory, log.publicKey);
  assert.deepEqual([report.problem, report.entries, report.covered], [null, 400, 400]);
  assert.equal(listSegments(directory).length, report.segments);
});

test('refuses an entry that is too large and goes on [audit.canonical]', async (t) => {
  const directory = scratch(t);
  const log = openLog(directory, { checkpointMs: 0 });
  log.append({ form: '\u20ac'.repeat(200_000) });
  assert.throws(
    () => log.append({ form: 'x'.repeat(1024 * 1024) }),
    (error: unknown) => error instanceof LogError && error.code === 'entry-too-large',
  );
  log.append({ form: '\ud800 lone' });
  await log.close();
  const report = await verifyLog(directory, log.publicKey);
  assert.deepEqual([report.problem, report.entries], [null, 2]);
});
