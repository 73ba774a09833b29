import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { StatementMeaning } from '../../../packages/gateway/src/protocols/postgres/statement/index.ts';
import { startStatementWorld } from './world.ts';

const world = await startStatementWorld();
after(() => world.close());

/** `table.column roles`, sorted; public is left out. */
function usesOf(meaning: StatementMeaning): string[] {
  const uses = meaning.columns?.uses ?? [];
  return uses
    .map(({ schema, table, column, roles }) => {
      return `${schema === 'public' ? '' : `${schema}.`}${table}.${column} ${roles.join()}`;
    })
    .sort();
}

const ROLES: Readonly<Record<string, readonly string[]>> = {
  "SELECT id, upper(name) AS n FROM customers WHERE ssn LIKE '1%' ORDER BY 2, email": [
    'customers.email order',
    'customers.id output',
    'customers.name output,order',
    'customers.ssn filter',
  ],
  'SELECT b AS x, max(a) FROM t GROUP BY x HAVING min(c) > $$k$$ ORDER BY max(a)': [
    't.a order,aggregate',
    't.b output,group',
    't.c filter,aggregate',
  ],
  'SELECT DISTINCT a FROM t LIMIT (SELECT max(id) FROM orders)': [
    'orders.id aggregate,limit',
    't.a output,group',
  ],
  'SELECT DISTINCT ON (c) a FROM t': ['t.a output', 't.c group'],
  'SELECT sum(a) FILTER (WHERE b > 1) OVER (PARTITION BY c ORDER BY a) FROM t': [
    't.a order,aggregate',
    't.b filter',
    't.c group',
  ],
  'SELECT CASE WHEN a > 1 THEN b END FROM t': ['t.a filter', 't.b output'],
  'SELECT length(c), count(*), count(b) FROM t GROUP BY ROLLUP (1, a)': [
    't.a group',
    't.b aggregate',
    't.c output,group',
  ],
  'SELECT x.b FROM t x JOIN secret.t y USING (a) JOIN orders o ON o.id = y.b NATURAL JOIN status': [
    'orders.id join',
    'orders.status join',
    'secret.t.a join',
    'secret.t.b join',
    'status.status join',
    't.a join',
    't.b output',
  ],
  // What is done to a column of a subquery is done to what it is made of.
  'SELECT count(*) FROM (SELECT ssn AS x, name FROM customers) s WHERE x = $$1$$': [
    'customers.name other',
    'customers.ssn filter',
  ],
  'WITH w AS (SELECT max(ssn) AS m, email FROM customers GROUP BY 2) SELECT m FROM w ORDER BY email': [
    'customers.email order,group',
    'customers.ssn aggregate',
  ],
  'SELECT count(*) FROM (SELECT ssn FROM customers INTERSECT SELECT c FROM t) s': [
    'customers.ssn filter,group',
    't.c filter,group',
  ],
  'SELECT a FROM t WHERE EXISTS (SELECT ssn FROM customers WHERE email = c)': [
    'customers.email filter',
    'customers.ssn other',
    't.a output',
    't.c filter',
  ],
  'SELECT a FROM t WHERE c IN (SELECT ssn FROM customers)': [
    'customers.ssn filter',
    't.a output',
    't.c filter',
  ],
  'WITH RECURSIVE r AS (SELECT a, b FROM t WHERE c > $$$$ UNION ALL SELECT t.a, r.b FROM t JOIN r ON t.b = r.a) SELECT b FROM r':
    ['t.a join', 't.b output,join', 't.c filter'],
  'UPDATE t SET a = b, c = $$x$$ WHERE a > 1 RETURNING c': [
    't.a filter,write',
    't.b output,store',
    't.c output,write',
  ],
  'INSERT INTO t (a, c) SELECT id, name FROM customers WHERE ssn > $$1$$': [
    'customers.id output,store',
    'customers.name output,store',
    'customers.ssn filter',
    't.a write',
    't.c write',
  ],
  'INSERT INTO customers (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET name = excluded.email WHERE customers.ssn > $$$$':
    ['customers.id filter,write', 'customers.name write', 'customers.ssn filter'],
  'DELETE FROM t USING orders o WHERE o.id = a': ['orders.id filter', 't.a filter'],
  'COPY customers (id, ssn) TO STDOUT': ['customers.id output', 'customers.ssn output'],
  'COPY t FROM STDIN WHERE a > 1': ['t.a filter,write', 't.b write', 't.c write'],
  'COPY (SELECT ssn FROM customers ORDER BY id) TO STDOUT': ['customers.id order', 'customers.ssn output'],
  'SELECT c FROM t ORDER BY t': ['t.a order', 't.b order', 't.c output,order'],
  'SELECT xmin FROM t WHERE ctid > $$(0,1)$$': ['t.ctid filter', 't.xmin output'],
  'SELECT id FROM people WHERE number > $$1$$': [
    'customers.id output',
    'customers.ssn filter',
    'people.id output',
    'people.number filter',
  ],
  'PREPARE p AS SELECT id FROM customers WHERE ssn = $1': ['customers.id output', 'customers.ssn filter'],
  'EXPLAIN SELECT id FROM customers WHERE ssn = $$1$$': ['customers.id output', 'customers.ssn filter'],
  "SELECT query_to_xml('SELECT name FROM customers ORDER BY ssn', true, true, '')": [
    'customers.name output,compute',
    'customers.ssn order',
  ],
  // What cannot fail tells nothing; what can does.
  "SELECT upper(name) || left(email, 3), ssn::text, to_jsonb(id), coalesce(ssn, 'x') = name FROM customers": [
    'customers.email output',
    'customers.id output',
    'customers.name output',
    'customers.ssn output',
  ],
  "SELECT ssn::int, 1 / id, lpad('x', length(name)), substr(email, 1, 2) FROM customers": [
    'customers.email output',
    'customers.id output,compute',
    'customers.name output,compute',
    'customers.ssn output,compute',
  ],
  'SELECT pg_sleep(length(name)), act(id), secret.lower(ssn), set_config($$a.b$$, email, false) FROM customers':
    [
      'customers.email output,compute',
      'customers.id output,compute',
      'customers.name output,compute',
      'customers.ssn output,compute',
    ],
  'SELECT g FROM customers c, LATERAL generate_series(1, c.id) g': ['customers.id output,compute,other'],
  'CREATE TABLE copies AS SELECT ssn FROM customers': ['customers.ssn output,store'],
  'SELECT ssn INTO TEMP copies FROM customers': ['customers.ssn output,store'],
  'CREATE VIEW shown AS SELECT ssn FROM customers': ['customers.ssn output'],
  'DO $x$ BEGIN PERFORM ssn FROM customers; END $x$': ['customers.ssn output,compute'],
  "SELECT count(*), table_to_xml('status', true, true, '') FROM status": [
    'status.label output',
    'status.status output',
  ],
};

