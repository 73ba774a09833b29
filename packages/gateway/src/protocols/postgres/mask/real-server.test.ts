import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { FrameReader } from '@sallyport/postgres-wire';
import pg from 'pg';
import { type PostgresServer, startPostgres } from '../../../../../../test/fixtures/postgres-server.ts';
import { createMasking, maskingSection } from '../../../masking/index.ts';
import type { CatalogSnapshot } from '../statement/catalog.ts';
import { snapshotOf } from '../statement/catalog-snapshot.ts';
import { CATALOG_SQL } from '../statement/catalog-sql.ts';
import { copyOut } from './catalog.test-support.ts';
import {
  type ColumnOrigins,
  type CopyPlan,
  compileCopyPlan,
  compileRowPlan,
  finishCopy,
  maskCopyData,
  maskErrorFields,
  maskRows,
  type ReplyScope,
  type RowPlan,
} from './index.ts';

const mask = createMasking(
  maskingSection.parse({
    classified: [
      { column: 'public.people.ssn', class: 'ssn' },
      { column: 'public.people.born', class: 'birthday' },
      { column: 'public.people.doc', class: 'document' },
      { column: 'public.people.tags', class: 'document' },
    ],
  }),
).compile('t', []);

let server: PostgresServer;
let snapshot: CatalogSnapshot;
const origins: ColumnOrigins = {
  version: 1,
  get declares() {
    return snapshot.declares;
  },
  relation: (oid) => snapshot.relationByOid(oid),
  named: (schema, table) => snapshot.relation(schema, table),
};
/** What the statement under way is taken to mean. */
let scope: ReplyScope;

/** Masks what a real server says to a real client. */
const proxy = createServer((client) => {
  const upstream = connect(server.port, server.host);
  const frames = new FrameReader(1 << 24);
  let rows: RowPlan | null = null;
  let copy: CopyPlan | null = null;
  const answer = (type: number, bytes: Buffer, start: number, end: number): Buffer | null => {
    const from = start - 5;
    switch (String.fromCharCode(type)) {
      case 'T':
        rows = compileRowPlan(bytes, start, end, scope, mask, origins);
        return null;
      case 'D':
        return rows === null ? null : maskRows(bytes, from, end, rows).bytes;
      case 'H':
        copy = compileCopyPlan(scope, mask, origins);
        return null;
      case 'd':
        return copy === null ? null : maskCopyData(bytes, from, end, copy);
      case 'c': {
        const last = copy === null ? null : finishCopy(copy);
        return last === null ? null : Buffer.concat([last, bytes.subarray(from, end)]);
      }
      case 'E':
      case 'N':
        return maskErrorFields(bytes, start, end, scope, mask, origins);
      default:
        return null;
    }
  };
  upstream.on('data', (chunk) =>
    frames.push(chunk, (type, bytes, start, end) =>
      client.write(answer(type, bytes, start, end) ?? Buffer.from(bytes.subarray(start - 5, end))),
    ),
  );
  client.pipe(upstream);
  client.on('error', () => upstream.destroy());
  upstream.on('error', () => client.destroy());
  upstream.on('close', () => client.destroy());
});

let client: pg.Client;

before(async () => {
  server = await startPostgres({
    auth: 'trust',
    initSql: `
      CREATE TABLE people (id int PRIMARY KEY, name text, ssn varchar(11) UNIQUE, born date, doc jsonb, tags text[], contact text);
      INSERT INTO people SELECT i, 'name ' || i, format('123-45-%s', 1000 + i), '1990-01-01', '{"k": "hidden"}', '{hidden}', format('u%s@example.com', i)
        FROM generate_series(1, 500) i;
      CREATE VIEW staff AS SELECT id, name, ssn AS number FROM people;
      CREATE TABLE places (id int, city text, tags text[]);
      INSERT INTO places VALUES (1, 'Paris', '{a,b}'), (2, 'mail x@example.com', '{x@example.com}');
    `,
  });
  const result = await server.query(CATALOG_SQL);
  snapshot = snapshotOf(
    result.map((row) => Object.values(row).map(String)),
    1,
  );
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  client = new pg.Client({
    host: '127.0.0.1',
    port: (proxy.address() as AddressInfo).port,
    user: server.superuser,
    database: 'postgres',
  });
  await client.connect();
});

after(async () => {
  await client.end();
  proxy.close();
  await server.stop();
});

const over = (
  tables: readonly string[],
  columns: readonly string[],
  more: Partial<ReplyScope> = {},
): ReplyScope => ({
  relations: tables.map((table) => ({ schema: 'public', table })),
  columnNames: new Set(columns),
  anyColumn: false,
  copy: null,
  evaluations: [],
  ...more,
});

async function rows(sql: string, of: ReplyScope, binary = false): Promise<unknown[][]> {
  scope = of;
  if (!binary) return (await client.query<unknown[]>({ text: sql, rowMode: 'array' })).rows;
  // Only the extended protocol asks for binary, and only rows as objects are read as such.
  const query = { text: sql, queryMode: 'extended', binary };
  return (await client.query<Record<string, unknown>>(query)).rows.map(Object.values);
}

test('masks rows of a real server in text format, as its client parses them [masking.postgres-server]', async () => {
  const all = await rows('SELECT * FROM people ORDER BY id', over(['people'], ['id']));
  assert.equal(all.length, 500);
  for (const [i, row] of all.entries())
    assert.deepEqual(row, [i + 1, `name ${i + 1}`, '***', null, '***', null, '***']);
});

