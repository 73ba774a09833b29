import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from '../../../../test/fixtures/until.ts';
import { Fault } from '../lib/fault.ts';
import { waitAfter } from './back-off.ts';
import { append, type Desk, numbers, openDesk, scratch, someEntry } from './export.fixture.ts';
import { openExports } from './exports.ts';
import { isOver, lagOf } from './lag.ts';
import { exportSection } from './section.ts';

const fileOf = (directory: string, more = {}) => ({
  name: 'file',
  type: 'ndjson',
  path: join(directory, 'out.ndjson'),
  ...more,
});

const statusOf = (desk: Desk) => desk.exports.status()[0] ?? assert.fail('no export');
const caughtUp = (desk: Desk) => until('all entries', () => statusOf(desk).lag.entries === 0);

function exportedSeqs(directory: string): number[] {
  const lines = readFileSync(join(directory, 'out.ndjson'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => (JSON.parse(line) as { seq: number }).seq);
}

/** A receiver that accepts and never says anything. */
async function silent(t: { after(fn: () => void): void }) {
  const server = createServer((socket) => void socket.on('error', () => undefined));
  t.after(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  return { name: 'silent', type: 'syslog', host: '127.0.0.1', port, timeoutMs: 200 };
}

const isBehind = (error: unknown): boolean => error instanceof Fault && error.code === 'export-behind';

test('a sink that never answers is an alarm, once, and nothing is refused [export.alarm]', async (t) => {
  const desk = await openDesk(
    scratch(),
    [await silent(t)].map((one) => ({ ...one, lagEntries: 10 })),
  );
  append(desk.audit, 5);
  await until('attempts', () => statusOf(desk).failures > 1);
  assert.equal(statusOf(desk).state, 'failing');
  append(desk.audit, 50);
  await until('an alarm', () => desk.faults.length > 0);
  desk.guarded.append(someEntry({ effect: 'permit' }));
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.equal(desk.faults.length, 1);
  assert.match(
    desk.faults[0]?.message ?? '',
    /^the audit export silent is behind by 55 entries and \d+ seconds: .* did not answer in time$/,
  );
  const { state, acknowledged, lag, problem } = statusOf(desk);
  assert.deepEqual(
    { state, acknowledged, entries: lag.entries },
    { state: 'behind', acknowledged: null, entries: 56 },
  );
  assert.match(problem ?? '', /did not answer in time/);
  await desk.close();
});

test('with on_lag deny nothing is permitted past the limit, and refusals are recorded [export.deny]', async (t) => {
  const directory = scratch();
  const desk = await openDesk(directory, [{ ...(await silent(t)), onLag: 'deny', lagEntries: 10 }]);
  for (let n = 0; n < 10; n += 1) desk.guarded.append(someEntry({ effect: 'permit' }));
  assert.throws(() => desk.guarded.append(someEntry({ effect: 'permit' })), isBehind);
  desk.guarded.append(someEntry({ effect: 'deny' }));
  desk.guarded.append(someEntry({ type: 'session-ended', reason: 'over' }));
  assert.equal(desk.audit.size, 12);
  await until('an alarm', () => desk.faults.length > 0);
  assert.match(desk.faults[0]?.message ?? '', /operations are refused until it is not/);
  await desk.close();
  // The limit counts from the first moment, and ends when the sink has caught up.
  const again = await openDesk(directory, [
    { ...fileOf(directory), name: 'silent', onLag: 'deny', lagEntries: 10, batchEntries: 3 },
  ]);
  assert.throws(() => again.guarded.append(someEntry({ effect: 'permit' })), isBehind);
  await until('it to be permitted again', () => {
    try {
      again.guarded.append(someEntry({ effect: 'permit' }));
      return true;
    } catch (error) {
      if (isBehind(error)) return false;
      throw error;
    }
  });
  await caughtUp(again);
  assert.deepEqual(exportedSeqs(directory), numbers(13));
  await again.close();
});

test('an entry that waits longer than lag_seconds is too late, however few there are [export.lag]', async (t) => {
  let now = Date.now();
  const config = { ...(await silent(t)), onLag: 'deny', lagSeconds: 60 };
  const desk = await openDesk(scratch(), [config], { now: () => now });
  desk.guarded.append(someEntry({ effect: 'permit' }));
  await until('an attempt', () => statusOf(desk).failures > 0);
  assert.equal(statusOf(desk).lag.entries, 1);
  now += 61_500;
  await until('an alarm', () => desk.faults.length > 0);
  assert.ok(statusOf(desk).lag.seconds >= 61);
  assert.throws(() => desk.guarded.append(someEntry({ effect: 'permit' })), isBehind);
  await desk.close();
  const idle = { acknowledged: 5, oldest: null, caughtUpAt: 0, failures: 0, problem: null };
  assert.deepEqual(lagOf(idle, 5, 1e9), { entries: 0, seconds: 0 });
  assert.deepEqual(lagOf({ ...idle, oldest: 4_000 }, 7, 9_999), { entries: 2, seconds: 5 });
  assert.ok(isOver({ entries: null, seconds: 0 }, { lagEntries: 1, lagSeconds: 1 }));
});

test('goes on from its cursor, repeats at most what was not written to it, and leaves nothing out [export.cursor]', async () => {
  const directory = scratch();
  const cursor = join(directory, 'export', 'file.cursor');
  const first = await openDesk(directory, [fileOf(directory)]);
  append(first.audit, 30);
  await caughtUp(first);
  await first.close();
  const at30 = readFileSync(cursor, 'utf8');
  assert.equal((JSON.parse(at30) as { seq: number }).seq, 30);
  const second = await openDesk(directory, [fileOf(directory)]);
  append(second.audit, 20);
  await caughtUp(second);
  await second.close();
  assert.deepEqual(exportedSeqs(directory), numbers(50));
  // As after a crash between an acknowledgement and the cursor, with the draft of one left behind.
  writeFileSync(cursor, at30);
  writeFileSync(`${cursor}.new`, '{"log"');
  const third = await openDesk(directory, [fileOf(directory)]);
  await caughtUp(third);
  await third.close();
  assert.deepEqual(exportedSeqs(directory), [...numbers(50), ...numbers(50).slice(30)]);
});

test('entries removed before they were exported are said, and not passed over [export.lost]', async () => {
  const directory = scratch();
  const audit = join(directory, 'audit');
  const desk = await openDesk(directory, []);
  append(desk.audit, 1_500);
  // Everything is under a checkpoint: the log itself does not need its first file any more.
  const checkpoints = join(audit, 'checkpoints');
  await until(
    'a checkpoint',
    () => existsSync(checkpoints) && /^1500$/m.test(readFileSync(checkpoints, 'utf8')),
  );
  const oldest = join(audit, `${'0'.repeat(16)}.entries`);
  const aside = join(directory, 'aside');
  renameSync(oldest, aside);
  mkdirSync(join(directory, 'export'));
  const cursor = { log: desk.audit.publicKey, seq: 3, segment: 0, offset: 0 };
  writeFileSync(join(directory, 'export', 'file.cursor'), JSON.stringify(cursor));
  const exports = await openExports(
    exportSection.parse([{ ...fileOf(directory), onLag: 'deny', retryMs: 20 }]),
    {
      log: desk.audit,
      directory: audit,
      cursors: join(directory, 'export'),
      now: Date.now,
      random: Math.random,
      report: (fault) => void desk.faults.push(fault as Error),
    },
  );
  const [status] = exports.status();
  assert.match(
    status?.problem ?? '',
    /^entries 3 to \d+ are not in .* any more: they were removed before they were read$/,
  );
  assert.deepEqual([status?.state, status?.lag.entries], ['behind', null]);
  assert.match(
    desk.faults[0]?.message ?? '',
    /^the audit export file is behind by an unknown number of entries/,
  );
  assert.throws(() => exports.guard(desk.audit).append(someEntry({ effect: 'permit' })), isBehind);
  renameSync(aside, oldest);
  await until('all entries', () => exports.status()[0]?.lag.entries === 0);
  assert.deepEqual(exportedSeqs(directory), numbers(1_500).slice(3));
  await exports.close();
  await desk.close();
});

test('what is not on disk yet does not leave [export.on-disk]', async () => {
  const directory = scratch();
  const desk = await openDesk(directory, []);
  append(desk.audit, 5);
  let isOnDisk = false;
  const log = {
    publicKey: desk.audit.publicKey,
    durability: desk.audit.durability,
    size: 5,
    append: () => undefined,
    synced: () =>
      isOnDisk ? desk.audit.synced() : Promise.reject(new Fault('audit-unavailable', 'cannot sync the log')),
    close: async () => undefined,
  };
  const exports = await openExports(
    exportSection.parse([{ ...fileOf(directory), retryMs: 20, retryMostMs: 40 }]),
    {
      log,
      directory: join(directory, 'audit'),
      cursors: join(directory, 'export'),
      now: Date.now,
      random: Math.random,
      report: () => undefined,
    },
  );
  await until('attempts', () => (exports.status()[0]?.failures ?? 0) > 3);
  assert.equal(exports.status()[0]?.problem, 'cannot sync the log');
  assert.equal(existsSync(join(directory, 'out.ndjson')), false);
  isOnDisk = true;
  await until('all entries', () => exports.status()[0]?.lag.entries === 0);
  assert.deepEqual(exportedSeqs(directory), numbers(5));
  await exports.close();
  await desk.close();
});

test('a cursor that is damaged, ahead or of another log is said, until it is put right [export.lost]', async () => {
  const directory = scratch();
  const cursor = join(directory, 'export', 'file.cursor');
  const config = { ...fileOf(directory), onLag: 'deny' };
  const first = await openDesk(directory, [config]);
  append(first.audit, 5);
  await caughtUp(first);
  await first.close();
  const log = first.audit.publicKey;
  for (const [text, words] of [
    ['{"log":"x"', /is damaged; see what was exported, then remove/],
    [
      JSON.stringify({ log: 'sallyport/audit+0+0', seq: 1, segment: 0, offset: 0 }),
      /is of another audit log/,
    ],
    [JSON.stringify({ log, seq: 9_999, segment: 0, offset: 0 }), /is at entry 9999, and the log has 5/],
  ] as const) {
    writeFileSync(cursor, text);
    const wrong = await openDesk(directory, [config]);
    assert.match(statusOf(wrong).problem ?? '', words);
    assert.equal(statusOf(wrong).state, 'behind');
    assert.throws(() => wrong.guarded.append(someEntry({ effect: 'permit' })), isBehind);
    // While it runs, as somebody would who was told to.
    rmSync(join(directory, 'out.ndjson'));
    unlinkSync(cursor);
    await caughtUp(wrong);
    assert.deepEqual(exportedSeqs(directory), numbers(5));
    await wrong.close();
  }
});

test('waits longer after each failure, up to the cap, and never the same [export.back-off]', () => {
  const waits = { retryMs: 100, retryMostMs: 1_000 };
  assert.deepEqual(
    [1, 2, 3, 4, 5, 99].map((failures) => waitAfter(failures, waits, 1)),
    [100, 200, 400, 800, 1_000, 1_000],
  );
  assert.deepEqual(
    [1, 4, 9_999].map((failures) => waitAfter(failures, waits, 0)),
    [50, 400, 500],
  );
});

test('a configuration that would show a secret or cross a network in clear is refused [export.config]', () => {
  const good = { name: 'a', type: 'otlp', url: 'http://127.0.0.1:4318/v1/logs' };
  assert.ok(exportSection.safeParse([good]).success);
  for (const bad of [
    { ...good, url: 'http://collector:4318/v1/logs' },
    { ...good, url: 'https://user:hunter2@collector/' },
    { ...good, name: '../cursor' },
    { name: 'a', type: 'webhook', url: 'http://localhost/', secretFile: 's' },
    { name: 'a', type: 'webhook', url: 'https://localhost/', secret: 'hunter2' },
    { name: 'a', type: 'syslog', host: 'h', certFile: 'c' },
  ]) {
    const { error } = exportSection.safeParse([bad]);
    assert.ok(error !== undefined, JSON.stringify(bad));
    assert.doesNotMatch(error.message, /hunter2/);
  }
  assert.equal(exportSection.safeParse([good, good]).success, false);
  const files = ['a', 'b'].map((name) => ({ name, type: 'ndjson', path: 'same' }));
  assert.equal(exportSection.safeParse(files).success, false);
});
