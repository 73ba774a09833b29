/** Strategies of masking over every type of a real server, as real clients read it, and as the server reads it back. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import pg from 'pg';
import postgres from 'postgres';
import { runCommand } from '../fixtures/commands.ts';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import {
  bind,
  describe,
  describePortal,
  execute,
  parse,
  RawClient,
  sync,
  valuesOf,
} from '../fixtures/raw-postgres.ts';

const STRATEGIES = ['full', 'nothing', 'dropped', 'last', 'domain', 'hash', 'format', 'noise'] as const;
/** Types of the server's own, and values of each. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  text: ["'ada@example.com'", `E'tab\\t"quote",\\\\ line\\nöäü@example.org'`, "''"],
  'varchar(40)': ["'4111 1111 1111 1111'", "'bob@example.com'", "'x'"],
  'char(40)': ["'padded@example.com'", "'123-45-6789'", "'x'"],
  name: ["'someone_there'", "'a@b.example'", "'x'"],
  json: [`'"ada@example.com"'`, `'{"a": [1, "two"]}'`, "'17'"],
  jsonb: [`'"\\"q\\" ada@example.com"'`, `'{"a": [1, "two"]}'`, "'null'"],
  uuid: ["'0e37df36-f698-11e6-8dd4-cb9ced3df976'", 'gen_random_uuid()', 'gen_random_uuid()'],
  bytea: [`'\\x00ff10'`, `'\\x'`, "'secret'"],
  int2: ['32767', '-32768', '0'],
  int4: ['2147483647', '-2147483648', '71234'],
  int8: ['9223372036854775807', '-9223372036854775808', '5'],
  float4: ['0.1', '-3.4028235e38', '1e-40'],
  float8: ['71234.56', '1.7976931348623157e308', "'NaN'"],
  'numeric(12,2)': ['1234567.89', '-0.05', '9999999999.99'],
  numeric: ['123456789012345678901234567890.123456789', '-7000', "'Infinity'"],
  bool: ['true', 'false', 'true'],
  date: ["'1815-12-10'", "'9999-12-31'", "'0044-03-15 BC'"],
  timestamp: ["'2024-02-29 23:59:59.999999'", "'0001-01-01'", "'infinity'"],
  timestamptz: ["'2024-10-27 02:30:00+02'", "'1969-07-20 20:17:40.25Z'", "'-infinity'"],
  time: ["'12:34:56'", "'00:00'", "'24:00'"],
  interval: ["'1 year 2 days'", "'-1 second'", "'0'"],
  'text[]': [`'{ada@example.com,"x"}'`, "'{}'", "'{null}'"],
  inet: ["'192.168.0.1'", "'::1/64'", "'10.0.0.0/8'"],
  money: ["'12.34'", "'-5'", "'0'"],
  int4range: ["'[1,5)'", "'empty'", "'(,)'"],
};
const columns = STRATEGIES.flatMap((strategy) =>
  Object.keys(TYPES).map((type, at) => ({
    strategy,
    type,
    name: `${strategy}_${at}`,
    values: TYPES[type] ?? [],
  })),
);
const COLUMN_LIST = columns.map(({ name }) => name).join(', ');
const NULLS = columns.map(() => 'NULL').join(', ');
const TABLE = `(id int, ${columns.map(({ name, type }) => `${name} ${type}`).join(', ')})`;
const row = (id: number) => `(${id}, ${columns.map(({ values }) => values[id] ?? 'NULL').join(', ')})`;

const CONFIG = `masking:
  tenant: acme
  classified:
${STRATEGIES.map((name) => `    - { column: "public.every.${name}_*", class: ${name} }`).join('\n')}
    - { column: public.people.mail, class: domain }
    - { column: public.people.ssn, class: last }
    - { column: public.people.number, class: hash }
    - { column: public.orders.buyer, class: hash }
    - { column: public.people.wage, class: noise }
    - { column: public.people.code, class: last }
    - { column: public.people.mood, class: hash }
  classes:
    nothing: { strategy: null }
    dropped: { strategy: drop }
    last: { strategy: partial, keep: last-4 }
    domain: { strategy: partial, keep: domain }
    hash: { strategy: hash }
    format: { strategy: format }
    noise: { strategy: noise, ratio: 0.1, days: 30 }
`;
const POLICIES =
  '@id("all") permit (principal, action, resource); @id("none") forbid (principal, action == Action::"reveal", resource);';
const SCHEMA = `
SET timezone = 'Europe/Berlin';
CREATE TABLE every ${TABLE};
INSERT INTO every VALUES ${[0, 1, 2].map(row).join(', ')}, (3, ${NULLS});
CREATE TABLE again ${TABLE};
CREATE TYPE mood AS ENUM ('glad', 'sad');
CREATE DOMAIN code AS int;
CREATE TABLE people (id int, mail text, ssn text, number text, wage int, code code, mood mood);
INSERT INTO people VALUES (1, 'ada@example.com', '123-45-6789', 'C-17', 71234, 123456789, 'glad'),
  (2, 'bob@example.com', '987-65-4321', 'C-18', 50000, 5, 'sad');
CREATE TABLE orders (id int, buyer text);
INSERT INTO orders VALUES (1, 'C-18'), (2, 'C-17'), (3, 'C-17');
CREATE VIEW staff AS SELECT id, ssn, mail, upper(mail) AS loud FROM people;
`;

let world: TestGateway;
let client: pg.Client;
/** A client of the server itself. */
let directly: pg.Client;
let folder: string;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-strategies-'));
  world = await startGateway({ policies: { text: POLICIES }, config: CONFIG, postgres: { initSql: SCHEMA } });
  client = await world.connect();
  const { host, port, superuser: user, password } = world.server;
  directly = new pg.Client({ host, port, user, password, database: 'postgres' });
  await directly.connect();
});
after(async () => {
  await directly.end();
  rmSync(folder, { recursive: true, force: true });
  await world.close();
});

