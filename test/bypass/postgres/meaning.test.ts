import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  applyEffects,
  type StatementMeaning,
} from '../../../packages/gateway/src/protocols/postgres/statement/index.ts';
import { actionsOf, type StatementWorld, startStatementWorld } from './world.ts';

describe('what a statement means', () => {
  let world: StatementWorld;
  before(async () => {
    world = await startStatementWorld();
  });
  after(() => world.close());

  const anyColumn = [
    'SELECT c FROM customers c',
    'SELECT public.customers FROM public.customers',
    'SELECT customers FROM customers',
    'SELECT row_to_json(c) FROM customers c',
    'SELECT c.row_to_json FROM customers c',
    'SELECT c.leak FROM customers c',
    'SELECT (c).* FROM customers c',
    'SELECT (c.*)::text FROM customers c',
    'SELECT ROW(c.*) FROM customers c',
    'SELECT upper(x.d) FROM customers AS x (a, b, d)',
    'SELECT upper(b) FROM (SELECT * FROM customers) x (a, b)',
    'SELECT * FROM customers UNION SELECT * FROM customers',
    'TABLE customers UNION ALL TABLE customers',
    'SELECT ARRAY(SELECT x FROM customers x)',
    'SELECT * FROM customers a NATURAL JOIN customers b',
    'SELECT j FROM (customers a JOIN orders b ON true) j',
    'SELECT y FROM (customers a JOIN orders b ON true) AS j (x, y)',
    'COPY customers TO STDOUT',
    'COPY (SELECT * FROM customers) TO STDOUT',
    'WITH x AS (SELECT * FROM customers) SELECT upper(name) FROM x',
    'WITH x AS (DELETE FROM customers RETURNING *) SELECT * FROM x',
    'CREATE VIEW v AS SELECT * FROM customers',
    'CREATE TABLE v AS TABLE customers',
    'SELECT * INTO v FROM customers',
    "SELECT query_to_xml('SELECT * FROM customers', true, true, '')",
    "SELECT table_to_xml('customers', true, true, '')",
    'SELECT upper(number) FROM people',
    'UPDATE t SET a = 1 FROM customers RETURNING customers',
    'INSERT INTO customers VALUES (1) RETURNING (SELECT new)',
    'SELECT JSON_OBJECT(1 VALUE x) FROM (SELECT * FROM customers) x',
  ];
  for (const sql of anyColumn) {
    test(`says that any column may be shown by ${sql} [postgres.statement-columns]`, async () => {
      const meaning = await world.understand(sql);
      assert.equal(meaning.undetermined, null);
      assert.equal(meaning.anyColumn, true);
    });
  }

  const named: readonly (readonly [string, string])[] = [
    ['SELECT upper(ssn) FROM customers', 'ssn'],
    ['SELECT 1 FROM customers ORDER BY ssn', 'ssn'],
    ["SELECT 1 FROM customers WHERE ssn LIKE '1%'", 'ssn'],
    ['SELECT "ssn"::varchar FROM customers', 'ssn'],
    ['SELECT U&"\\0073sn" || name FROM customers', 'ssn'],
    ['SELECT max(c.ssn) FROM customers c', 'ssn'],
    ['SELECT a.name FROM customers a JOIN customers b USING (ssn)', 'ssn'],
    ['SELECT x FROM (SELECT ssn AS x FROM customers) y', 'ssn'],
    ['WITH y (x) AS (SELECT ssn FROM customers) SELECT x FROM y', 'ssn'],
    ["UPDATE customers SET ssn = '1'", 'ssn'],
    ["INSERT INTO customers (ssn) VALUES ('1')", 'ssn'],
    ['COPY customers (ssn) TO STDOUT', 'ssn'],
    ['EXPLAIN SELECT 1 FROM customers WHERE ssn = $1', 'ssn'],
    ['PREPARE p AS SELECT ssn FROM customers', 'ssn'],
    ['DECLARE c CURSOR FOR SELECT ssn FROM customers', 'ssn'],
    ['MERGE INTO customers c USING t ON c.id = t.a WHEN MATCHED THEN UPDATE SET ssn = 1', 'ssn'],
    ['SELECT count(*) FILTER (WHERE ssn IS NULL) OVER (PARTITION BY email) FROM customers', 'email'],
  ];
  for (const [sql, column] of named) {
    test(`names every column in ${sql} [postgres.statement-columns]`, async () => {
      const meaning = await world.understand(sql);
      assert.equal(meaning.undetermined, null);
      assert.ok(meaning.columnNames.has(column), [...meaning.columnNames].join());
    });
  }

  test('does not say so of columns that are described one by one [postgres.statement-columns]', async () => {
    for (const sql of [
      'SELECT * FROM customers',
      'SELECT c.*, c.id FROM customers c',
      'DELETE FROM customers RETURNING *',
    ]) {
      assert.equal((await world.understand(sql)).anyColumn, false, sql);
    }
  });

  test('counts the tables under a view and behind a temporary table [postgres.statement-columns]', async () => {
    const tables = (meaning: StatementMeaning) =>
      meaning.relations.map(({ schema, table }) => `${schema}.${table}`);
    assert.ok(tables(await world.understand('SELECT * FROM people_of_people')).includes('public.customers'));
    const made = await world.understand('CREATE TEMP TABLE x AS SELECT * FROM customers', 'SELECT * FROM x');
    assert.ok(tables(made).includes('public.customers'));
    const filled = await world.understand(
      'CREATE TEMP TABLE x (a text)',
      'INSERT INTO x SELECT ssn FROM customers',
      'SELECT * FROM x',
    );
    assert.ok(tables(filled).includes('public.customers'));
    assert.equal(filled.anyColumn, true);
  });

  test('gives one meaning to texts that differ in plain literals only [postgres.statement-cache]', async () => {
    const first = await world.understand("SELECT name FROM customers WHERE id = 1 AND ssn = 'a'");
    const second = await world.understand("SELECT name FROM customers WHERE id = 22 AND ssn = 'b''c'");
    assert.equal(second, first);
    const known = world.binder.bind("SELECT name FROM customers WHERE id = 3 AND ssn = ''", world.session());
    assert.equal(known, first);
  });

  test('gives different meanings where a literal was looked at [postgres.statement-cache]', async () => {
    const role = await world.understand("SELECT set_config('role', 'a', false)");
    const memory = await world.understand("SELECT set_config('work_mem', 'a', false)");
    assert.deepEqual([actionsOf(role), actionsOf(memory)], [['set_role a'], ['set work_mem']]);
    const first = await world.understand("SELECT query_to_xml('SELECT 1', true, true, '')");
    const second = await world.understand("SELECT query_to_xml('DELETE FROM t', true, true, '')");
    assert.notDeepEqual(actionsOf(first), actionsOf(second));
  });

  test('gives different meanings to sessions whose names resolve differently [postgres.statement-cache]', async () => {
    const plain = await world.understand('SELECT a FROM t');
    const moved = await world.understand('SET search_path = secret', 'SELECT a FROM t');
    assert.notEqual(plain, moved);
    assert.deepEqual(actionsOf(moved), ['select public.t', 'select secret.t']);
  });

  test('looks names up in the schema of every role the session may be [postgres.statement-actions]', async () => {
    await world.server.query('CREATE SCHEMA other; CREATE TABLE other.t (a int)');
    world.catalog.changed();
    for (const become of [
      'SET ROLE other',
      "SELECT set_config('role', 'other', true)",
      'SET SESSION AUTHORIZATION other',
    ]) {
      assert.deepEqual(actionsOf(await world.understand(become, 'SELECT a FROM t')), [
        'select other.t',
        'select public.t',
      ]);
    }
    const inOneText = await world.understand('SET ROLE other; SELECT a FROM t');
    assert.ok(actionsOf(inOneText).includes('select other.t'));
    const unknown = await world.understand("SELECT set_config('role', c, true) FROM t", 'SELECT a FROM t');
    assert.match(unknown.undetermined ?? '', /open a new one/);
  });

  test('understands a prepared statement anew when the search path changed [postgres.statement-actions]', async () => {
    const state = world.session();
    const early = await world.binder.bind('SELECT a FROM t WHERE b = $1', state);
    assert.equal(await world.binder.rebind(early, state), early);
    applyEffects(state, await world.binder.bind('SET search_path = secret', state));
    const late = await world.binder.rebind(early, state);
    assert.deepEqual(actionsOf(late), ['select public.t', 'select secret.t']);
  });

  test('sees a relation others made, once it is in the catalog [postgres.catalog]', async () => {
    assert.match((await world.understand('SELECT * FROM later')).undetermined ?? '', /not in the catalog/);
    await world.server.query('CREATE TABLE public.later (a int)');
    world.catalog.changed();
    assert.deepEqual(actionsOf(await world.understand('SELECT * FROM later')), ['select public.later']);
  });

  test('keeps what it understood while the catalog says the same [postgres.catalog]', async () => {
    const first = await world.understand('SELECT a FROM t WHERE b = 7');
    await world.catalog.refresh();
    assert.equal(await world.understand('SELECT a FROM t WHERE b = 8'), first);
    await world.server.query('CREATE VIEW public.newer AS SELECT 1 AS one');
    await world.catalog.refresh();
    assert.notEqual(await world.understand('SELECT a FROM t WHERE b = 9'), first);
  });

  test('counts an empty text as one statement that does nothing [postgres.statement-actions]', async () => {
    for (const text of ['', ' ', ';', '-- x', '/* x */']) {
      const meaning = await world.understand(text);
      assert.deepEqual([meaning.statements, actionsOf(meaning)], [0, ['transact']], text);
    }
  });

  test('reads the options of a COPY [postgres.statement-columns]', async () => {
    const out = await world.understand(
      `COPY customers (id, ssn) TO STDOUT (FORMAT csv, HEADER, DELIMITER ';', NULL 'x', QUOTE '|')`,
    );
    assert.deepEqual(out.copy, {
      direction: 'out',
      format: 'csv',
      relation: { schema: 'public', table: 'customers' },
      columns: ['id', 'ssn'],
      options: {
        delimiter: ';',
        nullText: 'x',
        quote: '|',
        escape: '|',
        header: true,
        forceQuote: [],
        encoding: null,
      },
    });
    const old = await world.understand('COPY customers FROM STDIN WITH CSV HEADER');
    assert.deepEqual([old.copy?.direction, old.copy?.format, old.copy?.options.header], ['in', 'csv', true]);
    const query = await world.understand('COPY (SELECT 1) TO STDOUT (FORMAT binary)');
    assert.deepEqual([query.copy?.relation, query.copy?.format], [null, 'binary']);
    assert.equal((await world.understand("COPY customers TO '/x'")).copy, null);
    assert.equal((await world.understand('COPY customers TO STDOUT; SELECT 1')).copy, null);
    assert.equal(
      (await world.understand('COPY customers TO STDOUT (HEADER false)')).copy?.options.header,
      false,
    );
  });

  test('knows views, partitions and dropped columns of a real server [postgres.catalog]', async () => {
    await world.server.query('ALTER TABLE public.t DROP COLUMN b');
    await world.catalog.refresh();
    const { snapshot } = world.catalog;
    const relation = (name: string) => snapshot?.relation('public', name);
    const customers = relation('customers');
    assert.deepEqual(customers?.columns, ['id', 'name', 'ssn', 'email']);
    assert.deepEqual(relation('t')?.columns, ['a', null, 'c']);
    assert.equal(snapshot?.relationByOid(customers?.oid ?? 0), customers);
    assert.deepEqual(relation('parts_1')?.parents, [relation('parts')?.oid]);
    const origins = relation('people_of_people')?.origins ?? [];
    assert.ok(origins.some(({ oid, column }) => oid === customers?.oid && column === 'ssn'));
    assert.ok(!origins.some(({ oid, column }) => oid === customers?.oid && column === 'email'));
    assert.deepEqual(
      [relation('seq')?.kind, relation('totals')?.kind, relation('people')?.kind],
      ['S', 'm', 'v'],
    );
    assert.ok(snapshot?.hasRoutine('pg_catalog', 'count') && snapshot.hasRoutine('public', 'act'));
    assert.ok(snapshot?.schemas.has('monitoring'));
    assert.deepEqual(snapshot?.searchPath, ['$user', 'public']);
  });
});
