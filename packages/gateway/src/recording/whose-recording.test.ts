import assert from 'node:assert/strict';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findRecording } from './index.ts';
import { header, tryOut } from './try-out.ts';
import { whoseRecordingAt } from './whose-recording.ts';

test('an entry about a recording says whose it is, and no more than its id where that cannot be told [recording.whose]', async (t) => {
  const { recorder, directory, close } = tryOut(t);
  const recording = async (id: string, changes: object = {}) => {
    await recorder.begin({ ...header(id), ...changes }).end('over');
    return findRecording(directory, id) ?? assert.fail(id);
  };
  const whole = await recording('s1');
  const whose = { subject: 'main|1', actor: 'agent-7', task: null, target: 'shop', protocol: 'postgres' };
  assert.deepEqual(whoseRecordingAt(whole, 's1'), { sessionId: 's1', ...whose });
  // What stands in it under another name is not believed about the id.
  assert.equal(whoseRecordingAt(whole, 's2').sessionId, 's2');
  // A text that would make an entry too large, or a file that is none, is no reason not to write one.
  const long = await recording('s3', { target: 'x'.repeat(5_000) });
  assert.deepEqual(whoseRecordingAt(long, 's3'), { sessionId: 's3' });
  const bytes = readFileSync(whole);
  for (let end = 0; end < bytes.length; end += 7) {
    truncateSync(long, 0);
    writeFileSync(long, bytes.subarray(0, end));
    const { sessionId } = whoseRecordingAt(long, 's3');
    assert.equal(sessionId, 's3');
  }
  for (let at = 0; at < bytes.length; at += 5) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 0x55;
    writeFileSync(long, changed);
    assert.equal(whoseRecordingAt(long, 's3').sessionId, 's3');
  }
  assert.deepEqual(whoseRecordingAt(join(directory, 'none.rec'), 's4'), { sessionId: 's4' });
  await close();
});