for (const [statement, expected] of Object.entries(ROLES)) {
  test(`says what columns are for in ${statement} [postgres.columns-roles]`, async () => {
    const meaning = await world.understand(statement);
    assert.deepEqual(usesOf(meaning), [...expected].sort());
    assert.ok(Object.isFrozen(meaning.columns) && Object.isFrozen(meaning.columns?.uses[0]));
  });
}

test('counts every relation an unqualified name may be [postgres.columns-sound]', async () => {
  const meaning = await world.understand('SET search_path = secret', 'SELECT a FROM t WHERE b = 1');
  assert.deepEqual(usesOf(meaning), ['secret.t.a output', 'secret.t.b filter', 't.a output', 't.b filter']);
  assert.deepEqual(meaning.outputs?.[0]?.inputs?.length, 2);
});

test('goes on outward when a nearer level may not have the column [postgres.columns-sound]', async () => {
  await world.server.query('CREATE TABLE secret.status (only_here text, status text)');
  world.catalog.changed();
  // Either status may be meant: one has no label, so that the column may be of the outer one.
  const meaning = await world.understand(
    'SET search_path = secret',
    'SELECT (SELECT only_here FROM status) FROM (SELECT ssn AS only_here FROM customers) s',
  );
  assert.deepEqual(usesOf(meaning), ['customers.ssn output', 'secret.status.only_here output']);
});

test('takes a name nothing is known of for any column [postgres.columns-sound]', async () => {
  const lost = await world.understand('SELECT nowhere FROM t, orders WHERE a = 1');
  assert.deepEqual(usesOf(lost), ['orders.* output', 't.* output', 't.a filter']);
  assert.equal(lost.outputs?.[0]?.inputs, null);
  const temporary = await world.understand(
    'CREATE TEMP TABLE scratch AS SELECT ssn AS x FROM customers',
    'SELECT x, a FROM scratch, t',
  );
  assert.deepEqual(usesOf(temporary), ['pg_temp.scratch.x output', 't.a output']);
  assert.equal(temporary.outputs?.[0]?.inputs, null);
  const star = await world.understand('CREATE TEMP TABLE scratch (x int)', 'SELECT * FROM scratch, t');
  assert.equal(star.outputs, null);
  assert.ok(usesOf(star).includes('pg_temp.scratch.* output'));
});

/** `name` with `=` for a column itself or `<` for what is made of columns, and those. */
function outputsOf({ outputs }: StatementMeaning): string[] | null {
  return (
    outputs?.map(({ name, inputs, direct }) => {
      const from = inputs === null ? '?' : inputs.map(({ table, column }) => `${table}.${column}`).join(' ');
      return `${name ?? '?'}${direct ? '=' : '<'}${from}`;
    }) ?? null
  );
}