async function rows(text: string): Promise<unknown[][]> {
  return (await client.query<unknown[]>({ text, rowMode: 'array' })).rows;
}

/** The values of each row as the bytes they came as. */
async function rawRows(text: string, format: 0 | 1): Promise<(Buffer | null)[][]> {
  const login = { port: world.port, user: 'db', password: await world.token('agent') };
  const { client: raw } = await RawClient.open(login);
  const answer = await raw.ask(
    ...[parse('', text), bind('', '', [], { results: [format] }), execute(), sync()],
  );
  raw.close();
  return answer.flatMap(({ type, body }) => (type === 'D' ? [fieldsIn(body)] : []));
}

function fieldsIn(body: Buffer): (Buffer | null)[] {
  const values: (Buffer | null)[] = [];
  for (let at = 2; at < body.length; ) {
    const length = body.readInt32BE(at);
    values.push(length < 0 ? null : body.subarray(at + 4, at + 4 + length));
    at += 4 + Math.max(0, length);
  }
  return values;
}

/** Rows in binary as node-postgres' parsers of the types read them; its client itself reads every value as a text. */
async function binaryRows(text: string): Promise<unknown[][]> {
  const { fields } = await client.query(`${text} LIMIT 0`);
  const raw = await rawRows(text, 1);
  return raw.map((values) =>
    values.map((value, at) =>
      value === null
        ? null
        : (pg.types.getTypeParser(fields[at]?.dataTypeID ?? 0, 'binary')(value) as unknown),
    ),
  );
}

/** Values that can be compared whatever they came by: a char(n) that was stored is filled up with blanks. */
function plain(value: unknown): unknown {
  return typeof value === 'string' ? value.trimEnd() : value;
}

