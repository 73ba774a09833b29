import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { readLog } from '@sallyport/audit-log';
import { frameForm, frameHeadBytes, magic, maxFrameBytes } from './format.ts';
import { putFrameHead } from './frame.ts';
import { findRecording, readRecording, verifyRecordings } from './index.ts';
import { done, header, operation, tryOut } from './try-out.ts';

test('compresses what is worth it, and reads it back as it was [recording.compressed]', async (t) => {
  const sizes: number[] = [];
  for (const compression of ['zstd', 'none'] as const) {
    const { recorder, directory, auditDirectory, close } = tryOut(t, { compression });
    const recording = recorder.begin(header('s1'));
    for (let n = 0; n < 300; n++) {
      const tape = recording.operation(operation(`SELECT ${n} FROM customers`));
      tape.reply(Buffer.from('row of a table '.repeat(60)), 0, 900);
      tape.end(done);
    }
    await recording.end('over');
    await close();
    const path = findRecording(directory, 's1') ?? '';
    sizes.push(statSync(path).size);
    const texts = [...readRecording(path)].flatMap((event) =>
      event.kind === 'operation' ? [event.operation.text] : [],
    );
    assert.deepEqual(
      texts,
      Array.from({ length: 300 }, (_, n) => `SELECT ${n} FROM customers`),
    );
    assert.deepEqual((await verifyRecordings(directory, readLog(auditDirectory))).problems, []);
  }
  const [packed = 0, plain = 0] = sizes;
  assert.ok(packed * 4 < plain, `${packed} of ${plain}`);
});

test('reads a recording from before there were frames [recording.compressed]', (t) => {
  const path = fileOf(t, Buffer.from(OF_VERSION_1, 'base64'));
  assert.deepEqual(
    [...readRecording(path)].map(({ kind }) => kind),
    ['header', 'operation', 'reply', 'result', 'operation', 'result', 'end'],
  );
});

test('gives a reader no more of a hostile frame than its head says [recording.hostile-file]', (t) => {
  const bomb = zstdCompressSync(Buffer.alloc(80 * 1024 * 1024));
  // RFC 8878: no content size, a window of 128 MiB, one last block of 1000 times the same byte.
  const wide = Buffer.from('28b52ffd0088431f0078', 'hex');
  const frames: readonly (readonly [number, number, number, Buffer])[] = [
    [frameForm.zstd, 100, bomb.length, bomb],
    [frameForm.zstd, maxFrameBytes, bomb.length, bomb],
    [frameForm.zstd, maxFrameBytes + 1, bomb.length, bomb],
    [frameForm.zstd, 2 ** 32 - 1, bomb.length, bomb],
    [frameForm.zstd, 1000, wide.length, wide],
    [frameForm.plain, 100, 50, Buffer.alloc(100)],
    [frameForm.plain, 2 ** 32 - 1, 2 ** 32 - 1, Buffer.alloc(100)],
    [7, 100, 100, Buffer.alloc(100)],
    [frameForm.zstd, 100, 50, Buffer.alloc(100, 0xff)],
  ];
  for (const [form, plain, stored, bytes] of frames) {
    const head = Buffer.alloc(frameHeadBytes);
    putFrameHead(head, form, plain, stored);
    const before = process.memoryUsage.rss();
    const events = [...readRecording(fileOf(t, Buffer.concat([magic, head, bytes])))];
    assert.deepEqual([events.length, events[0]?.kind], [1, 'unfinished']);
    assert.ok(process.memoryUsage.rss() - before < 200 * 1024 * 1024);
  }
});

test('an empty frame, and one that ends within an event, are no endless ones [recording.hostile-file]', (t) => {
  const empty = Buffer.alloc(frameHeadBytes);
  putFrameHead(empty, frameForm.plain, 0, 0);
  assert.deepEqual([...readRecording(fileOf(t, Buffer.concat([magic, ...Array(1000).fill(empty)])))], []);
  const cut = Buffer.alloc(frameHeadBytes + 7);
  putFrameHead(cut, frameForm.plain, 7, 7);
  cut.writeUInt32LE(9, frameHeadBytes);
  assert.equal([...readRecording(fileOf(t, Buffer.concat([magic, cut])))].at(-1)?.kind, 'unfinished');
});

function fileOf(t: TestContext, bytes: Uint8Array): string {
  const root = mkdtempSync(join(tmpdir(), 'sallyport-recording-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const path = join(root, 'a.rec');
  writeFileSync(path, bytes);
  assert.equal(readFileSync(path).length, bytes.length);
  return path;
}

/** A session of two statements as 0.1 recorded it. */
const OF_VERSION_1 =
  'c2FsbHlwb3J0IHJlY29yZGluZyAxCjEBAAABAAAAAAAAAAB7InNlc3Npb25JZCI6InMxIiwic3RhcnRlZEF0IjoxNzY3MzIzMDQ1' +
  'MDAwLCJpZGVudGl0eSI6eyJzdWJqZWN0IjoibWFpbnwxIiwiZGlzcGxheU5hbWUiOiJhZ2VudCDigK4gb3BlcmF0b3IiLCJncm91' +
  'cHMiOlsiYWdlbnRzIl0sImFjdG9yIjoiYWdlbnQtNyIsInRhc2siOm51bGwsImtpbmQiOiJtYWNoaW5lIiwiZXhwaXJlc0F0Ijox' +
  'LCJhbGlhc2VzIjpbIm1haW58MSJdfSwidGFyZ2V0Ijoic2hvcCIsImZhY2V0Ijoic2hvcCIsInByb3RvY29sIjoicG9zdGdyZXMi' +
  'LCJjbGllbnQiOiJwc3FsIiwic2FsdCI6IjAwZmYifXgAAAACDAAAAAEAAAAAAAAAAAAAAAACAAAAZTEAAAAAAAAAAAAAAAAIAAAA' +
  'U0VMRUNUIDEAAAAACQAAAFNFTEVDVCAkMQEABAByZWFkAAAAAAIAAAB2MQAAAAAAAAAAAQAEAG1hc2sCAAAAAQAAAAEAAAB4////' +
  '/wAAAAAOAAAAAw0AAAABAAAAaGVsbG8qAAAABRkAAAABAAAAAAAAAAAAAPA/AAAAAAAAFEAAAAAACAAAAFNFTEVDVCAxJAAAAAIZ' +
  'AAAAAgAAAD8AAAAAAAAAAAIAAABlMQAAAAAAAAAAAAAAACoAAAAFGQAAAAIAAAAAAAAAAAAA8D8AAAAAAAAUQAAAAAAIAAAAU0VM' +
  'RUNUIDEpAAAACBkAAAAAAAAAeyJyZWFzb24iOiJvdmVyIiwib3BlcmF0aW9ucyI6Mn0=';
