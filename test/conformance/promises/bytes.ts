import assert from 'node:assert/strict';
import { assertRefused, assertReply, eventually, names, violations, within } from '../probes.ts';
import { batches, randomOf, sendAndDrain, talk } from '../raw-clients.ts';
import type { PromiseTest } from '../world.ts';

/** Messages of either side that are too large, broken, cut or not the protocol. */
export function bytes(test: PromiseTest): void {
  fromTheClient(test);
  cutAnywhere(test);
  fromTheTarget(test);
}

function fromTheClient(test: PromiseTest): void {
  test('a message over its limit is refused with the name of the limit, and not forwarded [conformance.oversized]', async ({
    fixture,
    gateway,
    arrived,
    credential,
  }) => {
    const client = await fixture.connect(gateway.port, credential);
    assertRefused(await client.run('oversized'), /limit|[a-z]+Bytes/);
    assert.deepEqual(names(arrived), []);
    const other = await fixture.connect(gateway.port, credential);
    assertReply(await other.run('read'), /harmless/);
  });

  test('bytes that are not the protocol end that connection, are recorded, and disturb no other [conformance.garbage]', async ({
    fixture,
    gateway,
    arrived,
    credential,
  }) => {
    const other = await fixture.connect(gateway.port, credential);
    assertReply(await other.run('read'), /harmless/);
    for (const { name, bytes } of fixture.garbage) {
      const before = violations(gateway);
      await within(`the connection that sent ${name} is closed`, sendAndDrain(gateway.port, [bytes]));
      await eventually(`${name} is recorded`, () => violations(gateway) > before);
    }
    assertReply(await other.run('read'), /harmless/);
    assert.deepEqual(names(arrived), ['read', 'read']);
  });
}

function cutAnywhere(test: PromiseTest): void {
  test('a conversation that stops after any byte leaves nothing open [conformance.truncated]', async ({
    fixture,
    gateway,
    arrived,
    credential,
  }) => {
    const sent = fixture.conversation.sent(credential);
    const socketsOf = Array.from({ length: sent.length - 1 }, (_, cut) => sent.subarray(0, cut + 1));
    for (const batch of batches(socketsOf, 50)) {
      const ends = batch.map((bytes) => sendAndDrain(gateway.port, [bytes], true));
      await within('every connection is closed', Promise.all(ends));
    }
    await eventually('no session is open', () => gateway.sessions === 0);
    assert.deepEqual(names(arrived), []);
  });

  test('a conversation that arrives split at any byte is understood as one that does not [conformance.split]', async ({
    fixture,
    gateway,
    arrived,
    credential,
  }) => {
    const sent = fixture.conversation.sent(credential);
    const cuts = Array.from({ length: sent.length - 1 }, (_, at) => at + 1);
    for (const batch of batches(cuts, 50)) {
      const talks = batch.map((cut) =>
        talk(gateway.port, [sent.subarray(0, cut), sent.subarray(cut)], fixture),
      );
      await within('every reply is complete', Promise.all(talks));
    }
    await within(
      'byte by byte',
      talk(
        gateway.port,
        [...sent].map((byte) => Buffer.of(byte)),
        fixture,
      ),
    );
    assert.equal(arrived.length, sent.length);
    assert.equal(violations(gateway), 0);
  });
}

function fromTheTarget(test: PromiseTest): void {
  test('a target that breaks off in the middle of a reply is a clean error for the client [conformance.interrupted]', async ({
    fixture,
    gateway,
    credential,
  }) => {
    const client = await fixture.connect(gateway.port, credential);
    assertRefused(await client.run('interrupted'), /target/);
    await eventually('the session is over', () => gateway.sessions === 0);
    const other = await fixture.connect(gateway.port, credential);
    assertReply(await other.run('read'), /harmless/);
  });

  test('a target that does not speak the protocol is a clean error, and nothing of it is delivered [conformance.hostile-target]', async ({
    fixture,
    gateway,
    credential,
  }) => {
    const client = await fixture.connect(gateway.port, credential);
    assertRefused(await client.run('hostile'), /target/);
    const other = await fixture.connect(gateway.port, credential);
    assertReply(await other.run('read'), /harmless/);
  });

  test('showing a recorded reply never throws, whatever bytes it holds [conformance.transcribe]', async ({
    fixture,
    gateway,
    credential,
  }) => {
    const client = await fixture.connect(gateway.port, credential);
    assertReply(await client.run('masked'), /harmless/);
    await eventually('the reply is recorded', () => gateway.recordings.some(({ result }) => result !== null));
    const genuine = gateway.recordings.find(({ reply }) => reply.length > 0)?.reply ?? Buffer.alloc(0);
    const seed = process.env.SALLYPORT_SEED ?? String(Date.now());
    const random = randomOf(Number(seed));
    for (let round = 0; round < 500; round += 1) {
      const bytes = Buffer.from(genuine.subarray(0, random(genuine.length + 1)));
      for (let change = random(8); change > 0 && bytes.length > 0; change -= 1)
        bytes[random(bytes.length)] = random(256);
      const shown = fixture.protocol.transcribe(bytes);
      assert.ok(
        Array.isArray(shown) && shown.length <= bytes.length + 1,
        `SALLYPORT_SEED=${seed} round ${round}`,
      );
    }
  });
}
