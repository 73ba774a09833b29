import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readLog } from '@sallyport/audit-log';
import { OBJECT_KEY, startObjectStore } from '../../../../test/fixtures/object-store.ts';
import { type AuditLog, auditSection, createAudit } from '../audit/index.ts';
import { systemClock } from '../lib/clock.ts';
import { Fault } from '../lib/fault.ts';
import { recordingSection } from './config.ts';
import { createRecorder, createRetention, createUploads, findRecording, type Uploads } from './index.ts';
import { type ObjectPlace, readObjectPlace } from './object-place.ts';
import { ObjectStore } from './object-store.ts';
import { done, header, operation } from './try-out.ts';
import { upload } from './upload.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function folder(t: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), 'sallyport-uploads-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  writeFileSync(join(root, 'id'), `${OBJECT_KEY.id}\n`);
  writeFileSync(join(root, 'secret'), `${OBJECT_KEY.secret}\n`);
  return root;
}

/** A recorder whose recordings are stored; `again` is the gateway's next start. */
function gatewayIn(root: string, port: number, changes: Record<string, unknown> = {}) {
  const directory = join(root, 'data');
  const config = recordingSection.parse({
    directory,
    flushMs: 10,
    storage: `s3://recordings/a/b?endpoint=http://127.0.0.1:${port}&region=eu-central-1`,
    storageCredentials: { accessKeyIdFile: join(root, 'id'), secretAccessKeyFile: join(root, 'secret') },
    ...changes,
  });
  const faults: string[] = [];
  const report = (fault: unknown) => void faults.push(fault instanceof Fault ? fault.message : String(fault));
  const audit: AuditLog = createAudit(auditSection.parse({ directory: join(root, 'audit') }), {
    clock: systemClock,
  });
  let uploads: Uploads | null = null;
  const recorder = createRecorder(config, {
    ...{ clock: systemClock, audit, onFailure: report },
    onOver: (file) => uploads?.add(file),
    isFull: () => uploads?.isFull === true,
  });
  const isOpen = (id: string) => recorder.isOpen(id);
  uploads = createUploads(config, { clock: systemClock, audit, isOpen, report });
  const isKept = (file: string) => uploads?.isStored(file) !== false;
  const retention = createRetention(config, { clock: systemClock, audit, isOpen, isKept, report });
  return {
    ...{ directory, config, faults, recorder, retention, uploads },
    async record(name: string, startedAt = Date.UTC(2026, 0, 2), reply = Buffer.from('x')) {
      const recording = recorder.begin({ ...header(name), startedAt });
      const tape = recording.operation(operation('SELECT 1'));
      tape.reply(reply, 0, reply.length);
      tape.end(done);
      await recording.end('over');
    },
    stored: () =>
      [...readLog(join(root, 'audit'))].flatMap(({ fields }) =>
        fields.type === 'recording-stored' ? [fields.facts as { location: string; file: string }] : [],
      ),
    async close() {
      await uploads?.close();
      await recorder.close();
      await audit.close();
    },
  };
}

test('copies what is over to the store byte for byte, with its entry in the log [recording.stored]', async (t) => {
  const root = folder(t);
  const store = await startObjectStore(join(root, 'store'));
  t.after(() => store.close());
  const gateway = gatewayIn(root, store.port);
  for (const name of ['s1', 's2', 's3']) await gateway.record(name);
  const open = gateway.recorder.begin(header('s4'));
  while (gateway.stored().length < 3) await pause(5);
  for (const name of ['s1', 's2', 's3']) {
    const bytes = readFileSync(findRecording(gateway.directory, name) ?? '');
    assert.deepEqual(store.object(`a/b/2026-01-02/${name}.rec`), bytes);
  }
  assert.deepEqual(
    gateway.stored().map(({ location }) => location),
    [
      's3://recordings/a/b/2026-01-02/s1.rec',
      's3://recordings/a/b/2026-01-02/s2.rec',
      's3://recordings/a/b/2026-01-02/s3.rec',
    ],
  );
  assert.equal(store.object('a/b/2026-01-02/s4.rec'), null);
  await open.end('over');
  assert.deepEqual(gateway.faults, []);
  await gateway.close();

  // What the last run had no time for is stored by the next, and nothing twice.
  const next = gatewayIn(root, store.port);
  while (next.stored().length < 4) await pause(5);
  await pause(50);
  assert.equal(next.stored().length, 4);
  await next.close();
});

test('keeps what it cannot store, says so once, and stores it when the store is back [recording.store-away]', async (t) => {
  const root = folder(t);
  const before = await startObjectStore(join(root, 'store'));
  await before.close();
  const gateway = gatewayIn(root, before.port, { retention: { days: 1 } });
  const startedAt = Date.now() - 5 * 86_400_000;
  await gateway.record('s1', startedAt);
  await gateway.record('s2', startedAt);
  while (gateway.faults.length === 0) await pause(5);
  const old = new Date(startedAt);
  for (const name of ['s1', 's2']) utimesSync(findRecording(gateway.directory, name) ?? '', old, old);
  assert.equal(await gateway.retention.apply(), 0, 'what the store does not have is not deleted');
  const store = await startObjectStore(join(root, 'store'), before.port);
  t.after(() => store.close());
  while (gateway.stored().length < 2) await pause(20);
  assert.equal(gateway.faults.length, 1);
  assert.match(gateway.faults[0] ?? '', /ECONNREFUSED/);
  assert.equal(await gateway.retention.apply(), 2);
  assert.ok(store.object(`a/b/${old.toISOString().slice(0, 10)}/s1.rec`) !== null);
  await gateway.close();
});

