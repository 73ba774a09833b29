/** A target that lies: its messages are in order, and what they say of the value they carry is not true. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { auditEntries } from '../fixtures/audit-entries.ts';
import {
  bind,
  describe,
  describePortal,
  execute,
  fieldsOf,
  frame,
  int16,
  int32,
  parse,
  query,
  type RawClient,
  sync,
} from '../fixtures/raw-postgres.ts';
import { type Canary, CanaryPress } from '../leak/canaries.ts';
import { Searcher } from '../leak/searcher.ts';
import { type HostileWorld, startHostileWorld } from './hostile-world.ts';

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
const press = new CanaryPress(SEED);
const value = press.make('word', 'person.code');
const searcher = new Searcher(press.all as readonly Canary[]);

let world: HostileWorld;
/** OIDs of the tables, by name: what a liar would know. */
const oids = new Map<string, number>();
before(async () => {
  world = await startHostileWorld();
  const rows = await world.server.query(
    'SELECT relname, oid::int FROM pg_class WHERE relkind IN ($$r$$, $$v$$)',
  );
  for (const { relname, oid } of rows) oids.set(String(relname), Number(oid));
});
after(() => world.close());

const TEXT = 25;
const JSONB = 3802;

interface Column {
  readonly name?: string | Buffer;
  readonly table?: string | number;
  readonly attribute?: number;
  readonly type?: number;
  readonly format?: number;
}

/** A RowDescription; the default is the truth about `code` of `person`. */
function described(...columns: readonly Column[]): Buffer {
  const fields = columns.map(({ name = 'code', table = 'person', attribute = 3, type = TEXT, format = 0 }) =>
    Buffer.concat([
      typeof name === 'string' ? Buffer.from(`${name}\0`) : name,
      int32(typeof table === 'number' ? table : (oids.get(table) ?? 0)),
      int16(attribute),
      int32(type),
      ...[int16(-1), int32(-1), int16(format)],
    ]),
  );
  return frame('T', columns.length, ...fields);
}

function row(...values: readonly (string | Buffer | null)[]): Buffer {
  const fields = values.map((one) => {
    if (one === null) return int32(-1);
    const bytes = Buffer.from(one as string);
    return Buffer.concat([int32(bytes.length), bytes]);
  });
  return frame('D', values.length, ...fields);
}

const DONE = Buffer.concat([frame('C', 'SELECT 1'), frame('Z', Buffer.from('I'))]);
const fields = (type: 'E' | 'N', named: Readonly<Record<string, string | Buffer>>): Buffer =>
  frame(
    type,
    ...Object.entries(named).flatMap(([name, text]) => [
      Buffer.from(name),
      Buffer.from(text as string),
      Buffer.from([0]),
    ]),
    Buffer.from([0]),
  );
const INVALID = Buffer.from([0xff, 0xc3, 0x28, 0x80]);
const garbled = (text: string): Buffer => Buffer.concat([INVALID, Buffer.from(text), INVALID]);

type Lie = () => readonly Buffer[];

/** Lies about where the value is from or what it is. Its column is hidden, and the session goes on. */
const HIDDEN: Readonly<Record<string, Lie>> = {
  'the truth': () => [described({}), row(value)],
  'another table': () => [described({ table: 'sink', attribute: 2 }), row(value)],
  'another column of the table': () => [described({ attribute: 2 }), row(value)],
  'a table nobody knows': () => [described({ table: 987_654, attribute: 1 }), row(value)],
  'a catalog of the server': () => [described({ table: 'pg_class', attribute: 2 }), row(value)],
  'a view of the server': () => [described({ table: 'pg_settings', attribute: 1 }), row(value)],
  'no table': () => [described({ table: 0, attribute: 0 }), row(value)],
  'a system column': () => [described({ attribute: -1 }), row(value)],
  'a system column of another table': () => [described({ table: 'sink', attribute: -6 }), row(value)],
  'a column past the last': () => [described({ attribute: 99 }), row(value)],
  'the row as a whole': () => [described({ attribute: 0 }), row(value)],
  'another name': () => [described({ name: 'id' }), row(value)],
  'another type': () => [described({ type: 23 }), row(value)],
  'a type nobody knows': () => [described({ type: 999_999 }), row(value)],
  'JSON in binary format': () => [described({ type: JSONB, format: 1 }), row(value)],
  'binary format': () => [described({ format: 1 }), row(value)],
  'a format there is not': () => [described({ format: 7 }), row(value)],
  'a value that is not UTF-8': () => [described({}), row(garbled(value))],
  'a value between NULs': () => [described({}), row(`\0${value}\0`)],
  'an empty row before': () => [described({}), row(''), row(null), row(value)],
};