test('shows each class by its strategy where it is a column unchanged [masking.strategies]', async () => {
  const [first, second] = await rows('SELECT mail, ssn, number, wage FROM people ORDER BY id');
  assert.deepEqual(first?.slice(0, 2), ['***@example.com', '***6789']);
  assert.match(String(first?.[2]), /^msk_[a-z2-7]{20}$/);
  const wage = Number(first?.[3]);
  assert.ok(wage !== 71_234 && Math.abs(wage - 71_234) <= 7_123);
  assert.notEqual(first?.[2], second?.[2]);
  const same = [
    'SELECT m, s, n, w FROM (SELECT mail AS m, ssn AS s, number AS n, wage AS w FROM people) x ORDER BY w',
    'WITH x AS (SELECT mail, ssn, number, wage FROM people) SELECT * FROM x ORDER BY wage',
    'SELECT p.mail, p.ssn, p.number, p.wage FROM people p JOIN orders o ON o.buyer = p.number ORDER BY o.id',
  ];
  assert.deepEqual(
    await rows('SELECT ssn FROM staff ORDER BY id'),
    await rows('SELECT ssn FROM people ORDER BY id'),
  );
  for (const sql of same) assert.deepEqual((await rows(sql))[0], second, sql);
  assert.equal(statSync(join(world.directory, 'data', 'masking.key')).mode & 0o777, 0o600);
});

test('hides whole whatever is derived from a column [masking.strategies]', async () => {
  const derived = [
    'SELECT right(ssn, 8) FROM people',
    "SELECT ssn || '' FROM people",
    'SELECT ssn::varchar(30) FROM people',
    'SELECT lower(mail) FROM people',
    "SELECT split_part(mail, '@', 1) || '@' || ssn || '.example' FROM people",
    'SELECT ssn FROM people UNION SELECT mail FROM people',
    'SELECT max(ssn) FROM people',
    'SELECT coalesce(ssn, mail) FROM people',
    'SELECT people FROM people',
    'SELECT loud FROM staff',
    "SELECT string_agg(mail, ',') FROM people",
    'SELECT x FROM people, LATERAL (SELECT reverse(ssn)) l(x)',
  ];
  for (const sql of derived) for (const [value] of await rows(sql)) assert.equal(value, '***', sql);
  assert.deepEqual(await rows('SELECT wage + 0 FROM people WHERE id = 1'), [[null]]);
});

test('keeps values that are equal equal, across tables and sessions [masking.hash-joins]', async () => {
  const people = await rows('SELECT number FROM people ORDER BY id');
  const orders = await rows('SELECT buyer FROM orders ORDER BY id');
  assert.deepEqual(orders.flat(), [people[1]?.[0], people[0]?.[0], people[0]?.[0]]);
  const other = await world.connect();
  assert.deepEqual(
    (await other.query('SELECT number FROM people ORDER BY id')).rows.map(Object.values),
    people,
  );
  const grouped = await rows('SELECT buyer FROM orders GROUP BY buyer ORDER BY count(*)');
  assert.deepEqual(grouped, [people[1], people[0]]);
});

test('shows what every client can read, in text and in binary [masking.strategy-types]', async () => {
  const text = await rows(`SELECT ${COLUMN_LIST} FROM every ORDER BY id`);
  const binary = await binaryRows(`SELECT ${COLUMN_LIST} FROM every ORDER BY id`);
  const sql = postgres({
    ...{ host: '127.0.0.1', port: world.port, user: 'db', password: await world.token('agent') },
    ...{ database: 'postgres', max: 1 },
  });
  const other = await sql`select * from every order by id`;
  await sql.end();
  assert.deepEqual([text.length, binary.length, other.length], [4, 4, 4]);
  for (const [at, { name, strategy, type }] of columns.entries()) {
    for (const id of [0, 1, 2]) {
      const [one, two, three] = [text[id]?.[at], binary[id]?.[at], other[id]?.[name]];
      const what = `${name} ${type} ${String(one)} ${String(two)} ${String(three)}`;
      for (const value of [two, three]) assert.equal(value === null, one === null, what);
      if (strategy === 'nothing' || strategy === 'dropped' || type === 'bool') assert.equal(one, null, what);
      if (/^(?:int|float|numeric)/.test(type) && one !== null && type !== 'int4range') {
        // Its parsers know no subnormal numbers, and no numeric below 0.1; what the bytes are is for the server to say.
        assert.equal(typeof two === 'bigint' || !Number.isNaN(Number(two)), true, what);
        assert.equal(Number(three), Number(one), what);
      } else if (/^(?:text|varchar|char|name|json)/.test(type)) {
        const written = Buffer.isBuffer(two) ? two.toString() : two;
        if (!type.startsWith('json')) assert.equal(written, one, what);
        assert.deepEqual(three, one, what);
      } else if (/^(?:date|timestamp)/.test(type) && one !== null) {
        assert.ok(three instanceof Date && !Number.isNaN(Number(three)), what);
      }
    }
    assert.equal(text[3]?.[at], null, 'NULL stays');
  }
});

