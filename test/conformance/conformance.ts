import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as dial } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientAnswer, ConformancePromise, OperationName, ProtocolFixture } from './fixture.ts';
import { type GatewayUnderTest, startGateway } from './gateway-under-test.ts';

/** One gateway with one real target behind it, and what arrived there. */
interface World {
  readonly fixture: ProtocolFixture;
  readonly gateway: GatewayUnderTest;
  readonly arrived: { readonly name: OperationName; readonly permitsBefore: number }[];
  readonly credential: { readonly token: string; readonly target: string };
  close(): Promise<void>;
}

type Check = (world: World) => Promise<void>;

/** Longest time for something that must happen by itself. */
const PATIENCE_MS = 5_000;

/** Proves every promise of the suite for one protocol, through a real client, the data path and a real server. */
export function conformance(name: string, makeFixture: () => ProtocolFixture): void {
  describe(`the ${name} protocol`, () => {
    for (const [promise, { title, check }] of Object.entries(checks) as [ConformancePromise, Promised][]) {
      const reason = makeFixture().cannot[promise];
      if (reason !== undefined) {
        test(`${name} cannot do this, and says why: ${title} [${promise}]`, () =>
          assert.ok(reason.length > 20));
        continue;
      }
      test(`${name}: ${title} [${promise}]`, { timeout: 60_000 }, async () => {
        const world = await start(makeFixture());
        try {
          await check(world);
        } finally {
          await world.close();
        }
      });
    }
  });
}

async function start(fixture: ProtocolFixture): Promise<World> {
  const arrived: World['arrived'] = [];
  let gateway: GatewayUnderTest | null = null;
  const permits = (): number => operationPermits(gateway?.audit ?? []);
  const target = await fixture.startTarget((name) => arrived.push({ name, permitsBefore: permits() }));
  const { protocol, limits } = fixture;
  const started = await startGateway({
    ...{ protocol, targets: [target.config], rule: (evaluation) => fixture.rule(evaluation) },
    ...(limits === undefined ? {} : { limits }),
  });
  gateway = started;
  return {
    ...{ fixture, gateway: started, arrived, credential: { token: started.token, target: 'target' } },
    async close() {
      await started.close();
      await target.close();
    },
  };
}

interface Promised {
  readonly title: string;
  readonly check: Check;
}

