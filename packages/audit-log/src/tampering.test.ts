import assert from 'node:assert/strict';
import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { crc32 } from 'node:zlib';
import { openCheckpoint, signCheckpoint, signHandover } from './checkpoint.ts';
import { splitNotes } from './checkpoint-file.ts';
import { openLog } from './log.ts';
import { LogError } from './log-error.ts';
import { generateSigner, parsePrivateKey, parseVerifier } from './note.ts';
import type { LogProblem, LogProblemCode } from './problem.ts';
import { copyLog, scratch, smallLog } from './scratch-log.ts';
import { frameBytes, listSegments } from './segment.ts';
import { readSegment } from './segment-reader.ts';
import { verifyLog } from './verify.ts';

interface Victim {
  readonly directory: string;
  readonly publicKey: string;
  /** Changes one file, or takes it away, and gives what verifying finds; then puts it back. */
  tamper(file: string, change: (bytes: Buffer) => Uint8Array | null): Promise<LogProblem>;
}

async function victim(
  t: TestContext,
  make = (path: string): Promise<string> => smallLog(path, 8),
): Promise<Victim> {
  const directory = join(scratch(t), 'log');
  const publicKey = await make(directory);
  assert.equal((await verifyLog(directory, publicKey)).problem, null);
  const tamper: Victim['tamper'] = async (file, change) => {
    const path = join(directory, file);
    const before = readFileSync(path);
    const after = change(Buffer.from(before));
    if (after === null) rmSync(path);
    else writeFileSync(path, after);
    const { problem } = await verifyLog(directory, publicKey);
    assert.ok(problem !== null, `a change of ${file} was not found`);
    writeFileSync(path, before);
    return problem;
  };
  return { directory, publicKey, tamper };
}

/** The frames of a segment, each with where it starts. */
function framesOf(directory: string, name: string): readonly { start: number; bytes: Buffer }[] {
  const bytes = readFileSync(join(directory, name));
  const starts = [...readSegment(join(directory, name))].map(({ offset }) => offset);
  return starts.map((start, i) => ({ start, bytes: bytes.subarray(start, starts[i + 1] ?? bytes.length) }));
}

/** A frame that is right in every way but what it says: length and checksum are made anew. */
function reframed(frame: Buffer, change: (text: string) => string): Buffer {
  const entry = Buffer.from(change(frame.toString('utf8', frameBytes)));
  const head = Buffer.alloc(frameBytes);
  head.writeUInt32LE(entry.length, 0);
  head.writeUInt32LE(crc32(entry), 4);
  return Buffer.concat([head, entry]);
}

const bytesOf = (frames: readonly { bytes: Buffer }[]): Buffer =>
  Buffer.concat(frames.map(({ bytes }) => bytes));

test('finds every single changed byte, and names the entry or checkpoint it is in [audit.tampering]', async (t) => {
  const { directory, tamper } = await victim(t);
  for (const { name } of listSegments(directory)) {
    for (const { start, bytes } of framesOf(directory, name)) {
      for (let i = start; i < start + bytes.length; i++) {
        const found = await tamper(name, (all) => all.fill((all[i] ?? 0) ^ (1 << (i % 8)), i, i + 1));
        assert.deepEqual([found.file, found.offset, found.code], [name, start, 'bytes-changed'], `byte ${i}`);
      }
    }
  }
  const { notes } = splitNotes(readFileSync(join(directory, 'checkpoints')), 'example.org/log');
  const codes = new Set<LogProblemCode>();
  for (const { note, offset } of notes) {
    const end = offset + Buffer.byteLength(note);
    for (let i = offset; i < end; i++) {
      const found = await tamper('checkpoints', (all) => all.fill((all[i] ?? 0) ^ (1 << (i % 8)), i, i + 1));
      assert.equal(found.file, 'checkpoints');
      // Without its last newline a note goes on to the end of the empty line behind it.
      assert.ok(found.offset >= offset && found.offset <= end + 1, `byte ${i}: ${found.offset}`);
      codes.add(found.code);
    }
  }
  // A changed key id is another key.
  assert.deepEqual([...codes].sort(), ['checkpoint-changed', 'foreign-key']);
});

