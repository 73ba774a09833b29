import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readLog } from '@sallyport/audit-log';
import { systemClock } from '../lib/clock.ts';
import { recordingSection } from './config.ts';
import { createRetention, findRecording, verifyRecordings } from './index.ts';
import { done, header, operation, tryOut } from './try-out.ts';

const somebody = { subject: 'company|ada', actor: null, task: null };
const DAY_MS = 86_400_000;

/** A folder of recordings that were written this many days ago, and a retention of 30 days over them. */
async function kept(t: TestContext, ages: Readonly<Record<string, number>>) {
  const { recorder, audit, directory, auditDirectory, close } = tryOut(t);
  for (const [name, days] of Object.entries(ages)) {
    const startedAt = Date.now() - days * DAY_MS;
    const recording = recorder.begin({ ...header(name), startedAt });
    recording.operation(operation('SELECT 1')).end(done);
    await recording.end('over');
    audit.append({ type: 'session-ended', sessionId: name });
    utimesSync(findRecording(directory, name) ?? '', startedAt / 1000, startedAt / 1000);
  }
  const faults: unknown[] = [];
  const retention = createRetention(recordingSection.parse({ directory, retention: { days: 30 } }), {
    ...{ clock: systemClock, audit },
    isOpen: (id) => recorder.isOpen(id),
    report: (fault) => void faults.push(fault),
  });
  const verify = () => verifyRecordings(directory, readLog(auditDirectory));
  const entries = () => [...readLog(auditDirectory)].map(({ fields }) => fields);
  return { recorder, retention, directory, audit, faults, verify, entries, close };
}

test('deletes what is old with an entry first, and verifies that it was deleted and not lost [recording.retention]', async (t) => {
  const { retention, directory, verify, entries, faults, close } = await kept(t, {
    old: 31,
    young: 29,
    today: 0,
  });
  assert.equal(await retention.apply(), 1);
  assert.deepEqual(
    ['old', 'young', 'today'].map((name) => findRecording(directory, name) === null),
    [true, false, false],
  );
  assert.equal(readdirSync(directory).length, 2, 'the folder of the day is gone with its last recording');
  const report = await verify();
  assert.deepEqual([report.problems, report.recordings, faults], [[], 3, []]);
  assert.deepEqual(
    report.deleted.map(({ sessionId, reason }) => [sessionId, reason]),
    [['old', 'recording.retention: last written more than 30 days ago']],
  );
  const entry = entries().find(({ type }) => type === 'recording-deleted');
  assert.deepEqual(Object.keys(entry?.facts as object).sort(), ['bytes', 'days', 'file', 'keep']);
  const proofs = entries().filter(({ type, sessionId }) => type === 'recording-chunk' && sessionId === 'old');
  assert.ok(
    proofs.length >= 2 &&
      proofs.every(({ facts }) => typeof (facts as { sha256: string }).sha256 === 'string'),
  );
  assert.equal(await retention.apply(), 0);
  await close();
});

test('still misses a recording that nobody deleted [recording.retention]', async (t) => {
  const { retention, directory, verify, close } = await kept(t, { old: 31, taken: 2, other: 31 });
  await retention.apply();
  rmSync(findRecording(directory, 'taken') ?? '');
  const { problems, deleted } = await verify();
  assert.deepEqual(
    problems.map(({ sessionId, reason }) => [sessionId, reason]),
    [['taken', 'it is missing, and nothing in the log says that it was deleted']],
  );
  assert.equal(deleted.length, 2);
  await close();
});

test('finds that a deleted recording came back as something else [recording.retention]', async (t) => {
  const { retention, directory, verify, close } = await kept(t, { old: 31 });
  const path = findRecording(directory, 'old') ?? '';
  await retention.apply();
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, 'x'.repeat(5000));
  assert.equal((await verify()).problems.length, 1);
  await close();
});

test('deletes nothing where no retention is asked for, nothing that is open, and nothing written since [recording.retention]', async (t) => {
  const { recorder, retention, audit, directory, verify, close } = await kept(t, { touched: 31 });
  const startedAt = Date.now() - 40 * DAY_MS;
  recorder.begin({ ...header('open'), startedAt });
  utimesSync(findRecording(directory, 'open') ?? '', startedAt / 1000, startedAt / 1000);
  utimesSync(findRecording(directory, 'touched') ?? '', new Date(), new Date());
  assert.equal(await retention.apply(), 0);
  const forever = createRetention(recordingSection.parse({ directory }), {
    ...{ clock: { ...systemClock, now: () => Date.now() + 4000 * DAY_MS }, audit },
    isOpen: () => false,
    report: (fault) => assert.fail(String(fault)),
  });
  assert.equal(await forever.apply(), 0);
  await close();
  assert.deepEqual((await verify()).problems, []);
});

test('never deletes what is held, until it is released, and both are in the log [recording.hold]', async (t) => {
  const { retention, directory, verify, entries, close } = await kept(t, { old: 31, other: 31 });
  await retention.hold('old', somebody, 'case 7');
  await retention.hold('old', somebody, 'twice changes nothing');
  assert.equal(await retention.apply(), 1);
  assert.ok(existsSync(findRecording(directory, 'old') ?? ''));
  assert.deepEqual((await verify()).problems, []);
  await retention.release('old', somebody, 'case 7 is over');
  await assert.rejects(retention.release('old', somebody, ''), { code: 'conflict' });
  await assert.rejects(retention.hold('../x', somebody, ''), { code: 'not-found' });
  assert.equal(await retention.apply(), 1);
  const { problems, deleted } = await verify();
  assert.deepEqual([problems, deleted.length], [[], 2]);
  const said = entries().filter(({ type }) => type === 'recording-held' || type === 'recording-released');
  assert.deepEqual(
    said.map(({ type, sessionId, subject, reason }) => [type, sessionId, subject, reason]),
    [
      ['recording-held', 'old', 'company|ada', 'case 7'],
      ['recording-released', 'old', 'company|ada', 'case 7 is over'],
    ],
  );
  await close();
});

test('a hold and a deletion of the same moment never both happen [recording.hold]', async (t) => {
  const names = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`s${n}`, 31]));
  const { retention, directory, verify, close } = await kept(t, names);
  const holds = Object.keys(names).map((name) =>
    retention.hold(name, somebody, 'now').then(
      () => name,
      () => null,
    ),
  );
  const [, ...held] = await Promise.all([retention.apply(), ...holds]);
  for (const name of held) if (name !== null) assert.ok(findRecording(directory, name) !== null, name);
  assert.deepEqual((await verify()).problems, []);
  await close();
});

test('finds that a held recording was deleted after all [recording.hold]', async (t) => {
  const { retention, directory, verify, close } = await kept(t, { old: 31 });
  await retention.hold('old', somebody, 'case 7');
  const path = findRecording(directory, 'old') ?? '';
  rmSync(`${path.slice(0, -4)}.hold`);
  assert.ok(statSync(path).isFile());
  assert.equal(await retention.apply(), 1);
  assert.deepEqual(
    (await verify()).problems.map(({ reason }) => reason),
    ['it was deleted by retention although it was held'],
  );
  await close();
});
