/** Messages that are malformed, too large, cut short or out of place, from either side: one session ends, with a reason. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { randomOf } from '../conformance/raw-clients.ts';
import { auditEntries } from '../fixtures/audit-entries.ts';
import type { Answer } from '../fixtures/hostile-target.ts';
import {
  bind,
  describe,
  eventually,
  execute,
  fieldsOf,
  frame,
  int16,
  int32,
  parse,
  query,
  RawClient,
  type RawMessage,
  sync,
} from '../fixtures/raw-postgres.ts';
import { type HostileWorld, startHostileWorld } from './hostile-world.ts';

let world: HostileWorld;
let witness: RawClient;
before(async () => {
  world = await startHostileWorld();
  witness = await world.open();
});
after(async () => {
  witness.close();
  await world.close();
});

/** Another session, open all the while, that nothing may touch. */
async function assertOthersUnaffected(): Promise<void> {
  assert.equal(describe(await witness.ask(query('select 1'))), 'T D(1) C(SELECT 1) ZI');
}

const violations = (side: string) =>
  auditEntries(world).filter(
    ({ type, facts }) => type === 'violation' && (facts as { side?: string }).side === side,
  ).length;

/** Everything up to the end of the session, which must come. */
async function closing(client: RawClient, what: string): Promise<RawMessage[]> {
  try {
    return await client.untilClosed();
  } catch (fault) {
    throw new Error(`${what} did not end the session`, { cause: fault });
  }
}

const raw = (type: string, length: number, body = Buffer.alloc(0)): Buffer =>
  Buffer.concat([Buffer.from(type, 'latin1'), int32(length), body]);

const FROM_CLIENTS: Readonly<Record<string, Buffer>> = {
  'an unknown type': raw('?', 4),
  'a zero type': raw('\0', 4),
  'length 0': raw('Q', 0),
  'length 3': raw('Q', 3),
  'a negative length': raw('Q', -1),
  'the largest length': raw('Q', 2_147_483_647),
  'a length just over the limit': raw('Q', 65_536),
  'a query without its NUL': frame('Q', Buffer.from('select 1')),
  'a query with a NUL inside': frame('Q', Buffer.from('select 1\0; drop table person\0')),
  'a query that is not UTF-8': frame('Q', Buffer.from([0x73, 0xc3, 0x28, 0])),
  'an empty Parse': frame('P'),
  'a Parse that counts more types than it has': frame('P', 's', 'select 1', 9),
  'a Bind that counts more values than it has': frame('B', '', '', 0, 30_000),
  'a Bind with a value longer than the message': frame('B', '', '', 0, 1, int32(1_000_000)),
  'a Bind with a value of length -2': frame('B', '', '', 0, 1, int32(-2), 0),
  'an Execute with bytes to spare': frame('E', '', int32(0), Buffer.from('x')),
  'a Describe of nothing': frame('D'),
  'a password in the middle': frame('p', 'hunter2'),
  'a server message': frame('Z', Buffer.from('I')),
};

test('a message no client may send ends its session with a reason [fault.client-garbage]', async () => {
  for (const [what, bytes] of Object.entries(FROM_CLIENTS)) {
    const before = violations('client');
    const client = await world.open();
    client.send(query('select 1'), bytes, query('select 2'));
    const said = await closing(client, what);
    const last = said.findLast(({ type }) => type === 'E');
    assert.ok(last !== undefined, `${what}: ${describe(said)}`);
    assert.match(`${fieldsOf(last).S} ${fieldsOf(last).C}`, /^FATAL (?:08P01|54000)$/, what);
    assert.ok((fieldsOf(last).M ?? '').length > 20, what);
    assert.ok(!describe(said).includes('D(2)'), `${what}: nothing after it runs`);
    assert.equal(violations('client'), before + 1, what);
  }
  await assertOthersUnaffected();
});

test('a message that stops in the middle holds nothing but its own session [fault.client-garbage]', async () => {
  for (const cut of [1, 4, 5, 9]) {
    const client = await world.open();
    client.send(query('select 1 as whole').subarray(0, cut));
    client.socket.end();
    assert.deepEqual(await client.untilClosed(), [], `cut at ${cut}`);
  }
  await assertOthersUnaffected();
});