const checks: Readonly<Record<ConformancePromise, Promised>> = {
  'conformance.read': {
    title: 'a permitted operation runs once and its reply reaches the client',
    async check({ fixture, gateway, arrived, credential }) {
      const client = await fixture.connect(gateway.port, credential);
      assertReply(await client.run('read'), /harmless/);
      assertReply(await client.run('read'), /harmless/);
      assert.deepEqual(names(arrived), ['read', 'read']);
      assert.equal(sessionsStarted(gateway), 1);
      client.disconnect();
      await eventually('the session is over', () => gateway.sessions === 0);
    },
  },
  'conformance.forbidden': {
    title: 'a forbidden operation is refused with reason, evaluation id and hint, and the session goes on',
    async check({ fixture, gateway, arrived, credential }) {
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
    },
  },
  'conformance.undetermined': {
    title: 'an operation whose effect cannot be told is refused, saying why',
    async check({ fixture, gateway, arrived, credential }) {
      const client = await fixture.connect(gateway.port, credential);
      assertRefused(await client.run('undetermined'), /cannot be determined/);
      assertReply(await client.run('read'), /harmless/);
      assert.deepEqual(names(arrived), ['read']);
    },
  },
  'conformance.entry-first': {
    title: 'the decision to permit is in the log before the operation reaches the target',
    async check({ fixture, gateway, arrived, credential }) {
      const client = await fixture.connect(gateway.port, credential);
      for (let count = 0; count < 5; count += 1) await client.run('read');
      assert.equal(arrived.length, 5);
      for (const [index, { permitsBefore }] of arrived.entries()) assert.ok(permitsBefore > index);
    },
  },
  'conformance.unauthenticated': {
    title: 'a bad credential is refused in the protocol’s own frame, and recorded',
    async check({ fixture, gateway, arrived, credential }) {
      for (const token of [gateway.badToken, '']) {
        const client = await fixture.connect(gateway.port, { ...credential, token });
        assert.equal((await client.run('read')).kind, 'refused');
        await within('the connection is closed', client.closed);
      }
      assert.equal(gateway.audit.filter(({ type }) => type === 'authentication-failed').length, 2);
      assert.deepEqual(names(arrived), []);
      assert.equal(sessionsStarted(gateway), 0);
    },
  },
  'conformance.unknown-target': {
    title: 'a target that does not exist is refused in the protocol’s own frame, and recorded',
    async check({ fixture, gateway, arrived, credential }) {
      const client = await fixture.connect(gateway.port, { ...credential, target: 'elsewhere' });
      assertRefused(await client.run('read'), /elsewhere/);
      await within('the connection is closed', client.closed);
      assert.ok(gateway.audit.some(({ effect, target }) => effect === 'deny' && target === 'elsewhere'));
      assert.deepEqual(names(arrived), []);
    },
  },
  'conformance.approved-once': {
    title: 'a held operation that is approved runs exactly once',
    async check({ fixture, gateway, arrived, credential }) {
      const client = await fixture.connect(gateway.port, credential);
      const running = client.run('write');
      const request = await within('the operation is held', gateway.held());
      assert.deepEqual(names(arrived), []);
      request.approve();
      assert.equal((await running).kind, 'reply');
      assert.deepEqual(names(arrived), ['write']);
      // The approval was used up: the same again asks again.
      const again = client.run('write');
      (await within('it is held again', gateway.held())).deny('once is enough');
      assert.equal((await again).kind, 'refused');
      assert.deepEqual(names(arrived), ['write']);
    },
  },
  'conformance.denied': {
    title: 'a held operation that is denied is refused with the reason and never runs',
    async check({ fixture, gateway, arrived, credential }) {
      const client = await fixture.connect(gateway.port, credential);
      const running = client.run('write');
      (await within('the operation is held', gateway.held())).deny('not on a Friday');
      assertRefused(await running, /not on a Friday/);
      assertReply(await client.run('read'), /harmless/);
      assert.deepEqual(names(arrived), ['read']);
    },
  },
  'conformance.disconnect-cancels': {
    title: 'a client that goes away cancels its access request',
    async check({ fixture, gateway, arrived, credential }) {
      const client = await fixture.connect(gateway.port, credential);
      const running = client.run('write');
      const request = await within('the operation is held', gateway.held());
      client.disconnect();
      await running;
      await eventually('the request is cancelled', () => gateway.endings.get(request.id) === 'cancelled');
      request.approve();
      await eventually('the session is over', () => gateway.sessions === 0);
      assert.deepEqual(names(arrived), []);
    },
  },
  'conformance.audit-failure': {
    title: 'while the log cannot be written every operation is denied and none forwarded',
    async check({ fixture, gateway, arrived, credential }) {
      const client = await fixture.connect(gateway.port, credential);
      assertReply(await client.run('read'), /harmless/);
      gateway.failAudit(true);
      assertRefused(await client.run('read'), /audit log/);
      assertRefused(await client.run('forbidden'), /./);
      gateway.failAudit(false);
      assertReply(await client.run('read'), /harmless/);
      assert.deepEqual(names(arrived), ['read', 'read']);
    },
  },
  'conformance.masked': {
    title: 'a classified value is masked in the reply, and the recording is what the client saw',
    async check({ fixture, gateway, credential }) {
      const client = await fixture.connect(gateway.port, credential);
      const answer = await client.run('masked');
      assertReply(answer, /harmless/);
      assert.ok(!answer.text.includes(fixture.secret), 'the reply does not hold the value');
      await eventually('the reply is recorded', () =>
        gateway.recordings.some(({ result }) => result !== null),
      );
      const recorded = gateway.recordings.find(({ result }) => result?.outcome === 'completed');
      assert.ok(recorded !== undefined && !recorded.reply.includes(fixture.secret));
      const shown = fixture.protocol.transcribe(recorded.reply).flatMap(textOf).join('\n');
      for (const line of answer.text.split('\n'))
        assert.ok(shown.includes(line), `the recording holds ${line}`);
    },
  },
  'conformance.revoked-idle': {
    title: 'ending a session closes its connection, also when it is idle',
    async check({ fixture, gateway, credential }) {
      const client = await fixture.connect(gateway.port, credential);
      assertReply(await client.run('read'), /harmless/);
      assert.equal(gateway.revoke('the grant was revoked'), 1);
      await within('the connection is closed', client.closed);
      await eventually('the session is over', () => gateway.sessions === 0);
    },
  },
  'conformance.revoked-held': {
    title: 'ending a session refuses the operation that is held, and nothing runs',
    async check({ fixture, gateway, arrived, credential }) {
      const client = await fixture.connect(gateway.port, credential);
      const running = client.run('write');
      const request = await within('the operation is held', gateway.held());
      gateway.revoke('the grant was revoked');
      assertRefused(await running, /the grant was revoked/);
      request.approve();
      await within('the connection is closed', client.closed);
      assert.deepEqual(names(arrived), []);
    },
  },
  'conformance.oversized': {
    title: 'a message over its limit is refused with the name of the limit, and not forwarded',
    async check({ fixture, gateway, arrived, credential }) {
      const client = await fixture.connect(gateway.port, credential);
      assertRefused(await client.run('oversized'), /limit|[a-z]+Bytes/);
      assert.deepEqual(names(arrived), []);
      const other = await fixture.connect(gateway.port, credential);
      assertReply(await other.run('read'), /harmless/);
    },
  },
  'conformance.garbage': {
    title: 'bytes that are not the protocol end that connection, are recorded, and disturb no other',
    async check({ fixture, gateway, arrived, credential }) {
      const other = await fixture.connect(gateway.port, credential);
      assertReply(await other.run('read'), /harmless/);
      for (const { name, bytes } of fixture.garbage) {
        const before = violations(gateway);
        await within(`the connection that sent ${name} is closed`, sendAndDrain(gateway.port, [bytes]));
        await eventually(`${name} is recorded`, () => violations(gateway) > before);
      }
      assertReply(await other.run('read'), /harmless/);
      assert.deepEqual(names(arrived), ['read', 'read']);
    },
  },
  'conformance.truncated': {
    title: 'a conversation that stops after any byte leaves nothing open',
    async check({ fixture, gateway, arrived, credential }) {
      const sent = fixture.conversation.sent(credential);
      const socketsOf = Array.from({ length: sent.length - 1 }, (_, cut) => sent.subarray(0, cut + 1));
      for (const batch of batches(socketsOf, 50)) {
        const ends = batch.map((bytes) => sendAndDrain(gateway.port, [bytes], true));
        await within('every connection is closed', Promise.all(ends));
      }
      await eventually('no session is open', () => gateway.sessions === 0);
      assert.deepEqual(names(arrived), []);
    },
  },
  'conformance.split': {
    title: 'a conversation that arrives split at any byte is understood as one that does not',
    async check({ fixture, gateway, arrived, credential }) {
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
    },
  },
  'conformance.interrupted': {
    title: 'a target that breaks off in the middle of a reply is a clean error for the client',
    async check({ fixture, gateway, credential }) {
      const client = await fixture.connect(gateway.port, credential);
      assertRefused(await client.run('interrupted'), /target/);
      await eventually('the session is over', () => gateway.sessions === 0);
      const other = await fixture.connect(gateway.port, credential);
      assertReply(await other.run('read'), /harmless/);
    },
  },
  'conformance.hostile-target': {
    title: 'a target that does not speak the protocol is a clean error, and nothing of it is delivered',
    async check({ fixture, gateway, credential }) {
      const client = await fixture.connect(gateway.port, credential);
      assertRefused(await client.run('hostile'), /target/);
      const other = await fixture.connect(gateway.port, credential);
      assertReply(await other.run('read'), /harmless/);
    },
  },
  'conformance.transcribe': {
    title: 'showing a recorded reply never throws, whatever bytes it holds',
    async check({ fixture, gateway, credential }) {
      const client = await fixture.connect(gateway.port, credential);
      assertReply(await client.run('masked'), /harmless/);
      await eventually('the reply is recorded', () =>
        gateway.recordings.some(({ result }) => result !== null),
      );
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
    },
  },
};

