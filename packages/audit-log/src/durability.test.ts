import assert from 'node:assert/strict';
import { cpSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { openLog } from './log.ts';
import { LogError } from './log-error.ts';
import { type LogFiles, systemFiles } from './log-files.ts';
import { readLog } from './read.ts';
import { scratch } from './scratch-log.ts';
import { segmentName } from './segment.ts';
import { LogTail } from './tail.ts';
import { verifyLog } from './verify.ts';

const coded = (code: string) => (error: unknown) => error instanceof LogError && error.code === code;

/** The system's files, with what one of them does changed. */
function filesWith(changed: Partial<LogFiles>): LogFiles {
  return { ...systemFiles, ...changed };
}

test('writes a batch by one call, whole or not at all [audit.batches]', async (t) => {
  const directory = scratch(t);
  let writes = 0;
  let fails = false;
  const files = filesWith({
    write(fd, bytes, from, count) {
      writes += 1;
      if (!fails) return systemFiles.write(fd, bytes, from, count);
      if (count > 10) return systemFiles.write(fd, bytes, from, 10);
      throw new Error('ENOSPC');
    },
  });
  const log = openLog(directory, { checkpointMs: 0, files, now: () => 5 });
  assert.equal(
    log.appendAll(['a', 'b', 'c'], (form, { seq, time }) => ({ form, seq, time })),
    0,
  );
  assert.equal(
    log.appendAll(['d'], (form) => ({ type: 'unordered', form })),
    3,
  );
  assert.equal(
    log.appendAll([], () => ({})),
    4,
  );
  assert.equal(writes, 2);
  // More than one chunk of memory, and still one call.
  const long = Array.from({ length: 40 }, (_, at) => `${at}`.padStart(30_000, 'é'));
  log.appendAll(long, (form) => ({ form }));
  assert.equal(writes, 3);
  fails = true;
  const refused = ['e'.repeat(20), 'f'];
  fails = true;
  assert.throws(() => log.appendAll(refused, (form) => ({ form })), coded('write-failed'));
  fails = false;
  const bad = (form: string) => (form === 'f' ? { form, n: Number.NaN } : { form });
  assert.throws(() => log.appendAll(refused, bad), coded('entry-invalid'));
  const huge = Array.from({ length: 20 }, () => 'x'.repeat(1_000_000));
  assert.throws(() => log.appendAll(huge, (form) => ({ form })), coded('entry-too-large'));
  assert.equal(log.append({ form: 'g' }), 44);
  await log.close();
  assert.deepEqual(
    [...readLog(directory)].map(({ fields }) => fields.form),
    ['a', 'b', 'c', 'd', ...long, 'g'],
  );
  assert.deepEqual((await verifyLog(directory, log.publicKey)).problem, null);
});

test('takes nothing after a failed sync until all is in a new file, and is followed into it [audit.recovers]', async (t) => {
  const directory = scratch(t);
  let refuses = false;
  const trouble: (LogError | null)[] = [];
  const files = filesWith({
    sync: async (fd) => {
      if (refuses) throw new Error('EIO');
      await systemFiles.sync(fd);
    },
  });
  const log = openLog(directory, {
    checkpointMs: 0,
    recoverMs: 1,
    files,
    onTrouble: (one) => trouble.push(one),
  });
  const tail = new LogTail(directory);
  t.after(() => tail.close());
  log.append({ form: 'synced' });
  await log.synced();
  const limits = { entries: 10, bytes: 1 << 20 };
  const seen = await tail.read(tail.first(), limits);
  assert.equal(seen.entries.length, 1);
  const before = statSync(join(directory, segmentName(0))).ino;
  log.append({ form: 'written' });
  refuses = true;
  await assert.rejects(log.synced(), coded('sync-failed'));
  assert.throws(() => log.append({ form: 'refused' }), coded('sync-failed'));
  await assert.rejects(log.synced(), coded('sync-failed'));
  await assert.rejects(log.checkpoint(), coded('sync-failed'));
  await pause(20);
  assert.throws(() => log.append({ form: 'refused' }), coded('sync-failed'));
  refuses = false;
  while (trouble.length < 2) await pause(1);
  assert.ok(coded('sync-failed')(trouble[0]));
  assert.equal(trouble[1], null);
  assert.notEqual(statSync(join(directory, segmentName(0))).ino, before);
  log.append({ form: 'after' });
  await log.synced();
  assert.deepEqual(
    (await tail.read(seen.next, limits)).entries.map(({ seq }) => seq),
    [1, 2],
  );
  await log.close();
  const report = await verifyLog(directory, log.publicKey);
  assert.deepEqual([report.problem, report.covered], [null, 3]);
});

test('holds a bounded part of what the disk has not confirmed, and waits for it there [audit.recovers]', async (t) => {
  const directory = scratch(t);
  let waited = 0;
  const files = filesWith({
    syncNow(fd) {
      waited += 1;
      systemFiles.syncNow(fd);
    },
  });
  const log = openLog(directory, { checkpointMs: 0, files, unconfirmedBytes: 1_000_000 });
  const form = 'x'.repeat(100_000);
  const enough = 35;
  // Without a turn of the loop, no other sync can end.
  for (let at = 0; at < enough; at += 1) log.append({ form });
  assert.equal(waited, 3);
  await log.close();
  assert.equal((await verifyLog(directory, log.publicKey)).covered, enough);
});

test('a checkpoint counts once it is on disk; until then none is written after it [audit.checkpoint-synced]', async (t) => {
  const directory = scratch(t);
  const checkpoints = join(directory, 'checkpoints');
  const opened = new Map<number, string>();
  let refuses = true;
  const files = filesWith({
    open(path) {
      const fd = systemFiles.open(path);
      opened.set(fd, path);
      return fd;
    },
    sync: async (fd) => {
      if (refuses && opened.get(fd) === checkpoints) throw new Error('EIO');
      await systemFiles.sync(fd);
    },
  });
  const log = openLog(directory, { checkpointMs: 0, files });
  log.append({ form: 'one' });
  await assert.rejects(log.checkpoint(), coded('sync-failed'));
  const first = readFileSync(checkpoints, 'utf8');
  const { ino } = statSync(checkpoints);
  // Entries do not depend on it.
  log.append({ form: 'two' });
  await log.synced();
  refuses = false;
  await log.checkpoint();
  assert.notEqual(statSync(checkpoints).ino, ino);
  assert.ok(readFileSync(checkpoints, 'utf8').startsWith(first));
  await log.close();
  const report = await verifyLog(directory, log.publicKey);
  assert.deepEqual([report.problem, report.covered, report.checkpoints], [null, 2, 2]);
});

test('signs again what a power cut took of the newest checkpoint, and opens no log that one says is longer [audit.checkpoint-synced]', async (t) => {
  const original = join(scratch(t), 'log');
  const log = openLog(original, { checkpointMs: 0 });
  for (let at = 0; at < 6; at += 1) {
    log.append({ form: `SELECT ${at}` });
    await log.checkpoint();
  }
  await log.close();
  const whole = readFileSync(join(original, 'checkpoints'));
  const newest = whole.lastIndexOf('\n\nsallyport') + 1;
  const zeroed = (from: number, to: number) => Buffer.from(whole).fill(0, from, to);
  const sector = Math.ceil(newest / 512) * 512;
  assert.ok(sector < whole.length, 'the newest checkpoint spans two sectors');
  const left = [
    ...Array.from({ length: Math.ceil((whole.length - newest) / 13) }, (_, at) =>
      whole.subarray(0, newest + at * 13),
    ),
    zeroed(newest, whole.length),
    zeroed(sector, whole.length),
    zeroed(newest, sector),
  ];
  for (const [at, bytes] of left.entries()) {
    const directory = join(scratch(t), 'log');
    cpSync(original, directory, { recursive: true });
    writeFileSync(join(directory, 'checkpoints'), bytes);
    assert.equal((await verifyLog(directory, log.publicKey)).problem, null, `${at}`);
    const opened = openLog(directory, { checkpointMs: 0 });
    assert.equal(opened.size, 6);
    await opened.close();
    const report = await verifyLog(directory, log.publicKey);
    assert.deepEqual([report.problem, report.covered], [null, 6], `${at}`);
  }
  // Zeros anywhere else are a change, and so is a checkpoint over entries that are not there.
  for (const [from, to] of [
    [newest + 5, newest + 9],
    [20, 40],
  ] as const) {
    const directory = join(scratch(t), 'log');
    cpSync(original, directory, { recursive: true });
    writeFileSync(join(directory, 'checkpoints'), zeroed(from, to));
    assert.equal((await verifyLog(directory, log.publicKey)).problem?.code, 'checkpoint-changed');
    // Opening looks at the newest alone.
    if (from > 20) assert.throws(() => openLog(directory), coded('damaged'));
  }
  const segment = join(original, segmentName(0));
  truncateSync(segment, statSync(segment).size - 1);
  assert.throws(() => openLog(original), coded('damaged'));
  assert.equal((await verifyLog(original, log.publicKey)).problem?.code, 'bytes-changed');
});

test('sets aside what stands behind a hole that a power cut left, and nothing under a checkpoint [audit.disk-fails]', async (t) => {
  const original = join(scratch(t), 'log');
  const log = openLog(original, { checkpointMs: 0 });
  const form = 'x'.repeat(600);
  for (let at = 0; at < 4; at += 1) log.append({ form });
  await log.checkpoint();
  for (let at = 0; at < 8; at += 1) log.append({ form });
  const killed = join(scratch(t), 'log');
  cpSync(original, killed, { recursive: true });
  await log.close();
  const bytes = readFileSync(join(killed, segmentName(0)));
  const sectors = Math.floor(bytes.length / 512);
  for (let sector = 0; sector < sectors; sector += 1) {
    const directory = join(scratch(t), 'log');
    cpSync(killed, directory, { recursive: true });
    writeFileSync(
      join(directory, segmentName(0)),
      Buffer.from(bytes).fill(0, sector * 512, sector * 512 + 512),
    );
    const isCovered = sector * 512 < (bytes.length / 12) * 4;
    if (isCovered) {
      assert.throws(() => openLog(directory), coded('damaged'), `sector ${sector}`);
      continue;
    }
    const opened = openLog(directory, { checkpointMs: 0 });
    assert.ok(opened.size >= 4 && opened.size < 12 && opened.cutBytes > 512, `${opened.size} at ${sector}`);
    await opened.close();
    assert.equal((await verifyLog(directory, log.publicKey)).problem, null);
  }
});

test('keeps the furthest time while the clock is set back, and goes on with the clock when it is past that [audit.clock]', async (t) => {
  const directory = scratch(t);
  const clock = [1_000, 9_000, 2_000, 3_000, 9_001];
  let log = openLog(directory, { checkpointMs: 0, now: () => clock.shift() ?? 0 });
  for (let at = 0; at < 3; at += 1) log.append({ at });
  await log.close();
  // A start does not forget it either.
  log = openLog(directory, { checkpointMs: 0, now: () => clock.shift() ?? 0 });
  log.appendAll([3, 4], (at) => ({ at }));
  log.append({ at: 5 });
  await log.close();
  assert.deepEqual(
    [...readLog(directory)].map(({ time }) => time),
    [1_000, 9_000, 9_000, 9_000, 9_000, 9_001],
  );
  assert.equal((await verifyLog(directory, log.publicKey)).problem, null);
});
