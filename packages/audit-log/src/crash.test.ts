import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { openLog } from './log.ts';
import { LogError } from './log-error.ts';
import { readLog } from './read.ts';
import { copyLog, scratch } from './scratch-log.ts';
import { listSegments } from './segment.ts';
import { verifyLog } from './verify.ts';

const here = import.meta.dirname;

test('has every acknowledged entry after ten kills under load [audit.append-before-ack]', async (t) => {
  const directory = scratch(t);
  const log = join(directory, 'log');
  let size = 0;
  for (let kill = 0; kill < 10; kill++) {
    const acknowledged = join(directory, `acknowledged-${kill}`);
    const child = spawn(process.execPath, [join(here, 'append-load.ts'), log, acknowledged], {
      stdio: 'inherit',
    });
    while (!existsSync(acknowledged) || readFileSync(acknowledged).length < 8) await pause(5);
    await pause(kill * 13);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const last = readFileSync(acknowledged).readDoubleLE();
    assert.ok(last >= size);
    size = [...readLog(log)].length;
    assert.ok(size > last, `entry ${last} was acknowledged, the log ends at ${size}`);
  }
  const opened = openLog(log);
  assert.equal(opened.size, size);
  await opened.close();
  const report = await verifyLog(log, opened.publicKey);
  assert.deepEqual([report.problem, report.entries, report.covered], [null, size, size]);
});

test('sets aside a write cut short anywhere, and no whole entry [audit.torn-tail]', async (t) => {
  const original = join(scratch(t), 'log');
  const directory = join(scratch(t), 'log');
  const log = openLog(original, { checkpointMs: 0 });
  log.append({ form: 'one' });
  await log.checkpoint();
  log.append({ form: 'two' });
  // As a kill leaves it: no closing checkpoint.
  const killed = join(scratch(t), 'log');
  copyLog(original, killed);
  const [segment] = listSegments(original);
  const whole = readFileSync(join(original, segment?.name ?? ''));
  log.append({ form: 'three' });
  const frame = readFileSync(join(original, segment?.name ?? '')).subarray(whole.length);
  await log.close();
  const torn = Array.from({ length: frame.length - 1 }, (_, i) => frame.subarray(0, i + 1));
  const garbled = Buffer.from(frame);
  garbled[20] = 0;
  for (const tail of [...torn, garbled, Buffer.alloc(40)]) {
    copyLog(killed, directory);
    writeFileSync(join(directory, segment?.name ?? ''), Buffer.concat([whole, tail]));
    const seen = await verifyLog(directory, log.publicKey);
    assert.deepEqual([seen.problem, seen.entries, seen.covered, seen.tornBytes], [null, 2, 1, tail.length]);
    const opened = openLog(directory, { checkpointMs: 0 });
    assert.deepEqual([opened.size, opened.cutBytes], [2, tail.length]);
    const aside = readdirSync(directory).filter((name) => name.includes('torn'));
    assert.deepEqual(readFileSync(join(directory, aside[0] ?? '')), Buffer.from(tail));
    await opened.close();
    assert.equal((await verifyLog(directory, log.publicKey)).covered, 2);
  }
});

test('does not take a changed length for a torn tail when entries follow [audit.refuses-damage]', async (t) => {
  const directory = scratch(t);
  const killed = join(scratch(t), 'log');
  const log = openLog(directory, { checkpointMs: 0 });
  for (let i = 0; i < 5; i++) log.append({ form: `SELECT ${i}` });
  copyLog(directory, killed);
  await log.close();
  const path = join(killed, listSegments(killed)[0]?.name ?? '');
  const bytes = readFileSync(path);
  for (const length of [0, 1, 90, 600, 100_000, 0xffffffff]) {
    bytes.writeUInt32LE(length, 0);
    writeFileSync(path, bytes);
    assert.notEqual((await verifyLog(killed, log.publicKey)).problem, null, `length ${length}`);
    assert.throws(
      () => openLog(killed),
      (error: unknown) => error instanceof LogError && error.code === 'damaged' && error.place?.offset === 0,
    );
  }
});

test('sets aside a checkpoint cut short and signs on [audit.torn-tail]', async (t) => {
  const directory = scratch(t);
  const log = openLog(directory, { checkpointMs: 0 });
  log.append({ form: 'one' });
  await log.close();
  for (const tail of ['\n', '\nsallyport', '\nsallyport/audit\n12', '\nsallyport/audit\n12\nAAAA']) {
    appendFileSync(join(directory, 'checkpoints'), tail);
    assert.equal((await verifyLog(directory, log.publicKey)).problem, null, JSON.stringify(tail));
    const opened = openLog(directory, { checkpointMs: 0 });
    opened.append({ form: 'more' });
    await opened.close();
    const report = await verifyLog(directory, log.publicKey);
    assert.deepEqual([report.problem, report.covered], [null, report.entries]);
  }
});

test('is open in one process at a time, and free after a kill [audit.one-writer]', async (t) => {
  const directory = scratch(t);
  const log = join(directory, 'log');
  const acknowledged = join(directory, 'acknowledged');
  const child = spawn(process.execPath, [join(here, 'append-load.ts'), log, acknowledged], {
    stdio: 'inherit',
  });
  while (!existsSync(acknowledged)) await pause(5);
  const isLocked = (error: unknown): boolean => error instanceof LogError && error.code === 'locked';
  assert.throws(() => openLog(log), isLocked);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const opened = openLog(log);
  assert.throws(() => openLog(log), isLocked);
  await opened.close();
  await openLog(log).close();
});

test('refuses entries while the disk takes no more, keeps none by half, and goes on after [audit.disk-full]', async (t) => {
  const directory = scratch(t);
  // A file size limit makes write() short and then fail, as a full disk does; and it can be lifted.
  const shell = `trap '' XFSZ; ulimit -Sf 16; exec "$0" "$1" "$2"`;
  const child = spawn('bash', ['-c', shell, process.execPath, join(here, 'full-disk-load.ts'), directory], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (line: string): Promise<string> => {
    child.stdin.write(`${line}\n`);
    return String((await lines.next()).value);
  };
  let written = 0;
  while ((await ask('append')) === 'ok') written += 1;
  assert.ok(written > 2);
  assert.equal(await ask('append'), 'write-failed');
  assert.equal([...readLog(directory)].length, written);
  execFileSync('prlimit', ['--pid', String(child.pid), '--fsize=unlimited:unlimited']);
  assert.equal(await ask('append'), 'ok');
  const exit = once(child, 'exit');
  assert.equal(await ask('close'), 'closed');
  child.stdin.end();
  await exit;
  const opened = openLog(directory);
  assert.deepEqual([opened.size, opened.cutBytes], [written + 1, 0]);
  await opened.close();
  assert.equal((await verifyLog(directory, opened.publicKey)).problem, null);
});

test('says which folder cannot be opened [audit.cannot-open]', (t) => {
  const directory = scratch(t);
  const file = join(directory, 'file');
  writeFileSync(file, '');
  for (const path of [file, join(file, 'below'), '/sys/kernel']) {
    assert.throws(
      () => openLog(path),
      (error: unknown) =>
        error instanceof LogError && error.code === 'cannot-open' && error.message.includes(path),
    );
  }
});
