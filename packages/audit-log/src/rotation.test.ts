import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openLog } from './log.ts';
import { LogError } from './log-error.ts';
import { readLog } from './read.ts';
import { copyLog, scratch } from './scratch-log.ts';
import { verifyLog } from './verify.ts';

test('takes up a change of key wherever a crash left it [audit.rotation]', async (t) => {
  const directory = join(scratch(t), 'log');
  const log = openLog(directory, { checkpointMs: 0 });
  log.append({ form: 'one' });
  await log.checkpoint();
  const before = join(scratch(t), 'log');
  copyLog(directory, before);
  await log.rotateKey();
  const after = join(scratch(t), 'log');
  copyLog(directory, after);
  await log.close();
  const notes = readFileSync(join(after, 'checkpoints'));
  const old = readFileSync(join(before, 'log.key'), 'utf8');
  const next = readFileSync(join(after, 'log.key'), 'utf8');
  assert.notEqual(old, next);
  assert.equal(statSync(join(after, 'log.key')).mode & 0o777, 0o600);
  const start = readFileSync(join(before, 'checkpoints')).length;
  const crashed = join(scratch(t), 'log');
  // The new key is on disk before the entry, the entry before the checkpoint, and that before the new key is in place.
  for (let end = start; end <= notes.length; end += end + 16 > notes.length ? 1 : 16) {
    copyLog(after, crashed);
    rmSync(join(crashed, 'lock'), { force: true });
    writeFileSync(join(crashed, 'log.key'), old);
    writeFileSync(join(crashed, 'log.key.next'), next);
    writeFileSync(join(crashed, 'checkpoints'), notes.subarray(0, end));
    const opened = openLog(crashed, { checkpointMs: 0 });
    const handedOver = end === notes.length;
    assert.equal(opened.signingKey === opened.publicKey, !handedOver, `${end} of ${notes.length} bytes`);
    assert.equal(existsSync(join(crashed, 'log.key.next')), false);
    opened.append({ form: 'two' });
    await opened.close();
    const report = await verifyLog(crashed, log.publicKey);
    assert.deepEqual([report.problem, report.entries, report.covered], [null, 3, 3]);
  }
});

test('says in the log which key follows, and opens with no other [audit.rotation]', async (t) => {
  const directory = join(scratch(t), 'log');
  const log = openLog(directory, { checkpointMs: 0 });
  const old = readFileSync(join(directory, 'log.key'));
  await Promise.all([log.rotateKey(), log.rotateKey(), log.checkpoint()]);
  await log.close();
  const changes = [...readLog(directory)].map(({ fields }) => fields);
  assert.deepEqual(
    changes.map(({ type }) => type),
    ['log-key-changed', 'log-key-changed'],
  );
  assert.ok(JSON.stringify(changes[1]?.facts).endsWith(`"to":"${log.signingKey}"}`));
  writeFileSync(join(directory, 'log.key'), old);
  assert.throws(
    () => openLog(directory),
    (error: unknown) =>
      error instanceof LogError && error.code === 'damaged' && error.message.includes(log.signingKey),
  );
});

test('is whole by a later key alone, also when the first is lost [audit.rotation]', async (t) => {
  const directory = join(scratch(t), 'log');
  const log = openLog(directory, { checkpointMs: 0 });
  log.append({ form: 'one' });
  await log.rotateKey();
  await log.close();
  rmSync(join(directory, 'log.pub'));
  const opened = openLog(directory, { checkpointMs: 0 });
  assert.equal(opened.publicKey, log.signingKey);
  opened.append({ form: 'two' });
  await opened.close();
  const report = await verifyLog(directory, log.signingKey);
  assert.deepEqual([report.problem, report.covered], [null, 3]);
});