const OUTPUTS: Readonly<Record<string, readonly string[] | null>> = {
  'SELECT id, name AS n, upper(ssn), 1 FROM customers': [
    'id=customers.id',
    'n=customers.name',
    'upper<customers.ssn',
    '?column?<',
  ],
  'SELECT * FROM t': ['a=t.a', 'b=t.b', 'c=t.c'],
  'SELECT x FROM (SELECT ssn || email AS x FROM customers) s': ['x<customers.email customers.ssn'],
  'SELECT CASE WHEN ssn > $$1$$ THEN name ELSE email END AS r FROM customers': [
    'r<customers.email customers.name',
  ],
  'SELECT (SELECT ssn FROM customers WHERE id = t.a) AS s FROM t': ['s<customers.ssn'],
  'SELECT max(ssn), count(*), count(id) FROM customers': [
    'max<customers.ssn',
    'count<',
    'count<customers.id',
  ],
  'SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY ssn) FROM customers': ['percentile_disc<customers.ssn'],
  'SELECT a FROM t UNION ALL SELECT id FROM customers': ['a=customers.id t.a'],
  'SELECT c FROM t UNION SELECT upper(ssn) FROM customers': ['c<customers.ssn t.c'],
  'WITH w (x, y) AS (SELECT id, ssn FROM customers) SELECT y FROM w': ['y=customers.ssn'],
  'WITH RECURSIVE r (x, y) AS (SELECT a, b FROM t UNION SELECT y, x FROM r) SELECT x FROM r': ['x=t.a t.b'],
  'SELECT customers FROM customers': ['customers<customers.email customers.id customers.name customers.ssn'],
  'SELECT row_to_json(o) FROM orders o': ['row_to_json<orders.customer orders.id orders.status orders.total'],
  'SELECT a FROM t JOIN secret.t s USING (a)': ['a=t.a t.a'],
  'SELECT a FROM t LEFT JOIN secret.t s USING (a)': ['a=t.a'],
  'SELECT v FROM t, LATERAL (VALUES (a), (b)) x (v)': ['v<t.a t.b'],
  'SELECT g FROM t, generate_series(a, b) g': ['g<t.a t.b'],
  'SELECT number FROM people_of_people': ['number=people_of_people.number people.number customers.ssn'],
  'SELECT total FROM totals': ['total<totals.total orders.total'],
  'SELECT leak(c) FROM customers c': ['leak<?'],
  'SELECT c.leak FROM customers c': ['leak<?'],
  "SELECT query_to_xml('SELECT 1', true, true, '')": ['query_to_xml<?'],
  'VALUES (1, 2)': ['column1<', 'column2<'],
  'TABLE status': ['status=status.status', 'label=status.label'],
  'DELETE FROM t RETURNING c AS gone': ['gone=t.c'],
  'COPY customers (ssn) TO STDOUT': ['ssn=customers.ssn'],
  'INSERT INTO t VALUES (1)': [],
  BEGIN: [],
  'SHOW work_mem': null,
  'EXPLAIN SELECT ssn FROM customers': null,
  'SELECT 1; SELECT ssn FROM customers': null,
  'BEGIN; SELECT id FROM orders; COMMIT': ['id=orders.id'],
  'SELECT (leak_row(t)).* FROM t': null,
};

for (const [statement, expected] of Object.entries(OUTPUTS)) {
  test(`says where the answer comes from in ${statement} [postgres.columns-outputs]`, async () => {
    assert.deepEqual(outputsOf(await world.understand(statement)), expected);
  });
}

test('knows the answer of what is run under a name [postgres.columns-outputs]', async () => {
  const executed = await world.understand(
    'PREPARE p AS SELECT ssn FROM customers WHERE id = $1',
    'EXECUTE p (1)',
  );
  assert.deepEqual(outputsOf(executed), ['ssn=customers.ssn']);
  assert.deepEqual(usesOf(executed), ['customers.id filter', 'customers.ssn output']);
  const fetched = await world.understand(
    'BEGIN',
    'DECLARE k CURSOR FOR SELECT upper(name) FROM customers',
    'FETCH 3 FROM k',
  );
  assert.deepEqual(outputsOf(fetched), ['upper<customers.name']);
  const both = await world.understand('PREPARE p AS SELECT 1', 'EXECUTE p; EXECUTE p');
  assert.equal(both.outputs, null);
  const closed = await world.understand('BEGIN', 'DECLARE k CURSOR FOR SELECT 1', 'CLOSE k');
  assert.deepEqual(closed.outputs, []);
});
