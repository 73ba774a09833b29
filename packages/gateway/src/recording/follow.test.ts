import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { findRecording, followRecording } from './index.ts';
import { done, header, operation, tryOut } from './try-out.ts';

const nobody = () => undefined;

test('gives what is recorded while it is read, and ends with the session [recording.follow]', async (t) => {
  const { recorder, directory, close } = tryOut(t);
  const recording = recorder.begin(header('s1'));
  const path = findRecording(directory, 's1') ?? '';
  const following = followRecording(path, nobody, {
    isOpen: () => recorder.isOpen('s1'),
    until: Number.POSITIVE_INFINITY,
    now: Date.now,
    pause,
  });
  const next = async () => (await following.next()).value ?? undefined;
  assert.equal((await next())?.kind, 'header');
  for (let n = 1; n <= 3; n++) {
    recording.operation(operation(`SELECT ${n}`)).end(done);
    const event = await next();
    assert.ok(event?.kind === 'operation' && event.operation.text === `SELECT ${n}`);
    assert.equal((await next())?.kind, 'result');
  }
  await recording.end('over');
  assert.equal((await next())?.kind, 'end');
  assert.equal((await following.next()).done, true);
  await close();
});

test('waits for the rest of a chunk, and stops where the gateway was killed or the time is over [recording.follow]', async (t) => {
  const { recorder, directory, close } = tryOut(t);
  const recording = recorder.begin(header('s1'));
  recording.operation(operation('SELECT 1')).end(done);
  await recording.end('over');
  await close();
  const path = findRecording(directory, 's1') ?? '';
  const whole = readFileSync(path);
  const cut = whole.length - 20;
  writeFileSync(path, whole.subarray(0, cut));
  const kindsOf = async (isOpen: () => boolean, until: number, atPause: () => void = () => undefined) => {
    const kinds: (string | null)[] = [];
    const waiting = async () => atPause();
    for await (const event of followRecording(path, nobody, { isOpen, until, now: Date.now, pause: waiting }))
      kinds.push(event?.kind ?? null);
    return kinds;
  };
  assert.equal((await kindsOf(() => false, Number.POSITIVE_INFINITY)).at(-1), 'unfinished');
  assert.equal((await kindsOf(() => true, 0)).at(-1), 'unfinished');
  let looks = 0;
  const kinds = await kindsOf(
    () => true,
    Number.POSITIVE_INFINITY,
    () => {
      looks += 1;
      if (looks === 400) appendFileSync(path, whole.subarray(cut));
    },
  );
  assert.deepEqual(kinds.filter((kind) => kind === null).length, 2, 'says that it is still there');
  assert.equal(kinds.at(-1), 'end');
});
