import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerOf, serialise, violationProblem } from './problem.ts';
import { transcribe } from './transcript.ts';

test('a recorded reply is shown as its status, its fields and its body [conformance.transcribe]', () => {
  const body = Buffer.from('{"a":\n1}');
  const reply = serialise({ status: 200, headers: [['content-type', 'application/json']], body }, false);
  assert.deepEqual(transcribe(reply), [
    { kind: 'complete', text: '200 OK' },
    { kind: 'notice', text: 'content-type: application/json' },
    { kind: 'notice', text: 'content-length: 8' },
    { kind: 'text', text: '{"a":' },
    { kind: 'text', text: '1}' },
  ]);
  assert.equal(transcribe(serialise(answerOf(violationProblem(400, 'no')), false))[0]?.kind, 'error');
});

test('a long or broken recording is shown as far as it goes [conformance.transcribe]', () => {
  assert.deepEqual(transcribe(Buffer.alloc(0)), []);
  assert.equal(transcribe(Buffer.from('\xff\xfe garbage', 'latin1'))[0]?.kind, 'text');
  const many = transcribe(Buffer.from(`HTTP/1.1 200 OK\r\n\r\n${'x\n'.repeat(10_000)}`));
  assert.ok(many.length < 600);
  assert.ok(
    transcribe(Buffer.from(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(1_000_000)}`)).every(
      ({ kind, ...rest }) => kind === 'complete' || JSON.stringify(rest).length < 5_000,
    ),
  );
});
