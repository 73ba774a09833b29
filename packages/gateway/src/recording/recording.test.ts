import assert from 'node:assert/strict';
import { readdirSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readLog } from '@sallyport/audit-log';
import { until } from '../../../../test/fixtures/until.ts';
import { Fault } from '../lib/fault.ts';
import {
  findRecording,
  listRecordings,
  type RecordedEvent,
  readRecording,
  verifyRecordings,
} from './index.ts';
import type { RecordedOperation } from './recording.ts';
import { done, header, operation, tryOut } from './try-out.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Events without their times, replies of one operation put together. */
function eventsOf(path: string): unknown[] {
  return [...readRecording(path)].map((event) => {
    const { at: _, ...rest } = event as RecordedEvent & { at?: number };
    return rest;
  });
}

test('reads back a session as it was recorded [recording.round-trip]', async (t) => {
  const { recorder, audit, directory, auditDirectory, close } = tryOut(t);
  const recording = recorder.begin(header('s1'));
  const first = operation('SELECT 1', { parameters: [null, Buffer.from('x'), Buffer.alloc(0)] });
  const second = operation('SELECT \u20ac', {
    effect: 'deny',
    reason: 'no',
    requestId: 'r1',
    heldMs: 12,
    obligations: [],
  });
  const tape = recording.operation(first);
  const other = recording.operation(second);
  tape.reply(Buffer.from('__hello__'), 2, 7);
  recording.note('held \u001b[31m');
  tape.end(done);
  tape.end(done);
  tape.reply(Buffer.from('late'), 0, 4);
  other.end({ outcome: 'skipped', rows: null, bytes: 0, status: '42501' });
  // Flushed by the timer, so the next operation is in another chunk.
  await until('the chunk behind that of the header', () => audit.size === 2);
  recording.operation(first).end(done);
  await recording.end('the client left');
  assert.equal(recording.failed, false);
  const whole = { textLeftOut: 0, parametersLeftOut: 0 };
  assert.deepEqual(eventsOf(join(directory, '2026-01-02', 's1.rec')), [
    { kind: 'header', header: header('s1') },
    { kind: 'operation', number: 1, operation: first, ...whole },
    { kind: 'operation', number: 2, operation: second, ...whole },
    { kind: 'reply', number: 1, bytes: Buffer.from('hello') },
    { kind: 'note', text: 'held \u001b[31m' },
    { kind: 'result', number: 1, result: done },
    { kind: 'result', number: 2, result: { outcome: 'skipped', rows: null, bytes: 0, status: '42501' } },
    { kind: 'operation', number: 3, operation: first, ...whole },
    { kind: 'result', number: 3, result: done },
    { kind: 'end', reason: 'the client left', operations: 3 },
  ]);
  assert.deepEqual(
    [...listRecordings(directory)].map(({ file }) => file),
    ['2026-01-02/s1.rec'],
  );
  assert.equal(findRecording(directory, 's1'), join(directory, '2026-01-02', 's1.rec'));
  await close();
  assert.deepEqual(await verifyRecordings(directory, readLog(auditDirectory)), {
    problems: [],
    recordings: 1,
    chunks: 3,
    deleted: [],
    unfinished: [],
  });
});

test('reads back operations and replies that span many buffers, of many sessions at once [recording.round-trip]', async (t) => {
  const { recorder, directory, auditDirectory, close } = tryOut(t, { replyBytesPerOperation: 1_000_000 });
  const sessions = Array.from({ length: 20 }, (_, i) => ({
    name: `s${i}`,
    recording: recorder.begin(header(`s${i}`)),
  }));
  const sent = new Map<string, { operations: RecordedOperation[]; replies: Buffer[] }>();
  for (const { name } of sessions) sent.set(name, { operations: [], replies: [] });
  for (let round = 0; round < 12; round++) {
    for (const [i, { name, recording }] of sessions.entries()) {
      const op = operation(`${name} ${'\u20ac'.repeat(round * 3000)}`, {
        parameters: [Buffer.alloc(round * 5000, i)],
      });
      const reply = Buffer.alloc(round * 10_000 + i, `${name}|`);
      const tape = recording.operation(op);
      for (let at = 0; at < reply.length; at += 3001)
        tape.reply(reply, at, Math.min(at + 3001, reply.length));
      tape.end({ ...done, bytes: reply.length });
      sent.get(name)?.operations.push(op);
      sent.get(name)?.replies.push(reply);
    }
    await pause(1);
  }
  await close();
  for (const { name } of sessions) {
    const operations: RecordedOperation[] = [];
    const replies: Buffer[] = [];
    for (const event of readRecording(findRecording(directory, name) ?? '')) {
      if (event.kind === 'operation') replies[operations.push(event.operation) - 1] = Buffer.alloc(0);
      if (event.kind === 'reply')
        replies[event.number - 1] = Buffer.concat([
          replies[event.number - 1] ?? Buffer.alloc(0),
          event.bytes,
        ]);
    }
    assert.deepEqual(operations, sent.get(name)?.operations);
    assert.deepEqual(replies, sent.get(name)?.replies);
  }
  const report = await verifyRecordings(directory, readLog(auditDirectory));
  assert.deepEqual([report.problems, report.unfinished], [[], []]);
});

