import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openLog } from './log.ts';
import { LogError } from './log-error.ts';
import { copyLog, scratch, smallLog } from './scratch-log.ts';
import { listSegments } from './segment.ts';
import { readSegment } from './segment-reader.ts';
import { verifyLog } from './verify.ts';

interface Victim {
  readonly directory: string;
  readonly publicKey: string;
  /** Restores the log, changes one file and expects both verify and open to say where. */
  tamper(file: string, change: (bytes: Buffer) => Uint8Array | null, what: string): Promise<void>;
}

async function victim(t: TestContext): Promise<Victim> {
  const original = join(scratch(t), 'log');
  const directory = join(scratch(t), 'log');
  const publicKey = await smallLog(original);
  copyLog(original, directory);
  const tamper: Victim['tamper'] = async (file, change, what) => {
    const path = join(directory, file);
    const before = readFileSync(path);
    const after = change(Buffer.from(before));
    if (after === null) rmSync(path);
    else writeFileSync(path, after);
    const { problem } = await verifyLog(directory, publicKey);
    assert.ok(problem !== null, `${what} was not found`);
    assert.ok(problem.file.length > 0 && problem.offset >= 0, what);
    writeFileSync(path, before);
  };
  return { directory, publicKey, tamper };
}

test('finds every single changed byte of entries and checkpoints [audit.tampering]', async (t) => {
  const { directory, publicKey, tamper } = await victim(t);
  assert.equal((await verifyLog(directory, publicKey)).problem, null);
  for (const file of [...listSegments(directory).map(({ name }) => name), 'checkpoints']) {
    const { length } = readFileSync(join(directory, file));
    for (let i = 0; i < length; i++) {
      const bit = 1 << (i % 8);
      await tamper(
        file,
        (bytes) => bytes.fill((bytes[i] ?? 0) ^ bit, i, i + 1),
        `${file} byte ${i} bit ${bit}`,
      );
    }
  }
});

test('finds entries dropped, repeated, moved and cut off, and says which file [audit.tampering]', async (t) => {
  const { directory, tamper } = await victim(t);
  for (const { name } of listSegments(directory)) {
    const bytes = readFileSync(join(directory, name));
    const starts = [...readSegment(join(directory, name))].map(({ offset }) => offset);
    const frames = starts.map((start, i) => bytes.subarray(start, starts[i + 1] ?? bytes.length));
    await tamper(name, () => null, `${name} removed`);
    await tamper(name, () => Buffer.concat(frames.toReversed()), `${name} reversed`);
    for (let i = 0; i < frames.length; i++) {
      await tamper(name, () => Buffer.concat(frames.toSpliced(i, 1)), `${name} entry ${i} dropped`);
      await tamper(
        name,
        () => Buffer.concat([...frames.slice(0, i + 1), ...frames.slice(i)]),
        `${name} entry ${i} twice`,
      );
    }
    for (let end = 0; end < bytes.length; end++)
      await tamper(name, (all) => all.subarray(0, end), `${name} cut at ${end}`);
    await tamper(name, (all) => Buffer.concat([all, Buffer.from('x')]), `${name} with a byte more`).catch(
      (error: unknown) => {
        // Past the last checkpoint of the last segment one byte is indistinguishable from a write that was cut short.
        assert.equal(name, listSegments(directory).at(-1)?.name, String(error));
      },
    );
  }
});

test('finds a log rewritten with a key of its own, and one cut below a known checkpoint [audit.known-checkpoint]', async (t) => {
  const directory = scratch(t);
  const log = openLog(directory, { checkpointMs: 0 });
  log.append({ form: 'one' });
  const { note: early } = await log.checkpoint();
  log.append({ form: 'two' });
  const { note: late } = await log.checkpoint();
  await log.close();
  const known = [late, early];
  assert.equal((await verifyLog(directory, log.publicKey, { known })).problem, null);
  // The last checkpoint and the entry under it are taken away together.
  const [segment] = listSegments(directory);
  const path = join(directory, segment?.name ?? '');
  const second = [...readSegment(path)][1]?.offset ?? 0;
  writeFileSync(path, readFileSync(path).subarray(0, second));
  writeFileSync(join(directory, 'checkpoints'), early);
  assert.equal((await verifyLog(directory, log.publicKey)).problem, null);
  assert.notEqual((await verifyLog(directory, log.publicKey, { known })).problem, null);
  const forged = scratch(t);
  const own = openLog(forged, { checkpointMs: 0 });
  own.append({ form: 'else' });
  await own.close();
  assert.equal((await verifyLog(forged, log.publicKey)).problem?.file, 'checkpoints');
});

test('opens no log that was changed under its last checkpoint [audit.refuses-damage]', async (t) => {
  const original = join(scratch(t), 'log');
  const directory = join(scratch(t), 'log');
  await smallLog(original);
  const names = listSegments(original).map(({ name }) => name);
  for (const name of names) {
    const { length } = readFileSync(join(original, name));
    for (let i = 0; i < length; i += 3) {
      copyLog(original, directory);
      const path = join(directory, name);
      const bytes = readFileSync(path);
      bytes[i] = (bytes[i] ?? 0) ^ 4;
      writeFileSync(path, bytes);
      assert.throws(
        () => openLog(directory),
        (error: unknown) => error instanceof LogError && error.code === 'damaged' && error.place !== null,
        `${name} byte ${i}`,
      );
      assert.deepEqual(readFileSync(path), bytes, 'evidence was touched');
    }
  }
});
