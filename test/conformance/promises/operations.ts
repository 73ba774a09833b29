import assert from 'node:assert/strict';
import { assertRefused, assertReply, eventually, names, sessionsStarted, textOf } from '../probes.ts';
import type { PromiseTest } from '../world.ts';

/** What happens to operations that need no people. */
export function operations(test: PromiseTest): void {
  decisions(test);
  log(test);
  replies(test);
}

function decisions(test: PromiseTest): void {
  test('a permitted operation runs once and its reply reaches the client [conformance.read]', async ({
    fixture,
    gateway,
    arrived,
    credential,
  }) => {
    const client = await fixture.connect(gateway.port, credential);
    assertReply(await client.run('read'), /harmless/);
    assertReply(await client.run('read'), /harmless/);
    assert.deepEqual(names(arrived), ['read', 'read']);
    assert.equal(sessionsStarted(gateway), 1);
    client.disconnect();
    await eventually('the session is over', () => gateway.sessions === 0);
  });

  test('a forbidden operation is refused with reason, evaluation id and hint, and the session goes on [conformance.forbidden]', async ({
    fixture,
    gateway,
    arrived,
    credential,
  }) => {
    const client = await fixture.connect(gateway.port, credential);
    const answer = await client.run('forbidden');
    assertRefused(answer, /the policy forbids it/);
    assert.match(answer.text, /forbid-it/);
    assert.ok(answer.hint.length > 0);
    assert.ok(
      gateway.audit.some((entry) => entry.effect === 'deny' && entry.evaluationId === answer.evaluationId),
      'the evaluation id names an entry of the log',
    );
    assertReply(await client.run('read'), /harmless/);
    assert.deepEqual(names(arrived), ['read']);
    assert.equal(sessionsStarted(gateway), 1);
  });

  test('an operation whose effect cannot be told is refused, saying why [conformance.undetermined]', async ({
    fixture,
    gateway,
    arrived,
    credential,
  }) => {
    const client = await fixture.connect(gateway.port, credential);
    assertRefused(await client.run('undetermined'), /cannot be determined/);
    assertReply(await client.run('read'), /harmless/);
    assert.deepEqual(names(arrived), ['read']);
  });
}

function log(test: PromiseTest): void {
  test('the decision to permit is in the log before the operation reaches the target [conformance.entry-first]', async ({
    fixture,
    gateway,
    arrived,
    credential,
  }) => {
    const client = await fixture.connect(gateway.port, credential);
    for (let count = 0; count < 5; count += 1) await client.run('read');
    assert.equal(arrived.length, 5);
    for (const [index, { permitsBefore }] of arrived.entries()) assert.ok(permitsBefore > index);
  });

  test('while the log cannot be written every operation is denied and none forwarded [conformance.audit-failure]', async ({
    fixture,
    gateway,
    arrived,
    credential,
  }) => {
    const client = await fixture.connect(gateway.port, credential);
    assertReply(await client.run('read'), /harmless/);
    gateway.failAudit(true);
    assertRefused(await client.run('read'), /audit log/);
    assertRefused(await client.run('forbidden'), /./);
    gateway.failAudit(false);
    assertReply(await client.run('read'), /harmless/);
    assert.deepEqual(names(arrived), ['read', 'read']);
  });
}

function replies(test: PromiseTest): void {
  test('a classified value is masked in the reply, and the recording is what the client saw [conformance.masked]', async ({
    fixture,
    gateway,
    credential,
  }) => {
    const client = await fixture.connect(gateway.port, credential);
    const answer = await client.run('masked');
    assertReply(answer, /harmless/);
    assert.ok(!answer.text.includes(fixture.secret), 'the reply does not hold the value');
    await eventually('the reply is recorded', () => gateway.recordings.some(({ result }) => result !== null));
    const recorded = gateway.recordings.find(({ result }) => result?.outcome === 'completed');
    assert.ok(recorded !== undefined && !recorded.reply.includes(fixture.secret));
    const shown = fixture.protocol.transcribe(recorded.reply).flatMap(textOf).join('\n');
    for (const line of answer.text.split('\n'))
      assert.ok(shown.includes(line), `the recording holds ${line}`);
  });
}