test('masks rows of a real server in binary format [masking.postgres-server]', async () => {
  const sql = 'SELECT id, name, ssn, born, contact FROM people WHERE id <= 3 ORDER BY id';
  assert.deepEqual(await rows(sql, over(['people'], ['id', 'name', 'ssn', 'born', 'contact']), true), [
    [1, 'name 1', '***', null, '***'],
    [2, 'name 2', '***', null, '***'],
    [3, 'name 3', '***', null, '***'],
  ]);
});

test('follows aliases, views and joins by origin, and hides what is computed [masking.postgres-server]', async () => {
  const cases: readonly [sql: string, scope: ReplyScope, expected: unknown[]][] = [
    [
      'SELECT x.a, x.b FROM (SELECT ssn AS a, name AS b FROM people WHERE id = 1) x',
      over(['people'], ['a', 'b', 'ssn', 'name', 'id']),
      ['***', 'name 1'],
    ],
    [
      'SELECT id, name, number FROM staff WHERE id = 1',
      over(['staff', 'people'], ['id', 'name', 'number']),
      [1, 'name 1', '***'],
    ],
    [
      'SELECT substr(ssn, 1, 3), ssn::text, length(ssn) FROM people WHERE id = 1',
      over(['people'], ['ssn', 'id']),
      ['***', '***', null],
    ],
    [
      'SELECT people FROM people WHERE id = 1',
      over(['people'], ['people', 'id'], { anyColumn: true }),
      ['***'],
    ],
    [
      'SELECT row_to_json(people) FROM people WHERE id = 1',
      over(['people'], ['people', 'id'], { anyColumn: true }),
      ['***'],
    ],
    [
      'SELECT upper(name), count(*) FROM people WHERE id = 1 GROUP BY name',
      over(['people'], ['name', 'id']),
      ['NAME 1', '1'],
    ],
    [
      'SELECT city, tags FROM places WHERE id = 2',
      over(['places'], ['city', 'tags', 'id']),
      ['mail ***', ['***']],
    ],
  ];
  for (const [sql, of, expected] of cases) assert.deepEqual(await rows(sql, of), [expected], sql);
});

test('masks errors of a real server [masking.postgres-server]', async () => {
  const failure = async (sql: string, of: ReplyScope): Promise<pg.DatabaseError> => {
    scope = of;
    return client.query(sql).then(
      () => assert.fail('it must fail'),
      (fault: pg.DatabaseError) => fault,
    );
  };
  const cast = await failure('SELECT ssn::int FROM people WHERE id = 1', over(['people'], ['ssn', 'id']));
  assert.deepEqual([cast.code, cast.message], ['22P02', 'invalid input syntax for type integer ***']);
  const duplicate = await failure(
    "INSERT INTO people (id, ssn) VALUES (900, '123-45-1001')",
    over(['people'], ['id', 'ssn']),
  );
  assert.deepEqual(
    [duplicate.code, duplicate.constraint, JSON.stringify(duplicate).includes('123-45')],
    ['23505', 'people_ssn_key', false],
  );
  const raised = await failure(
    "DO $$ BEGIN RAISE EXCEPTION 'it is %', (SELECT ssn FROM people LIMIT 1); END $$",
    over(['people'], ['ssn']),
  );
  assert.equal(JSON.stringify([raised.message, raised]).includes('123-45'), false);
  const missing = await failure('SELECT nothing FROM people', over(['people'], ['nothing']));
  assert.equal(missing.message, 'column "nothing" does not exist');
});

test('masks COPY of a real server in every format [masking.postgres-server]', async () => {
  const copied = async (sql: string, of: ReplyScope): Promise<Buffer> => {
    scope = of;
    const parts: Buffer[] = [];
    const query = new CopyQuery(sql, (part) => parts.push(part));
    await new Promise<void>((resolve, reject) => {
      query.done = (fault) => (fault === null ? resolve() : reject(fault));
      client.query(query);
    });
    return Buffer.concat(parts);
  };
  const columns = ['id', 'ssn', 'name', 'contact'];
  const text = await copied(
    'COPY people (id, ssn, name, contact) TO STDOUT',
    over(['people'], columns, { copy: copyOut('people', 'text', {}, columns) }),
  );
  assert.deepEqual(text.toString().split('\n').slice(0, 2), ['1\t***\tname 1\t***', '2\t***\tname 2\t***']);
  assert.equal(text.toString().split('\n').length, 501);
  const csv = await copied(
    'COPY people (id, ssn, name, contact) TO STDOUT (FORMAT csv, HEADER)',
    over(['people'], columns, { copy: copyOut('people', 'csv', { header: true }, columns) }),
  );
  assert.deepEqual(csv.toString().split('\n').slice(0, 2), ['id,ssn,name,contact', '1,***,name 1,***']);
  const binary = await copied(
    'COPY people (id, ssn, name, contact) TO STDOUT (FORMAT binary)',
    over(['people'], columns, { copy: copyOut('people', 'binary', {}, columns) }),
  );
  assert.equal(binary.includes('123-45') || binary.includes('@example.com'), false);
  assert.equal(binary.includes('name 500'), true);
  assert.equal(binary.readInt16BE(binary.length - 2), -1);
});

/** The least that node-postgres asks of a query, for COPY TO STDOUT. */
class CopyQuery {
  done: (fault: Error | null) => void = () => undefined;
  readonly #sql: string;
  readonly #part: (part: Buffer) => void;

  constructor(sql: string, part: (part: Buffer) => void) {
    this.#sql = sql;
    this.#part = part;
  }

  submit(connection: { query(sql: string): void }): void {
    connection.query(this.#sql);
  }

  handleCopyData({ chunk }: { chunk: Buffer }): void {
    this.#part(Buffer.from(chunk));
  }

  handleError(fault: Error): void {
    this.done(fault);
  }

  handleReadyForQuery(): void {
    this.done(null);
  }

  handleCommandComplete(): void {}
}