/** Lies that make no sense. The session ends with a reason. */
const ENDED: Readonly<Record<string, Lie>> = {
  'more columns than the statement has, of another table': () => [
    described({ table: 'sink', attribute: 1 }, { table: 'sink', attribute: 2 }),
    row('1', value, value),
  ],
  'columns described twice, then a row of the first kind': () => [
    described({}, {}),
    described({ table: 'sink', attribute: 2 }),
    row(value, value),
  ],
  'a name that is not UTF-8': () => [
    described({ name: Buffer.concat([INVALID, Buffer.from([0])]) }),
    row(value),
  ],
  'fewer values than columns': () => [described({}, { table: 0 }), row(value)],
  'more values than columns': () => [described({}), row('x', value)],
  'no columns, and a value': () => [described(), row(value)],
  'a row before its description': () => [row(value), described({})],
  'a row after the end': () => [described({}), frame('C', 'SELECT 1'), row(value)],
  'a row after an error': () => [fields('E', { S: 'ERROR', C: '22012', M: 'x' }), row(value)],
  'a negative length': () => [described({}), frame('D', 1, int32(-2), Buffer.from(value))],
  'the least length': () => [described({}), frame('D', 1, int32(-2_147_483_648), Buffer.from(value))],
  'the largest length': () => [described({}), frame('D', 1, int32(2_147_483_647), Buffer.from(value))],
  'a length that ends in the next row': () => [
    described({}),
    frame('D', 1, int32(100), Buffer.from(value)),
    row(value),
  ],
  'NULL with a value after it': () => [described({}), frame('D', 1, int32(-1), Buffer.from(value))],
  'a value with bytes after it': () => [described({}), frame('D', 1, int32(1), Buffer.from(`x${value}`))],
  'a negative number of values': () => [
    described({}),
    frame('D', -1, int32(value.length), Buffer.from(value)),
  ],
  'a description cut short': () => [frame('T', 2, described({}).subarray(7)), row(value, value)],
  'a description with bytes after it': () => [frame('T', 1, described({}).subarray(7), Buffer.from(value))],
  'a copy nobody asked for': () => [frame('H', Buffer.from([0]), 1, 0), frame('d', Buffer.from(value))],
  'copied data among rows': () => [described({}), frame('d', Buffer.from(value))],
};

/** Errors and notices that carry the value. They say less, and the session goes on. */
const SHORTENED: Readonly<Record<string, Lie>> = {
  'an error that quotes it': () => [fields('E', { S: 'ERROR', C: '22P02', M: `invalid: "${value}"` })],
  'an error of the statement, raised while it runs': () => [
    fields('E', { S: 'ERROR', C: '42P01', M: `relation "${value}" does not exist` }),
  ],
  'a detail': () => [fields('E', { S: 'ERROR', C: '23505', M: 'duplicate', D: `Key (code)=(${value})` })],
  'a hint, a context and a statement': () => [
    fields('E', { S: 'ERROR', C: '42601', M: 'x', H: value, W: value, q: value, p: '1' }),
  ],
  'a field nobody knows': () => [fields('E', { S: 'ERROR', C: '22012', M: 'x', z: value, Z: value })],
  'an error that is not UTF-8': () => [
    fields('E', {
      S: 'ERROR',
      C: '22P02',
      M: Buffer.concat([Buffer.from('"'), garbled(value)]),
      D: garbled(value),
    }),
  ],
  'an error without an end': () => [frame('E', Buffer.from(`SERROR\0C22P02\0M${value}`))],
  'an error of too many fields': () => [frame('E', Buffer.from(`D${value}\0`.repeat(100)), Buffer.from([0]))],
  'a notice': () => [
    fields('N', { S: 'NOTICE', C: '00000', M: value, D: value }),
    described({}),
    row('x'),
    frame('C', 'SELECT 1'),
  ],
  'a notification': () => [
    frame('A', int32(1), 'channel', value),
    described({}),
    row('x'),
    frame('C', 'SELECT 1'),
  ],
};