test('names entries dropped, repeated, moved, changed and cut off [audit.tampering]', async (t) => {
  const { directory, tamper } = await victim(t);
  const segments = listSegments(directory);
  for (const [at, { name }] of segments.entries()) {
    const isLast = at === segments.length - 1;
    const frames = framesOf(directory, name);
    const expect = async (code: LogProblemCode, offset: number | null, change: () => Uint8Array | null) => {
      const found = await tamper(name, change);
      assert.equal(found.code, code, `${name}: ${found.reason}`);
      if (offset !== null) assert.deepEqual([found.file, found.offset], [name, offset]);
    };
    await expect(isLast ? 'cut-off' : 'segment-missing', null, () => null);
    if (frames.length > 1) await expect('entry-missing', 0, () => bytesOf(frames.toReversed()));
    for (const [i, { start, bytes }] of frames.entries()) {
      const isEnd = i === frames.length - 1;
      const dropped = isEnd ? (isLast ? 'cut-off' : 'segment-missing') : 'entry-missing';
      await expect(dropped, isEnd ? null : start, () => bytesOf(frames.toSpliced(i, 1)));
      await expect('entry-repeated', start + bytes.length, () =>
        bytesOf([...frames.slice(0, i + 1), ...frames.slice(i)]),
      );
      const changed = reframed(bytes, (text) => text.replace('SELECT', 'DELETE'));
      const found = await tamper(name, () => bytesOf(frames.with(i, { start, bytes: changed })));
      assert.equal(found.code, 'rewritten');
      assert.match(found.reason, /entries \d+ to \d+ are not what was signed in checkpoints byte \d+/);
      const spaced = reframed(bytes, (text) => text.replace(':', ': '));
      await expect('entry-not-canonical', start, () => bytesOf(frames.with(i, { start, bytes: spaced })));
      const older = reframed(bytes, (text) => text.replace('"time":17', '"time":16'));
      if (at + i > 0)
        await expect('entry-time', start, () => bytesOf(frames.with(i, { start, bytes: older })));
    }
    for (const { start, bytes } of frames) {
      for (let end = start + 1; end < start + bytes.length; end++) {
        const found = await tamper(name, (all) => all.subarray(0, end));
        assert.deepEqual([found.code, found.offset], ['bytes-changed', start], `${name} cut at ${end}`);
      }
    }
    // Past the last checkpoint of the last segment it is indistinguishable from a write that was cut short.
    if (!isLast)
      await expect('bytes-changed', null, () => Buffer.concat([bytesOf(frames), Buffer.from('x')]));
  }
});

test('names whole segments taken away, put twice and exchanged [audit.tampering]', async (t) => {
  const { directory, publicKey } = await victim(t);
  const original = join(scratch(t), 'log');
  copyLog(directory, original);
  const names = listSegments(directory).map(({ name }) => name);
  const [first = '', second = '', third = ''] = names;
  const path = (name: string): string => join(directory, name);
  const cases: readonly [LogProblemCode, string, () => void][] = [
    ['segment-missing', second, () => rmSync(path(first))],
    [
      'segment-repeated',
      '0000000000000001.entries',
      () => cpSync(path(first), path('0000000000000001.entries')),
    ],
    [
      'entry-missing',
      first,
      () => {
        renameSync(path(first), path('aside'));
        renameSync(path(second), path(first));
        renameSync(path('aside'), path(second));
      },
    ],
    ['entry-repeated', third, () => cpSync(path(second), path(third))],
    [
      'cut-off',
      'the first segment',
      () => {
        for (const name of names) rmSync(path(name));
      },
    ],
  ];
  for (const [code, file, change] of cases) {
    copyLog(original, directory);
    change();
    const { problem } = await verifyLog(directory, publicKey);
    assert.deepEqual([problem?.code, problem?.file], [code, file], problem?.reason);
  }
});

/** A log of two keys with a checkpoint after each entry. */
async function twoKeys(directory: string): Promise<string> {
  const log = openLog(directory, { origin: 'example.org/log', checkpointMs: 0, now: () => 1000 });
  for (let i = 0; i < 6; i++) {
    log.append({ form: `SELECT ${i}` });
    if (i === 2) await log.rotateKey();
    else await log.checkpoint();
  }
  await log.close();
  return log.publicKey;
}

