/** What becomes of a recording after its session: stored, deleted when it is old, and verified all along. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { readLog } from '@sallyport/audit-log';
import { createGateway, Fault, loadConfig } from '@sallyport/gateway';
import { run } from '../../packages/cli/src/captured-terminal.test-support.ts';
import { auditDirectory, auditEntries, recordingDirectory } from '../fixtures/audit-entries.ts';
import { startGateway } from '../fixtures/gateway.ts';
import { OBJECT_KEY, startObjectStore } from '../fixtures/object-store.ts';

const DAY_MS = 86_400_000;

test('a session is recorded, stored, deleted when it is old, and its record still verifies [recording.stored, recording.retention, cli.verify]', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'sallyport-store-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const store = await startObjectStore(join(root, 'store'));
  t.after(() => store.close());
  writeFileSync(join(root, 'id'), OBJECT_KEY.id);
  writeFileSync(join(root, 'secret'), OBJECT_KEY.secret);
  const world = await startGateway({
    policies: { directory: 'test/fixtures/policies/allow-all' },
    config: [
      'recording:',
      `  storage: s3://${store.bucket}/gateway-1?endpoint=http://127.0.0.1:${store.port}`,
      `  storage_credentials: { access_key_id_file: ${join(root, 'id')}, secret_access_key_file: ${join(root, 'secret')} }`,
      '  retention: { days: 30 }',
    ].join('\n'),
  });
  t.after(() => world.close());
  const client = await world.connect();
  await client.query('select 1');
  await client.end();
  const stored = () => auditEntries(world).find(({ type }) => type === 'recording-stored');
  while (stored() === undefined) await setTimeout(10);
  const { file = '' } = (stored()?.facts ?? {}) as { file?: string };
  const path = join(recordingDirectory(world), file);
  assert.deepEqual(store.object(`gateway-1/${file}`), readFileSync(path));
  assert.deepEqual(world.faults, []);
  await world.gateway.close();

  // Made as old as a session of two months ago: the folder is its day.
  const verify = () => run(['audit', 'verify', '--data', join(world.directory, 'data')]);
  const then = new Date(Date.now() - 60 * DAY_MS);
  utimesSync(path, then, then);
  const inTwoMonths = { now: () => Date.now() + 60 * DAY_MS, elapsed: () => performance.now() };
  const again = await createGateway(loadConfig(world.configFile), {
    report: (fault) => assert.fail(String(fault)),
    clock: inTwoMonths,
  });
  while (readdirSync(recordingDirectory(world)).length > 0) await setTimeout(10);
  await again.close();
  const sound = await verify();
  assert.equal(sound.code, 0, sound.out + sound.err);
  assert.match(sound.out, /1 deleted by retention, as the log says \(recording\.retention: .* 30 days ago\)/);
  assert.ok([...readLog(auditDirectory(world))].some(({ fields }) => fields.type === 'recording-deleted'));
});

test('a store that nothing may be sent to is a configuration that cannot be used [recording.store-address]', async (t) => {
  const world = await startGateway({ config: 'recording: { retention: { days: 7 } }' });
  t.after(() => world.close());
  const whole = readFileSync(world.configFile, 'utf8');
  for (const [recording, said] of [
    ['{ storage: "s3://bucket?endpoint=http://store.example" }', /no https:\/\/ address/],
    ['{ storage: "s3://bucket?region=eu-west-1" }', /storage_credentials/],
    [
      '{ storage: "s3://bucket", storage_credentials: { access_key_id_file: none, secret_access_key_file: none } }',
      /there is no file .*none/,
    ],
    ['{ retention: { days: 0 } }', /retention\.days/],
  ] as const) {
    writeFileSync(
      world.configFile,
      whole.replace('recording: { retention: { days: 7 } }', `recording: ${recording}`),
    );
    assert.throws(
      () => loadConfig(world.configFile),
      (fault) => fault instanceof Fault && said.test(fault.message),
      recording,
    );
  }
});