let lies = 0;

/** Has the target say this to a query of the one hidden column; sends it, and waits for nothing. */
function ask(client: RawClient, said: readonly Buffer[], extended: boolean): void {
  lies += 1;
  const text = `select code from person /* evil:lie-${lies} */`;
  const opening = extended ? [frame('1'), frame('2')] : [];
  world.target.answers.set(`lie-${lies}`, { kind: 'say', bytes: Buffer.concat([...opening, ...said]) });
  client.received = Buffer.alloc(0);
  if (extended) client.send(parse('', text), bind('', ''), describePortal(), execute(), sync());
  else client.send(query(text));
}

/** What came up to the end of a reply that does not end its session. */
async function toTheEnd(client: RawClient, what: string): Promise<string> {
  const said = await client.until('Z').catch((fault: unknown) => {
    throw new Error(`${what} ended the session`, { cause: fault });
  });
  return describe(said);
}

/** Violations on record of what targets said. */
const violations = (): number =>
  auditEntries(world).filter(
    ({ type, facts }) => type === 'violation' && (facts as { side?: string }).side === 'target',
  ).length;

test('whatever a target says a value is, it is hidden by what the statement asked for [fault.target-lies, L8]', async (t) => {
  t.diagnostic(`SEED=${SEED}`);
  const client = await world.open();
  for (const [what, made] of Object.entries(HIDDEN)) {
    for (const extended of [false, true]) {
      ask(client, [...made(), DONE], extended);
      const said = await toTheEnd(client, `${what}, ${extended}`);
      assert.match(said, /D\(/, `${what}: the rows come`);
      assert.deepEqual(searcher.find(client.received), [], `${what}, ${extended}: ${said}`);
    }
  }
  client.close();
});

test('a reply that contradicts itself ends the session with a reason, and no value is delivered [fault.target-lies, L8]', async (t) => {
  t.diagnostic(`SEED=${SEED}`);
  const before = violations();
  const told = Object.entries(ENDED).flatMap(([what, made]) =>
    [false, true].map(async (extended) => {
      const client = await world.open();
      ask(client, made(), extended);
      const said = await client.untilClosed().catch((fault: unknown) => {
        throw new Error(`${what}, ${extended}: the session did not end`, { cause: fault });
      });
      const last = said.findLast(({ type }) => type === 'E');
      assert.ok(last !== undefined, `${what}: ${describe(said)}`);
      assert.match(`${fieldsOf(last).S} ${fieldsOf(last).C}`, /^FATAL (?:08P01|54000)$/, what);
      assert.match(fieldsOf(last).M ?? '', /the target broke the protocol/, what);
      assert.deepEqual(searcher.find(client.received), [], `${what}, ${extended}`);
    }),
  );
  await Promise.all(told);
  assert.equal(violations(), before + told.length, 'each is on record');
});

test('an error, a notice or a notification is no way round [fault.target-lies, L8]', async (t) => {
  t.diagnostic(`SEED=${SEED}`);
  const client = await world.open();
  for (const [what, made] of Object.entries(SHORTENED)) {
    ask(client, [...made(), frame('Z', Buffer.from('I'))], false);
    const said = await toTheEnd(client, what);
    assert.deepEqual(searcher.find(client.received), [], `${what}: ${said}`);
  }
  client.close();
});

test('the searcher would have seen it [fault.target-lies]', () => {
  assert.equal(searcher.find(Buffer.concat([described({}), row(value)])).length, 1);
});
