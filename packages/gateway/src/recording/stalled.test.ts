/** A disk that refuses, and takes again: no byte of what was recorded may be missing afterwards. */
import assert from 'node:assert/strict';
import { fdatasync, mkdtempSync, open, rmSync, statSync, write } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readLog } from '@sallyport/audit-log';
import { Fault } from '../lib/fault.ts';
import { findRecording, readRecording, verifyRecordings } from './index.ts';
import type { Recording } from './recording.ts';
import { type Disk, RecordingFile } from './recording-file.ts';
import { done, header, operation, tryOut } from './try-out.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A real disk until it is told to fail; a write that fails leaves half of its bytes behind. */
function failingDisk(): Disk & { code: string | null; sync: string | null; refused: number } {
  const fails = (code: string): NodeJS.ErrnoException =>
    Object.assign(new Error(`${code}: refused`), { code });
  const disk: ReturnType<typeof failingDisk> = {
    code: null as string | null,
    sync: null as string | null,
    refused: 0,
    open: ((path: string, flags: number, back: (error: Error | null, fd: number) => void) =>
      disk.code === 'EROFS' ? back(fails('EROFS'), -1) : open(path, flags, back)) as unknown as typeof open,
    write: ((fd: number, bytes: Buffer, from: number, count: number, at: number, back: never) => {
      if (disk.code === null) return write(fd, bytes, from, count, at, back);
      const refusing = back as (error: Error | null, written: number) => void;
      disk.refused += 1;
      write(fd, bytes, from, Math.floor(count / 2), at, () => refusing(fails(disk.code ?? 'EIO'), 0));
    }) as unknown as typeof write,
    fdatasync: ((fd: number, back: (error: Error | null) => void) =>
      disk.sync === null ? fdatasync(fd, back) : back(fails(disk.sync))) as typeof fdatasync,
  };
  return disk;
}

const run = (recording: Recording, text: string, reply = 'reply'): void => {
  const tape = recording.operation(operation(text));
  tape.reply(Buffer.from(reply), 0, reply.length);
  tape.end(done);
};

const textsOf = (path: string): string[] =>
  [...readRecording(path)].flatMap((event) => (event.kind === 'operation' ? [event.operation.text] : []));

for (const code of ['ENOSPC', 'EDQUOT', 'EIO', 'EROFS']) {
  test(`keeps what it recorded while the disk says ${code}, and writes it once it does not [recording.retries]`, async (t) => {
    const disk = failingDisk();
    const { recorder, directory, auditDirectory, faults, close } = tryOut(t, {}, disk);
    const recording = recorder.begin(header('s1'));
    run(recording, 'SELECT 1');
    disk.code = code;
    while (!recording.failed) await pause(2);
    for (let n = 2; n <= 40; n++) run(recording, `SELECT ${n}`, 'x'.repeat(5000));
    assert.equal(await recording.recover(), false);
    assert.match(faults[0]?.message ?? '', new RegExp(code));
    assert.equal(faults.length, 1, 'one report until it can be written');
    disk.code = null;
    assert.equal(await recording.recover(), true);
    assert.equal(recording.failed, false);
    run(recording, 'SELECT 41');
    await recording.end('over');
    await close();
    const texts = textsOf(findRecording(directory, 's1') ?? '');
    assert.deepEqual(
      texts,
      Array.from({ length: 41 }, (_, n) => `SELECT ${n + 1}`),
    );
    const report = await verifyRecordings(directory, readLog(auditDirectory));
    assert.deepEqual([report.problems, report.unfinished], [[], []]);
  });
}

test('goes on by itself once there is room, also for a session that ended meanwhile [recording.retries]', async (t) => {
  const disk = failingDisk();
  const { recorder, directory, auditDirectory, close } = tryOut(t, {}, disk);
  const open = recorder.begin(header('s1'));
  const ending = recorder.begin(header('s2'));
  disk.code = 'ENOSPC';
  run(open, 'SELECT 1');
  run(ending, 'SELECT 2');
  const ended = ending.end('over');
  while (!open.failed || !ending.failed) await pause(2);
  disk.code = null;
  await ended;
  while (open.failed) await pause(2);
  await close();
  assert.deepEqual(textsOf(findRecording(directory, 's2') ?? ''), ['SELECT 2']);
  assert.deepEqual((await verifyRecordings(directory, readLog(auditDirectory))).problems, []);
});

test('holds no more than its bound while the disk takes nothing, and says how much is missing [recording.retries]', async (t) => {
  const disk = failingDisk();
  const { recorder, directory, auditDirectory, close } = tryOut(t, { pendingBytes: 1024 * 1024 }, disk);
  const recording = recorder.begin(header('s1'));
  const other = recorder.begin(header('s2'));
  disk.code = 'ENOSPC';
  for (let n = 1; n <= 3000; n++) run(recording, `SELECT ${n} ${'x'.repeat(2000)}`);
  assert.ok(other.failed, 'nothing runs unrecorded in other sessions either');
  while (disk.refused === 0) await pause(2);
  disk.code = null;
  assert.equal(await recording.recover(), true);
  assert.equal(other.failed, false);
  run(recording, 'SELECT last');
  await close();
  const path = findRecording(directory, 's1') ?? '';
  assert.ok(statSync(path).size < 3 * 1024 * 1024, String(statSync(path).size));
  assert.equal(textsOf(path).at(-1), 'SELECT last');
  const notes = [...readRecording(path)].flatMap((event) => (event.kind === 'note' ? [event.text] : []));
  assert.match(notes.join(), /^\d{3,} events are missing here/);
  assert.deepEqual((await verifyRecordings(directory, readLog(auditDirectory))).problems, []);
});

test('does not wait for a full disk once the gateway stops, and says what is lost [recording.retries]', async (t) => {
  const disk = failingDisk();
  const { recorder, close } = tryOut(t, {}, disk);
  const recording = recorder.begin(header('s1'));
  disk.code = 'ENOSPC';
  run(recording, 'SELECT 1');
  const ended = assert.rejects(
    recording.end('over'),
    (error: unknown) => error instanceof Fault && /ENOSPC/.test(error.message),
  );
  recorder.stop();
  await ended;
  await close();
});

test('takes a sync that failed for what it is: bytes that may be lost [recording.retries]', async (t) => {
  const disk = failingDisk();
  const { recorder, directory, auditDirectory, audit, close } = tryOut(t, {}, disk);
  const recording = recorder.begin(header('s1'));
  run(recording, 'SELECT 1');
  disk.sync = 'EIO';
  await assert.rejects(recording.end('over'), /EIO/);
  audit.append({ type: 'session-ended', sessionId: 's1' });
  await close();
  assert.equal((await verifyRecordings(directory, readLog(auditDirectory))).problems.length, 1);
});

test('a write that fails halfway has appended nothing [recording.retries]', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'sallyport-recording-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const disk = failingDisk();
  const file = new RecordingFile(join(root, 'a'), Buffer.from('head'), disk);
  const append = (text: string) =>
    new Promise<Error | null>((resolve) => file.append(Buffer.from(text), text.length, resolve));
  disk.code = 'EIO';
  assert.match(String(await append('first')), /EIO/);
  assert.equal(file.length, 4);
  disk.code = null;
  assert.equal(await append('first'), null);
  assert.equal(file.length, 9);
  file.discard();
});