function assertReply(
  answer: ClientAnswer,
  pattern: RegExp,
): asserts answer is ClientAnswer & { kind: 'reply' } {
  assert.equal(answer.kind, 'reply', JSON.stringify(answer));
  if (answer.kind === 'reply') assert.match(answer.text, pattern);
}

function assertRefused(
  answer: ClientAnswer,
  pattern: RegExp,
): asserts answer is ClientAnswer & { kind: 'refused' } {
  assert.equal(answer.kind, 'refused', JSON.stringify(answer));
  if (answer.kind !== 'refused') return;
  assert.match(answer.text, pattern);
  assert.ok(
    answer.evaluationId !== null && answer.evaluationId.length > 0,
    'the refusal has an evaluation id',
  );
}

const names = (arrived: World['arrived']): readonly OperationName[] => arrived.map(({ name }) => name);

const sessionsStarted = (gateway: GatewayUnderTest): number =>
  gateway.audit.filter(({ type }) => type === 'session-started').length;

const violations = (gateway: GatewayUnderTest): number =>
  gateway.audit.filter(({ type }) => type === 'violation').length;

function operationPermits(audit: GatewayUnderTest['audit']): number {
  return audit.filter(
    ({ type, effect, form }) => type === 'decision' && effect === 'permit' && form !== 'connect',
  ).length;
}