test('shows in binary what the server itself reads as what it shows in text [masking.strategy-types]', async () => {
  const raw = await rawRows(`SELECT ${COLUMN_LIST} FROM every ORDER BY id`, 1);
  const texts = await rawRows(`SELECT ${COLUMN_LIST} FROM every ORDER BY id`, 0);
  const reader = await RawClient.trusted(
    join(world.server.socketDir, `.s.PGSQL.${world.server.port}`),
    world.server.superuser,
  );
  for (const [id, values] of raw.entries()) {
    for (const [at, value] of values.entries()) {
      const { type = '', name = '' } = columns[at] ?? {};
      const given = texts[id]?.[at] ?? null;
      // Both are parameters of the type, one in each format; a server that cannot read one says so.
      const answer = await reader.ask(
        parse('', `SELECT $1::${type}::text IS NOT DISTINCT FROM $2::${type}::text`),
        bind('', '', [value, given], { parameters: [1, 0] }),
        ...[describePortal(), execute(), sync()],
      );
      const row = answer.find((message) => message.type === 'D');
      assert.equal(
        row === undefined ? describe(answer) : valuesOf(row)[0],
        't',
        `${name} ${type} ${String(given)}`,
      );
    }
  }
  reader.close();
});

for (const format of ['text', 'csv', 'binary']) {
  test(`COPY in ${format} is read back by a server as what SELECT shows [masking.strategy-types]`, async () => {
    const file = join(folder, format);
    const through = await world.clientEnvironment();
    const options = `WITH (FORMAT ${format})`;
    const out = await runCommand('psql', ['-X', '-c', `\\copy every TO '${file}' ${options}`], through);
    assert.equal(`${out.stdout}${out.stderr}`, 'COPY 4\n');
    await world.server.query('TRUNCATE again');
    const direct = {
      ...{ PGHOST: world.server.host, PGPORT: String(world.server.port), PGDATABASE: 'postgres' },
      ...{ PGUSER: world.server.superuser, PGPASSWORD: world.server.password },
    };
    const back = await runCommand('psql', ['-X', '-c', `\\copy again FROM '${file}' ${options}`], direct);
    assert.equal(`${back.stdout}${back.stderr}`, 'COPY 4\n');
    const expected = await rows(`SELECT ${COLUMN_LIST} FROM every ORDER BY id`);
    const stored = { text: `SELECT ${COLUMN_LIST} FROM again ORDER BY id`, rowMode: 'array' as const };
    const { rows: actual } = await directly.query<unknown[]>(stored);
    for (const [id, values] of expected.entries()) {
      for (const [at, value] of values.entries()) {
        const what = `${columns[at]?.name} ${columns[at]?.type}`;
        assert.deepEqual(plain(actual[id]?.[at]), plain(value), what);
      }
    }
  });
}

test('treats types of somebody’s own as text, in COPY as a whole [masking.strategy-types]', async () => {
  const [first] = await rows('SELECT code FROM people ORDER BY id');
  assert.deepEqual(first, [null], 'a domain over a number is one');
  const moods = await rows('SELECT mood FROM people');
  for (const [mood] of moods) assert.match(String(mood), /^msk_[a-z2-7]{20}$/);
  assert.equal(new Set(moods.flat()).size, 2);
  const binary = await rawRows('SELECT mood FROM people', 1);
  assert.deepEqual(binary, [[null], [null]]);
  const out = await runCommand(
    'psql',
    ['-X', '-c', 'COPY people (id, code, mood, ssn) TO STDOUT'],
    await world.clientEnvironment(),
  );
  assert.deepEqual([out.stdout, out.stderr], ['1\t***\t***\t***6789\n2\t***\t***\t***4321\n', '']);
});
