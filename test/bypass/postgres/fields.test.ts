import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startStatementWorld } from './world.ts';

const SCHEMA = `
CREATE TABLE customers (id int PRIMARY KEY, name text, ssn text, coded text GENERATED ALWAYS AS (ssn || 'x') STORED);
CREATE TABLE notes (id int, body text);
COMMENT ON COLUMN notes.body IS 'sallyport:class=note';
CREATE VIEW people AS SELECT id, ssn AS number, upper(name) AS loud FROM customers WHERE name <> 'x';
CREATE VIEW people_of_people AS SELECT number AS no FROM people;
CREATE TABLE parts (id int, word text) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
CREATE FUNCTION known(text) RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM customers WHERE ssn LIKE $1';
CREATE FUNCTION shown(int) RETURNS text LANGUAGE sql AS 'SELECT ssn FROM customers WHERE id = $1';
CREATE VIEW told AS SELECT id, shown(id) AS body FROM notes;
CREATE FUNCTION run(int) RETURNS text LANGUAGE plpgsql AS 'DECLARE x text; BEGIN SELECT ssn INTO x FROM customers; RETURN x; END';
CREATE FUNCTION same(text, text) RETURNS bool LANGUAGE sql AS 'SELECT $1 = $2';
CREATE OPERATOR ~== (LEFTARG = text, RIGHTARG = text, FUNCTION = same);
`;

const world = await startStatementWorld(undefined, SCHEMA);
after(() => world.close());

/** `kind table.column roles`, sorted; public is left out. */
async function fieldsOf(...texts: readonly string[]): Promise<string[]> {
  const { fields = [] } = await world.understand(...texts);
  return fields
    .map(({ kind, field: { schema, table, column }, roles }) => {
      return `${kind} ${schema === 'public' ? '' : `${schema}.`}${table}.${column} ${roles.join()}`;
    })
    .sort();
}

const FIELDS: Readonly<Record<string, readonly string[]>> = {
  'SELECT id, upper(ssn) FROM customers': [],
  "SELECT id FROM customers WHERE ssn LIKE '1%'": ['probe customers.ssn filter'],
  'SELECT count(*) FROM customers GROUP BY ssn ORDER BY max(name)': [
    'probe customers.name aggregate,order',
    'probe customers.ssn group',
  ],
  // What a view is asked, what is under it is asked.
  'SELECT id FROM people WHERE number > $$1$$': ['probe customers.ssn filter', 'probe people.number filter'],
  'SELECT 1 FROM people_of_people ORDER BY no': [
    'probe customers.ssn order',
    'probe people.number order',
    'probe people_of_people.no order',
  ],
  // What the view asks itself is not the agent's question.
  'SELECT loud FROM people': [],
  'SELECT 1 FROM customers WHERE coded = $$1$$': [
    'probe customers.coded filter',
    'probe customers.ssn filter',
  ],
  'SELECT 1 FROM parts WHERE word = $$1$$': ['probe parts.word filter', 'probe parts_1.word filter'],
  'SELECT 1 FROM parts_1 WHERE word = $$1$$': ['probe parts.word filter', 'probe parts_1.word filter'],
  'SELECT known($$1%$$)': ['probe customers.ssn filter'],
  'SELECT shown(1)': ['probe customers.id filter'],
  'SELECT id FROM notes WHERE shown(id) > $$0$$': [
    'probe customers.id filter',
    'probe customers.ssn filter',
    'probe notes.id compute,filter',
  ],
  'SELECT shown(1)::int': ['probe customers.id filter', 'probe customers.ssn compute'],
  'UPDATE notes SET body = shown(1)': [
    'probe customers.id filter',
    'probe customers.ssn store',
    'write notes.body update',
  ],
  // A view shows what a function returns, and a definition takes it.
  'SELECT body FROM told': ['probe customers.id filter'],
  'SELECT id FROM told WHERE body LIKE $$1%$$': [
    'probe customers.id filter',
    'probe customers.ssn filter',
    'probe notes.id filter',
    'probe told.body filter',
  ],
  'CREATE TABLE kept AS SELECT body FROM told': [
    'probe customers.id filter',
    'probe customers.ssn store',
    'probe notes.id store',
    'probe told.body store',
  ],
  'ALTER TABLE notes ADD COLUMN z text DEFAULT shown(1)': [
    'probe customers.id filter',
    'probe customers.ssn compute',
  ],
  'SELECT run(1)': ['probe customers.ssn compute'],
  'SELECT ssn ~== $$1$$ FROM customers': ['probe customers.ssn compute'],
  'SELECT id, ssn || name FROM customers': [],
  'INSERT INTO notes (body) SELECT ssn FROM customers': [
    'probe customers.ssn store',
    'write notes.body insert',
  ],
  'UPDATE notes n SET body = c.ssn FROM customers c WHERE c.id = n.id': [
    'probe customers.id filter',
    'probe customers.ssn store',
    'probe notes.id filter',
    'write notes.body update',
  ],
  'UPDATE customers SET ssn = $1': ['write customers.ssn update'],
  'ALTER TABLE customers ADD CHECK (ssn > $$1$$)': ['probe customers.ssn compute'],
  'ALTER TABLE notes ALTER body TYPE text USING upper(body)': ['probe notes.body compute'],
  'CREATE INDEX ON customers (lower(ssn))': ['probe customers.ssn compute'],
  'ALTER TABLE customers RENAME ssn TO harmless': ['declassify customers.ssn rename'],
  'ALTER TABLE parts RENAME word TO harmless': [
    'declassify parts.word rename',
    'declassify parts_1.word rename',
  ],
  'ALTER TABLE notes SET SCHEMA pg_temp': ['declassify notes.body move', 'declassify notes.id move'],
  'ALTER TABLE parts DETACH PARTITION parts_1': [
    'declassify parts.id leave',
    'declassify parts.word leave',
    'declassify parts_1.id leave',
    'declassify parts_1.word leave',
  ],
  "COMMENT ON COLUMN notes.id IS 'x'": [],
  "COMMENT ON COLUMN notes.body IS 'x'": ['declassify notes.body comment'],
  'SELECT min(most_common_vals::text) FROM pg_stats': ['probe *.*.* aggregate'],
  "SELECT most_common_vals FROM pg_stats WHERE tablename = 'customers'": [],
  "SELECT pid FROM pg_stat_activity WHERE query LIKE '%x%'": ['probe *.*.* filter'],
  'SELECT reltuples FROM pg_class ORDER BY relname': [],
};