function textOf(line: ReturnType<ProtocolFixture['protocol']['transcribe']>[number]): string[] {
  if (line.kind === 'columns') return [...line.names];
  if (line.kind === 'row') return line.values.map((value) => value ?? '');
  return [line.text];
}

/** Waits for a condition without naming a time it must take. */
async function eventually(what: string, holds: () => boolean): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  while (!holds()) {
    assert.ok(Date.now() < until, `${what}: not within ${PATIENCE_MS} ms`);
    await sleep(5);
  }
}

async function within<T>(what: string, work: Promise<T>): Promise<T> {
  const late = new AbortController();
  const timeout = sleep(PATIENCE_MS, null, { signal: late.signal }).then(() =>
    assert.fail(`${what}: not within ${PATIENCE_MS} ms`),
  );
  timeout.catch(() => undefined);
  try {
    return await Promise.race([work, timeout]);
  } finally {
    late.abort();
  }
}

/** Sends chunks, each on its own, and reads until the gateway closes; with `leave`, half-closes after the last. */
async function sendAndDrain(port: number, chunks: readonly Buffer[], leave = false): Promise<void> {
  const socket = dial(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.resume();
  socket.setNoDelay(true);
  await once(socket, 'connect');
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  for (const chunk of chunks) socket.write(chunk);
  if (leave) socket.end();
  await closed;
}

/** Sends chunks with a turn of the loop between them, and reads until the reply is complete. */
async function talk(port: number, chunks: readonly Buffer[], fixture: ProtocolFixture): Promise<void> {
  const socket = dial(port, '127.0.0.1');
  socket.setNoDelay(true);
  await once(socket, 'connect');
  let received = Buffer.alloc(0);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    if (fixture.conversation.complete(received)) resolve();
  });
  socket.on('error', reject);
  socket.on('close', () => reject(new Error(`closed after ${received.toString('latin1')}`)));
  for (const chunk of chunks) {
    socket.write(chunk);
    await new Promise((next) => setImmediate(next));
  }
  await promise;
  socket.destroy();
}

function batches<T>(items: readonly T[], size: number): T[][] {
  const all: T[][] = [];
  for (let at = 0; at < items.length; at += size) all.push(items.slice(at, at + size));
  return all;
}

/** A small seeded generator (Lehmer); good enough to choose bytes. */
function randomOf(seed: number): (below: number) => number {
  let state = (Math.abs(Math.trunc(seed)) % 2_147_483_646) + 1;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return Math.floor((state / 2_147_483_647) * below);
  };
}