test('random bytes, before and after the login, never stop the gateway [fault.client-garbage]', async (t) => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  t.diagnostic(`SEED=${seed}`);
  const next = randomOf(seed);
  const types = 'QPBDECSHdcfXp?FZ';
  for (let round = 0; round < 120; round += 1) {
    const loggedIn = round % 3 !== 0;
    const client = loggedIn ? await world.open() : await RawClient.dial(world.port);
    for (let left = next(6) + 1; left > 0; left -= 1) {
      const body = Buffer.from(Array.from({ length: next(40) }, () => (next(3) === 0 ? 0 : next(256))));
      const wild = next(4) === 0;
      client.send(wild ? body : frame(types[next(types.length)] ?? 'Q', body));
    }
    client.socket.end();
    await client.untilClosed();
  }
  await assertOthersUnaffected();
});

const field = (table: number, type: number): Buffer =>
  Buffer.concat([Buffer.from('code\0'), int32(table), int16(3), int32(type), int16(-1), int32(-1), int16(0)]);
const columns = (count: number): Buffer =>
  frame('T', count, ...Array.from({ length: count }, () => field(0, 25)));
const row = (...values: readonly string[]): Buffer =>
  frame('D', values.length, ...values.flatMap((value) => [int32(value.length), Buffer.from(value)]));
const READY = frame('Z', Buffer.from('I'));

const FROM_TARGETS: Readonly<Record<string, Buffer>> = {
  'COPY in nobody asked for': frame('G', Buffer.from([0]), 1, 0),
  'COPY out nobody asked for': Buffer.concat([
    frame('H', Buffer.from([0]), 1, 0),
    frame('d', Buffer.from('leak')),
  ]),
  'COPY both ways': frame('W', Buffer.from([0]), 1, 0),
  'COPY rows without a start': frame('d', Buffer.from('leak')),
  'rows without columns': row('leak'),
  'a row with more columns than described': Buffer.concat([columns(1), row('a', 'leak')]),
  'a row with fewer columns than described': Buffer.concat([columns(2), row('leak')]),
  'a row with a value longer than itself': Buffer.concat([
    columns(1),
    frame('D', 1, int32(1_000), Buffer.from('leak')),
  ]),
  'a row with a value of length -2': Buffer.concat([
    columns(1),
    frame('D', 1, int32(-2), Buffer.from('leak')),
  ]),
  'a row with bytes to spare': Buffer.concat([columns(1), frame('D', 1, int32(1), Buffer.from('aleak'))]),
  'columns cut short': frame('T', 3, field(0, 25)),
  'columns with a negative count': frame('T', -1),
  'length 0': raw('D', 0),
  'length 3': raw('C', 3),
  'a negative length': raw('C', -5),
  'the largest length': raw('D', 2_147_483_647),
  'a length over the limit': raw('N', 262_145),
  'an unknown type': raw('\0', 4),
  'another login': frame('R', int32(3)),
  'another cancel key': frame('K', int32(1), int32(2)),
  'an answer to Parse': frame('1'),
  'an answer to Bind': frame('2'),
  'a suspended portal': frame('s'),
  'a function result': frame('V', int32(-1)),
  'two ends of one query': Buffer.concat([frame('C', 'SELECT 0'), READY, READY]),
  'a setting without its NUL': frame('S', Buffer.from('search_path')),
};

test('a reply no target may give ends the session, and is not delivered [fault.target-garbage, L8]', async () => {
  for (const [what, bytes] of Object.entries(FROM_TARGETS)) {
    for (const extended of [false, true]) {
      const before = violations('target');
      world.target.answers.set('garbage', { kind: 'say', bytes });
      const client = await world.open();
      // Masked, so that every row is read.
      const text = 'select code from person /* evil:garbage */';
      if (extended) client.send(parse('', text), bind('', ''), execute(), sync());
      else client.send(query(text));
      // An answer to Parse is the one thing that fits while Parse is awaited: then nothing follows it.
      if (extended && what === 'an answer to Parse') {
        client.close();
        continue;
      }
      const said = await closing(client, what);
      const last = said.findLast(({ type }) => type === 'E');
      assert.ok(last !== undefined, `${what}: ${describe(said)}`);
      assert.match(
        `${fieldsOf(last).S} ${fieldsOf(last).C}`,
        /^FATAL (?:08P01|54000)$/,
        `${what}, ${extended}`,
      );
      assert.match(fieldsOf(last).M ?? '', /the target broke the protocol/, what);
      assert.ok(!client.received.includes('leak'), what);
      assert.equal(violations('target'), before + 1, what);
    }
  }
  await assertOthersUnaffected();
});

