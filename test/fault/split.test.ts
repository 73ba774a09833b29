/** However the bytes are cut on their way, either side understands the same conversation. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  bind,
  closeStatement,
  copyData,
  copyDone,
  copyFail,
  describe,
  describePortal,
  describeStatement,
  execute,
  flush,
  frame,
  parse,
  query,
  RawClient,
  startup,
  sync,
} from '../fixtures/raw-postgres.ts';
import { type HostileWorld, startHostileWorld } from './hostile-world.ts';

let world: HostileWorld;
before(async () => {
  world = await startHostileWorld();
});
after(() => world.close());

/** Each ends with one ReadyForQuery that is followed by nothing. */
const CONVERSATIONS: Readonly<Record<string, readonly Buffer[]>> = {
  'simple queries': [query('select * from person order by id; select 1/0'), query('')],
  'an extended query': [
    ...[parse('', 'select name, code from person where id < $1 order by id', [23]), describeStatement('')],
    ...[bind('', '', ['3']), describePortal(), execute('', 1), execute(), sync()],
  ],
  'a pipeline with an error in it': [
    ...[
      parse('a', 'select 1'),
      bind('', 'a'),
      execute(),
      flush(),
      parse('b', 'selec'),
      bind('', 'b'),
      execute(),
      sync(),
    ],
    ...[bind('', 'a'), execute(), closeStatement('a'), sync()],
  ],
  'COPY in': [query('copy sink from stdin'), copyData('1\tone\n2\ttw'), copyData('o\n'), copyDone()],
  'COPY in, extended, with an early Sync': [
    ...[parse('', 'copy sink from stdin csv'), bind('', ''), execute(), sync()],
    ...[copyData('3,three\n'), copyDone(), sync()],
  ],
  'COPY in that fails': [query('copy sink from stdin'), copyData('1\tone\n'), copyFail('changed my mind')],
  'COPY out': [query('copy person to stdout')],
};

/** ReadyForQuery messages a conversation ends with. */
const READIES: Readonly<Record<string, number>> = {
  'simple queries': 2,
  'a pipeline with an error in it': 2,
};

/** What came since the last call. */
async function reply(client: RawClient, name: string): Promise<string> {
  for (let left = READIES[name] ?? 1; left > 0; left -= 1) await client.until('Z');
  const said = client.received.toString('latin1');
  client.received = Buffer.alloc(0);
  return said;
}

for (const [name, frames] of Object.entries(CONVERSATIONS)) {
  test(`${name}, cut at every byte by the client, gets the same bytes back [fault.split]`, async () => {
    const whole = Buffer.concat(frames);
    const client = await world.open();
    client.received = Buffer.alloc(0);
    client.send(whole);
    const expected = await reply(client, name);
    for (let cut = 1; cut < whole.length; cut += 1) {
      client.send(whole.subarray(0, cut));
      await new Promise((resolve) => setImmediate(resolve));
      client.send(whole.subarray(cut));
      assert.equal(await reply(client, name), expected, `cut at ${cut} of ${whole.length}`);
    }
    for (const byte of whole) {
      client.send(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(await reply(client, name), expected, 'byte by byte');
    client.close();
  });
}

const ANSWERED: Readonly<Record<string, (marker: string) => readonly Buffer[]>> = {
  'masked rows': (marker) => [query(`select id, name, code from person order by id ${marker}`)],
  'masked rows in an extended query': (marker) => [
    ...[parse('', `select code, name from person order by id ${marker}`), bind('', '', [], { results: [1] })],
    ...[execute('', 2), execute(), sync()],
  ],
  'COPY rows': (marker) => [query(`copy person to stdout ${marker}`)],
  'binary COPY rows': (marker) => [query(`copy person to stdout (format binary) ${marker}`)],
  'an error among results': (marker) => [query(`select 1; select code::int from person; select 2 ${marker}`)],
  'notices and several results': (marker) => [
    query(
      `do $$ begin raise notice 'mail bob@corp.example'; end $$; select name from person; select 5 ${marker}`,
    ),
  ],
};

for (const [name, frames] of Object.entries(ANSWERED)) {
  test(`${name}, cut at every byte by the target, reach the client the same [fault.split, L8]`, async () => {
    const client = await world.open();
    // The text is the same each time, so that only the cuts differ.
    const bytes = Buffer.concat(frames('/* evil:cut */'));
    let length = 0;
    const ask = async (at: (length: number) => readonly number[]): Promise<Buffer> => {
      const cut = (whole: number): readonly number[] => {
        length = whole;
        return at(whole);
      };
      world.target.answers.set('cut', { kind: 'cut', at: cut });
      client.received = Buffer.alloc(0);
      client.send(bytes);
      await client.until('Z');
      return client.received;
    };
    const expected = await ask(() => []);
    assert.ok(!expected.includes('secret') && !expected.includes('bob@corp'));
    for (let at = 1; at < length; at += 1) {
      const actual = await ask(() => [at]);
      assert.equal(normal(actual), normal(expected), `cut at ${at} of ${length}`);
    }
    assert.equal(
      normal(await ask((whole) => Array.from({ length: whole - 1 }, (_, n) => n + 1))),
      normal(expected),
    );
    client.close();
  });
}

/** COPY rows may be delivered in other messages when they arrive in other pieces: the bytes in them count. */
function normal(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + bytes.readInt32BE(at + 1);
    text += bytes[at] === 0x64 ? bytes.toString('latin1', at + 5, end) : bytes.toString('latin1', at, end);
    at = end;
  }
  return text;
}

test('a login cut at every byte of the start-up, and here and there in the token, succeeds [fault.split]', async () => {
  const hello = startup({ user: 'db', database: 'postgres', application_name: 'split' });
  const password = frame('p', await world.token('agent'));
  const cuts = [...hello.keys()].slice(1).map((at) => [hello.subarray(0, at), hello.subarray(at), password]);
  for (let at = 1; at < password.length; at += 97)
    cuts.push([hello, password.subarray(0, at), password.subarray(at)]);
  for (const pieces of cuts) {
    const client = await RawClient.dial(world.port);
    for (const piece of pieces) {
      client.send(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await client.until('Z');
    client.send(query('select 1'));
    assert.equal(describe(await client.until('Z')), 'T D(1) C(SELECT 1) ZI');
    client.close();
  }
});