test('says how much of a reply and of an operation was left out [recording.bounded-reply]', async (t) => {
  const { recorder, directory, close } = tryOut(t, { replyBytesPerOperation: 10, operationBytes: 1024 });
  const recording = recorder.begin(header('s1'));
  const tape = recording.operation(
    operation('x'.repeat(10_000), { parameters: [Buffer.alloc(1000, 1), Buffer.alloc(100, 2)] }),
  );
  tape.reply(Buffer.from('12345678'), 0, 8);
  tape.reply(Buffer.from('abcdef'), 0, 6);
  tape.reply(Buffer.from('ghi'), 0, 3);
  tape.end(done);
  await close();
  const [, op, reply, more, truncated] = [...readRecording(findRecording(directory, 's1') ?? '')];
  assert.ok(op?.kind === 'operation');
  assert.deepEqual([op.operation.text.length, op.textLeftOut, op.parametersLeftOut], [341, 9659, 76]);
  assert.ok(reply?.kind === 'reply' && more?.kind === 'reply' && truncated?.kind === 'reply-truncated');
  assert.deepEqual([String(reply.bytes), String(more.bytes), truncated.leftOut], ['12345678', 'ab', 7]);
});

test('stops at the limit of a recording, says so, and still ends it [recording.bounded]', async (t) => {
  const { recorder, directory, auditDirectory, close } = tryOut(t, { recordingBytes: 100_000 });
  const recording = recorder.begin(header('s1'));
  for (let i = 0; i < 50; i++) {
    const tape = recording.operation(operation(`SELECT ${i}`));
    tape.reply(Buffer.alloc(5000), 0, 5000);
    tape.end(done);
  }
  await close();
  const path = findRecording(directory, 's1') ?? '';
  const kinds = [...readRecording(path)].map(({ kind }) => kind);
  assert.deepEqual(kinds.slice(-2), ['truncated', 'end']);
  assert.ok(statSync(path).size < 101_000);
  assert.deepEqual((await verifyRecordings(directory, readLog(auditDirectory))).problems, []);
});

test('counts replies instead of holding them when the disk does not keep up [recording.bounded]', async (t) => {
  const { recorder, directory, close } = tryOut(t, {
    pendingBytes: 1024 * 1024,
    replyBytesPerOperation: 60_000,
  });
  const recording = recorder.begin(header('s1'));
  // All in one turn of the loop: nothing can be written meanwhile.
  for (let i = 0; i < 100; i++) {
    const tape = recording.operation(operation(`SELECT ${i}`));
    tape.reply(Buffer.alloc(60_000), 0, 60_000);
    tape.end(done);
  }
  await close();
  assert.equal(recording.failed, false);
  const events = [...readRecording(findRecording(directory, 's1') ?? '')];
  assert.equal(events.filter(({ kind }) => kind === 'operation').length, 100);
  assert.ok(events.some(({ kind }) => kind === 'reply-truncated'));
});

test('does not start a session that it cannot record [recording.fails-closed]', async (t) => {
  const { recorder, directory, audit, close } = tryOut(t);
  const unavailable = (error: unknown): boolean =>
    error instanceof Fault && error.code === 'recording-unavailable';
  writeFileSync(directory, 'a file where the folder should be');
  assert.throws(() => recorder.begin(header('s1')), unavailable);
  rmSync(directory);
  const recording = recorder.begin(header('s1'));
  assert.throws(() => recorder.begin(header('s1')), unavailable);
  await recording.end('');
  await audit.close();
  // Without a log to put the first hash in there is no recording either, and no file of one.
  assert.throws(
    () => recorder.begin(header('s2')),
    (error: unknown) => error instanceof Fault && error.code === 'audit-unavailable',
  );
  assert.deepEqual(readdirSync(join(directory, '2026-01-02')), ['s1.rec']);
  await close();
});

test('marks a recording whose bytes or hashes cannot be written as failed [recording.fails-closed]', async (t) => {
  const { recorder, audit } = tryOut(t);
  const recording = recorder.begin(header('s1'));
  await audit.close();
  recording.operation(operation('SELECT 1')).end(done);
  while (!recording.failed) await pause(5);
  recording.operation(operation('SELECT 2')).end(done);
  assert.equal(await recording.recover(), false);
  const ended = assert.rejects(
    recording.end('over'),
    (error: unknown) => error instanceof Fault && error.code === 'recording-unavailable',
  );
  await recorder.close();
  await ended;
});

test('keeps no file open for a session that is quiet, and goes on when it is not [recording.idle]', async (t) => {
  const { recorder, directory, auditDirectory, close } = tryOut(t);
  const recording = recorder.begin(header('s1'));
  const openFiles = (): number => {
    let count = 0;
    for (const fd of readdirSync('/proc/self/fd')) {
      const link = linkOf(fd);
      if (link.startsWith(directory)) count += 1;
    }
    return count;
  };
  recording.operation(operation('SELECT 1')).end(done);
  while (openFiles() > 0) await pause(10);
  recording.operation(operation('SELECT 2')).end(done);
  await pause(50);
  assert.equal(openFiles(), 1);
  await close();
  assert.equal(openFiles(), 0);
  assert.deepEqual((await verifyRecordings(directory, readLog(auditDirectory))).problems, []);
});

test('takes no session id for a path [recording.names]', async (t) => {
  const { recorder, directory, close } = tryOut(t);
  for (const id of ['', '..', '../s', 'a/b', 'a\0', 'x'.repeat(129)]) {
    assert.throws(() => recorder.begin(header(id)), Fault);
    assert.equal(findRecording(directory, id), null);
  }
  await close();
});

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}