test('a target that breaks off in the middle of a reply is an error with a reason [fault.target-garbage]', async () => {
  const answer = Buffer.concat([columns(1), row('one'), row('two').subarray(0, 9)]);
  world.target.answers.set('broken', { kind: 'hang-up', bytes: answer });
  const client = await world.open();
  client.send(query('select name from person /* evil:broken */'));
  const said = await client.untilClosed();
  const last = said.at(-1);
  assert.ok(last?.type === 'E');
  assert.equal(fieldsOf(last).S, 'FATAL');
  await assertOthersUnaffected();
});

test('random replies never stop the gateway [fault.target-garbage, L8]', async (t) => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  t.diagnostic(`SEED=${seed}`);
  const next = randomOf(seed);
  const types = 'TDCZENSAIsGHdc12tnRKW3v';
  for (let round = 0; round < 120; round += 1) {
    const pieces = Array.from({ length: next(6) + 1 }, () => {
      const body = Buffer.from(Array.from({ length: next(40) }, () => (next(3) === 0 ? 0 : next(256))));
      return next(3) === 0 ? columns(next(4)) : frame(types[next(types.length)] ?? 'D', body);
    });
    world.target.answers.set('random', { kind: 'hang-up', bytes: Buffer.concat(pieces) });
    const client = await world.open();
    client.send(query('select code from person /* evil:random */'));
    await client.untilClosed();
    assert.ok(!client.received.includes('secret-'));
  }
  await assertOthersUnaffected();
});

test('a target that never stops talking is read no faster than the client listens [fault.bounded-memory, L10]', async () => {
  const notice = frame(
    'N',
    Buffer.from('SNOTICE\0VNOTICE\0C00000\0M'),
    `${'x'.repeat(900)}`,
    Buffer.from([0]),
  );
  const floods: Record<string, Answer> = {
    notices: { kind: 'flood', bytes: notice },
    rows: { kind: 'flood', bytes: row('y'.repeat(900)) },
  };
  for (const [what, answer] of Object.entries(floods)) {
    world.target.answers.set('flood', answer);
    const client = await world.open();
    if (what === 'rows') world.target.answers.set('columns', { kind: 'say', bytes: columns(1) });
    if (what === 'rows') client.send(query('select name from person /* evil:columns */'));
    if (what === 'rows') await client.until('T');
    client.socket.pause();
    const before = world.target.flooded();
    client.send(query('select name from person /* evil:flood */'));
    let last = -1;
    await eventually('the target is made to wait', async () => {
      const now = world.target.flooded() - before;
      const still = now === last && now > 0;
      last = now;
      await new Promise((resolve) => setTimeout(resolve, 150));
      return still ? true : undefined;
    });
    // It is made to wait at all because what was taken stands in the sockets' own buffers.
    const { arrayBuffers } = process.memoryUsage();
    assert.ok(arrayBuffers < 64 * 1_048_576, `${what}: ${arrayBuffers} bytes are held`);
    await assertOthersUnaffected();
    client.close();
  }
});

test('a client that sends while its statement is held is made to wait, and others are not [fault.bounded-memory, L10]', async () => {
  const client = await world.open();
  client.send(query('select pg_sleep(1)'));
  const many = Buffer.concat(Array.from({ length: 2_000 }, () => query(`select 1 /* ${'z'.repeat(500)} */`)));
  client.send(many);
  await assertOthersUnaffected();
  for (let left = 2_001; left > 0; left -= 1) await client.until('Z');
  client.close();
});