test('names checkpoints replayed, moved, and signed by a key whose turn it is not [audit.tampering]', async (t) => {
  let oldKey = '';
  const { directory, publicKey, tamper } = await victim(t, async (path) => {
    const log = openLog(path, { origin: 'example.org/log', checkpointMs: 0 });
    oldKey = readFileSync(join(path, 'log.key'), 'utf8');
    await log.close();
    return twoKeys(path);
  });
  const { notes } = splitNotes(readFileSync(join(directory, 'checkpoints')), 'example.org/log');
  const texts = notes.map(({ note }) => note);
  const joined = (some: readonly string[]): Buffer => Buffer.from(some.join('\n'));
  const found = async (some: readonly string[]) => {
    const { code, file } = await tamper('checkpoints', () => joined(some));
    assert.equal(file, 'checkpoints');
    return code;
  };
  // The first is over no entries: the log was opened and closed once.
  const [, one = '', two = '', handover = '', after = ''] = texts;
  assert.deepEqual(
    notes.map(({ handsOver }) => handsOver),
    [false, false, false, true, false, false, false],
  );
  assert.equal(await found([...texts, texts.at(-1) ?? '']), 'checkpoint-replayed');
  assert.equal(await found([...texts.slice(0, 3), one, ...texts.slice(3)]), 'checkpoint-replayed');
  assert.equal(await found([two, one, ...texts.slice(3)]), 'checkpoint-replayed');
  // Back under the old key's hand, with its handover taken away.
  assert.equal(await found(texts.filter((text) => text !== handover)), 'foreign-key');
  assert.equal(await found([...texts, one]), 'foreign-key');
  // The old key signs on, as whoever stole it would.
  const { size, root } = openCheckpoint(handover, parseVerifier(publicKey));
  assert.equal(after.split('\n')[1], String(size + 1));
  const stolen = signCheckpoint(size + 1, root, parsePrivateKey(oldKey.trim())).note;
  assert.equal(await found([...texts.slice(0, 4), stolen]), 'foreign-key');
  const { signer } = generateSigner('example.org/log');
  const own = signHandover(size, root, parsePrivateKey(oldKey.trim()), signer);
  assert.equal(await found([one, two, own.note, ...texts.slice(4)]), 'foreign-key');
});

test('names a log forked by whoever has its key, by a checkpoint that was kept [audit.tampering, audit.known-checkpoint]', async (t) => {
  const original = scratch(t);
  const log = openLog(original, { checkpointMs: 0, now: () => 1000 });
  log.append({ form: 'one' });
  await log.checkpoint();
  const forked = join(scratch(t), 'log');
  copyLog(original, forked);
  rmSync(join(forked, 'lock'), { force: true });
  log.append({ form: 'two' });
  const { note } = await log.checkpoint();
  await log.close();
  const other = openLog(forked, { checkpointMs: 0, now: () => 1000 });
  other.append({ form: 'nothing happened' });
  await other.checkpoint();
  other.append({ form: 'three' });
  await other.close();
  assert.equal((await verifyLog(forked, log.publicKey)).problem, null);
  const same = (await verifyLog(forked, log.publicKey, { known: [note] })).problem;
  assert.equal(same?.code, 'forked', same?.reason);
  // The fork has no checkpoint at that size to compare with.
  const { notes } = splitNotes(readFileSync(join(forked, 'checkpoints')), 'sallyport/audit');
  writeFileSync(join(forked, 'checkpoints'), notes.at(-1)?.note ?? '');
  const tree = (await verifyLog(forked, log.publicKey, { known: [note] })).problem;
  assert.equal(tree?.code, 'forked', tree?.reason);
  assert.match(tree?.reason ?? '', /known checkpoint/);
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
  assert.equal((await verifyLog(directory, log.publicKey, { known })).problem?.code, 'cut-off');
  const forged = scratch(t);
  const own = openLog(forged, { checkpointMs: 0 });
  own.append({ form: 'else' });
  await own.close();
  const { problem } = await verifyLog(forged, log.publicKey);
  assert.deepEqual([problem?.file, problem?.offset, problem?.code], ['checkpoints', 0, 'foreign-key']);
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