test('a key that is refused is an alarm that names no secret, and a new one is taken up [recording.store-away]', async (t) => {
  const root = folder(t);
  const store = await startObjectStore(join(root, 'store'));
  t.after(() => store.close());
  writeFileSync(join(root, 'id'), 'not-known-there');
  const gateway = gatewayIn(root, store.port);
  await gateway.record('s1');
  while (gateway.faults.length === 0) await pause(5);
  assert.match(gateway.faults[0] ?? '', /403 InvalidAccessKeyId/);
  assert.doesNotMatch(gateway.faults.join(), /not-known-there|S3RVER/);
  writeFileSync(join(root, 'id'), OBJECT_KEY.id);
  while (gateway.stored().length < 1) await pause(20);
  await gateway.close();
});

test('past its bound no session begins, until the store has caught up [recording.store-away]', async (t) => {
  const root = folder(t);
  const before = await startObjectStore(join(root, 'store'));
  await before.close();
  const gateway = gatewayIn(root, before.port, {
    compression: 'none',
    storagePendingBytes: 1024 * 1024,
    replyBytesPerOperation: 1024 * 1024,
  });
  const reply = randomBytes(400_000);
  for (const name of ['s1', 's2', 's3']) await gateway.record(name, undefined, reply);
  assert.throws(() => gateway.recorder.begin(header('s4')), { code: 'recording-unavailable' });
  assert.match(gateway.faults.join('\n'), /bytes wait to be stored/);
  const store = await startObjectStore(join(root, 'store'), before.port);
  t.after(() => store.close());
  while (gateway.uploads?.isFull === true) await pause(20);
  await gateway.record('s4');
  await gateway.close();
});

test('a large recording comes in parts, and goes on where it stopped [recording.stored]', async (t) => {
  const root = folder(t);
  const store = await startObjectStore(join(root, 'store'));
  t.after(() => store.close());
  const place = readObjectPlace(`s3://recordings?endpoint=http://127.0.0.1:${store.port}`) as ObjectPlace;
  const objects = new ObjectStore(place, { accessKeyId: OBJECT_KEY.id, secretAccessKey: OBJECT_KEY.secret });
  const path = join(root, 'large.rec');
  const bytes = randomBytes(3_500_000);
  writeFileSync(path, bytes);
  const sent: number[] = [];
  const breaking = Object.create(objects) as ObjectStore;
  breaking.put = objects.put.bind(objects);
  breaking.urlOf = objects.urlOf.bind(objects);
  breaking.begin = objects.begin.bind(objects);
  breaking.finish = objects.finish.bind(objects);
  breaking.putPart = async (key, id, number, part) => {
    sent.push(number);
    if (number === 3 && sent.length === 3) throw new Error('the line is cut');
    return objects.putPart(key, id, number, part);
  };
  await assert.rejects(upload(breaking, path, 'large.rec', null, 1_000_000), /the line is cut/);
  assert.ok(existsSync(`${path}.parts`));
  assert.deepEqual(await upload(breaking, path, 'large.rec', null, 1_000_000), { bytes: bytes.length });
  assert.deepEqual(sent, [1, 2, 3, 3, 4]);
  assert.deepEqual(store.object('large.rec'), bytes);
  assert.ok(!existsSync(`${path}.parts`));
});

test('takes no address that would send a recording in the clear or elsewhere [recording.store-address]', () => {
  assert.deepEqual(readObjectPlace('s3://bucket/a/b?endpoint=https://store.example&region=eu-central-1'), {
    ...{ bucket: 'bucket', prefix: 'a/b', endpoint: 'https://store.example', region: 'eu-central-1' },
  });
  assert.deepEqual(readObjectPlace('s3://bucket?region=eu-west-1'), {
    ...{ bucket: 'bucket', prefix: '', endpoint: 'https://s3.eu-west-1.amazonaws.com', region: 'eu-west-1' },
  });
  for (const address of [
    '',
    'bucket',
    'https://bucket',
    's3://',
    's3://B_/x',
    's3://key:secret@bucket',
    's3://bucket:1',
    's3://bucket/../x/..%2f',
    's3://bucket/a//b',
    's3://bucket/.x',
    's3://bucket?secret=x',
    's3://bucket?region=a.example/',
    's3://bucket?endpoint=http://store.example',
    's3://bucket?endpoint=http://127.0.0.1.example',
    's3://bucket?endpoint=https://user:pass@store.example',
    's3://bucket?endpoint=https://store.example/path',
    's3://bucket?endpoint=ftp://127.0.0.1',
  ]) {
    assert.equal(typeof readObjectPlace(address), 'string', address);
  }
});
