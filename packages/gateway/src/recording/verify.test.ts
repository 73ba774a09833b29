import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readLog, verifyLog } from '@sallyport/audit-log';
import fc from 'fast-check';
import { Fault } from '../lib/fault.ts';
import { findRecording, listRecordings, readRecording, verifyRecordings } from './index.ts';
import { done, header, operation, tryOut, tryOutIn } from './try-out.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

test('finds a recording altered, cut, extended, deleted, swapped or smuggled in [recording.verifiable]', async (t) => {
  const { recorder, directory, auditDirectory, close } = tryOut(t);
  for (const name of ['s1', 's2']) {
    const recording = recorder.begin(header(name));
    recording.operation(operation('SELECT 1')).end(done);
    await pause(30);
    recording.operation(operation('SELECT 2')).end(done);
    await recording.end('over');
  }
  await close();
  const path = findRecording(directory, 's1') ?? '';
  const other = findRecording(directory, 's2') ?? '';
  const bytes = readFileSync(path);
  const problems = async (): Promise<readonly string[]> => {
    const report = await verifyRecordings(directory, readLog(auditDirectory));
    return report.problems.map(({ file }) => file);
  };
  assert.deepEqual(await problems(), []);
  for (let i = 0; i < bytes.length; i += 7) {
    const changed = Buffer.from(bytes);
    changed[i] = (changed[i] ?? 0) ^ 1;
    writeFileSync(path, changed);
    assert.deepEqual(await problems(), ['2026-01-02/s1.rec'], `byte ${i}`);
  }
  for (const end of [0, 10, bytes.length - 1]) {
    writeFileSync(path, bytes.subarray(0, end));
    assert.deepEqual(await problems(), ['2026-01-02/s1.rec'], `cut at ${end}`);
  }
  writeFileSync(path, Buffer.concat([bytes, Buffer.of(0)]));
  assert.deepEqual(await problems(), ['2026-01-02/s1.rec']);
  rmSync(path);
  assert.deepEqual(await problems(), ['2026-01-02/s1.rec']);
  cpSync(other, path);
  assert.deepEqual(await problems(), ['2026-01-02/s1.rec']);
  writeFileSync(path, bytes);
  cpSync(path, join(directory, '2026-01-02', 's3.rec'));
  assert.deepEqual(await problems(), ['2026-01-02/s3.rec']);
});

test('finds a recording that misses its end although its session ended [recording.verifiable]', async (t) => {
  const { recorder, directory, auditDirectory, audit, close } = tryOut(t);
  recorder.begin(header('s1'));
  const open = await verifyRecordings(directory, readLog(auditDirectory));
  assert.deepEqual([open.problems, open.unfinished], [[], ['s1']]);
  audit.append({ type: 'session-ended', sessionId: 's1' });
  const report = await verifyRecordings(directory, readLog(auditDirectory));
  assert.equal(report.problems.length, 1);
  await close();
});

test('verifies what was flushed before each of five kills [recording.crash]', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'sallyport-recording-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  for (let kill = 0; kill < 5; kill++) {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'record-load.ts'), root], {
      stdio: 'inherit',
    });
    t.after(() => child.kill('SIGKILL'));
    while (!existsSync(join(root, 'under-way'))) await pause(5);
    await pause(kill * 17);
    child.kill('SIGKILL');
    await once(child, 'exit');
    rmSync(join(root, 'under-way'));
  }
  const { directory, auditDirectory, audit, close } = tryOutIn(root);
  await close();
  assert.equal((await verifyLog(auditDirectory, audit.publicKey)).problem, null);
  const report = await verifyRecordings(directory, readLog(auditDirectory));
  assert.deepEqual([report.problems, report.recordings, report.unfinished.length], [[], 50, 50]);
  for (const { file } of listRecordings(directory)) {
    const operations = [...readRecording(join(directory, file))].filter(({ kind }) => kind === 'operation');
    assert.ok(operations.length > 0, file);
  }
});

test(`reads files of any content within bounds (seed ${seed}) [recording.hostile-file]`, async (t) => {
  const { recorder, directory, close } = tryOut(t);
  const recording = recorder.begin(header('s1'));
  for (let i = 0; i < 3; i++) {
    const tape = recording.operation(operation(`SELECT ${i}`, { parameters: [Buffer.from('p'), null] }));
    tape.reply(Buffer.from('reply'), 0, 5);
    tape.end(done);
  }
  await close();
  const path = findRecording(directory, 's1') ?? '';
  const bytes = readFileSync(path);
  const events = [...readRecording(path)].length;
  const read = (content: Uint8Array): number => {
    writeFileSync(path, content);
    try {
      return [...readRecording(path)].length;
    } catch (error) {
      assert.ok(error instanceof Fault, String(error));
      return 0;
    }
  };
  for (let end = 0; end < bytes.length; end++) assert.ok(read(bytes.subarray(0, end)) <= events);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.uint8Array({ minLength: 1, maxLength: 9 }), (at, noise) => {
      const changed = Buffer.from(bytes);
      changed.set(noise.subarray(0, changed.length - at), at);
      read(changed);
    }),
    { seed, numRuns: 400 },
  );
  writeFileSync(path, bytes);
  appendFileSync(path, Buffer.from([0xff, 0xff, 0xff, 0xff, 1]));
  assert.equal([...readRecording(path)].at(-1)?.kind, 'unfinished');
  writeFileSync(path, 'no recording');
  assert.throws(() => [...readRecording(path)], Fault);
  assert.deepEqual([...listRecordings(directory)], []);
});