for (const [statement, expected] of Object.entries(FIELDS)) {
  test(`knows what is asked of columns by ${statement} [masking.probes]`, async () => {
    assert.deepEqual(await fieldsOf(statement), [...expected].sort());
  });
}

test('knows what a prepared statement, a cursor and a new relation made of one ask [masking.probes]', async () => {
  const asks = ['probe customers.ssn filter'];
  assert.deepEqual(
    await fieldsOf('PREPARE p AS SELECT 1 FROM customers WHERE ssn = $1', 'EXECUTE p(1)'),
    asks,
  );
  assert.deepEqual(
    await fieldsOf('BEGIN', 'DECLARE c CURSOR FOR SELECT 1 FROM customers WHERE ssn > $$1$$', 'FETCH c'),
    asks,
  );
  assert.deepEqual(await fieldsOf('PREPARE q AS SELECT ssn FROM customers', 'CREATE TABLE x AS EXECUTE q'), [
    'probe customers.ssn store',
  ]);
});

test('takes an operator of a total one’s name for what it may be: somebody’s code [masking.probes]', async () => {
  await world.server.query(
    'CREATE FUNCTION join_them(text, varchar) RETURNS text LANGUAGE sql AS $$SELECT $1$$',
  );
  await world.server.query('CREATE OPERATOR || (LEFTARG = text, RIGHTARG = varchar, FUNCTION = join_them)');
  world.catalog.changed();
  const fields = await fieldsOf('SELECT ssn || name::varchar FROM customers');
  assert.deepEqual(fields, ['probe customers.name compute', 'probe customers.ssn compute']);
});

test('asks of everything under a view the session made [masking.probes]', async () => {
  const fields = await fieldsOf(
    'CREATE TEMP VIEW own AS SELECT ssn AS x FROM customers',
    'SELECT 1 FROM own WHERE x LIKE $$1%$$',
  );
  assert.ok(fields.includes('probe customers.ssn filter'), fields.join('; '));
});

test('says that anything may be asked when there is too much to follow [masking.probes]', async () => {
  const many = Array.from({ length: 10_001 }, () => 'name').join();
  const fields = await fieldsOf(`SELECT 1 FROM customers WHERE 'x' IN (${many})`);
  assert.ok(fields.includes('probe customers.ssn unknown'), fields.join('; '));
});
