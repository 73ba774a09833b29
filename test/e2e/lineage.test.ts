import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type pg from 'pg';
import { runCommand } from '../fixtures/commands.ts';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';

const SCHEMA = `
CREATE TABLE people (id int PRIMARY KEY, name text, ssn text, coded text GENERATED ALWAYS AS ('c:' || ssn) STORED);
INSERT INTO people (id, name, ssn) VALUES (1, 'Ada', 'canary-one'), (2, 'Bob', 'canary-two');
CREATE TABLE visits (id int, person int, place text);
INSERT INTO visits VALUES (1, 1, 'Rome');
CREATE VIEW staff AS SELECT id, upper(name) AS loud, ssn AS number, length(ssn) AS long FROM people;
CREATE VIEW staff_of_staff AS SELECT loud AS l, number AS n, id * 2 AS double FROM staff;
CREATE TABLE parts (id int, word text) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
INSERT INTO parts VALUES (1, 'canary-part');
`;
const CONFIG = `
masking:
  classified:
    - { column: public.people.ssn, class: ssn }
    - { column: public.parts_1.word, class: word }
`;
// Everything but reveal: what is asked here is what a reply shows, not what may be asked.
const POLICIES =
  '@id("all") permit (principal, action, resource); @id("none") forbid (principal, action == Action::"reveal", resource);';

let world: TestGateway;
let client: pg.Client;
before(async () => {
  world = await startGateway({ config: CONFIG, policies: { text: POLICIES }, postgres: { initSql: SCHEMA } });
  client = await world.connect();
});
after(() => world.close());

const HIDDEN = '***';
const AS_IT_COMES = { getTypeParser: () => (value: unknown) => value };

/** Statements with the row they answer with first; `null` is also what hides a value no text can stand for. */
const ROWS: Readonly<Record<string, readonly unknown[]>> = {
  'SELECT id, name, ssn, coded FROM people ORDER BY id': [1, 'Ada', HIDDEN, HIDDEN],
  'SELECT * FROM people ORDER BY id': [1, 'Ada', HIDDEN, HIDDEN],
  'SELECT upper(name), ssn || $$x$$, md5(ssn), length(ssn) FROM people ORDER BY id': [
    'ADA',
    HIDDEN,
    HIDDEN,
    null,
  ],
  'SELECT count(*)::int, max(id), max(ssn) FROM people': [2, 2, HIDDEN],
  'SELECT id + 1, $$fixed$$, current_database() FROM people ORDER BY id': [2, 'fixed', 'postgres'],
  'SELECT x, y FROM (SELECT ssn AS x, name AS y FROM people ORDER BY id) s': [HIDDEN, 'Ada'],
  'WITH w AS (SELECT ssn AS x, id FROM people) SELECT x, id * 2 FROM w ORDER BY id': [HIDDEN, 2],
  'WITH RECURSIVE r (n, s) AS (SELECT 1, name FROM people WHERE id = 1 UNION ALL SELECT n + 1, ssn FROM r JOIN people ON id = n WHERE n < 2) SELECT n, s FROM r':
    [1, HIDDEN],
  'SELECT name FROM people WHERE id = 1 UNION ALL SELECT place FROM visits': ['Ada'],
  'SELECT place FROM visits UNION ALL SELECT ssn FROM people': [HIDDEN],
  'SELECT p.name, q.ssn FROM visits v JOIN people p ON p.id = v.person, LATERAL (SELECT ssn FROM people WHERE id = p.id) q':
    ['Ada', HIDDEN],
  'SELECT (SELECT ssn FROM people WHERE id = 1), (SELECT name || $$!$$ FROM people WHERE id = 1)': [
    HIDDEN,
    'Ada!',
  ],
  'SELECT loud, number, long FROM staff ORDER BY id': ['ADA', HIDDEN, null],
  'SELECT l, n, double FROM staff_of_staff ORDER BY double': ['ADA', HIDDEN, 2],
  'SELECT p FROM people p ORDER BY id': [HIDDEN],
  'SELECT row_to_json(p) FROM people p ORDER BY id': [HIDDEN],
  'SELECT row_to_json(v) FROM visits v': [{ id: 1, person: 1, place: 'Rome' }],
  'SELECT json_build_object($$n$$, name), json_build_array(ssn) FROM people ORDER BY id': [
    { n: 'Ada' },
    HIDDEN,
  ],
  'SELECT string_agg(name, $$,$$ ORDER BY id), array_agg(ssn) FROM people': ['Ada,Bob', null],
  'SELECT first_value(ssn) OVER (ORDER BY id), row_number() OVER (ORDER BY id) FROM people': [HIDDEN, '1'],
  'SELECT id, word FROM parts': [1, HIDDEN],
  'SELECT CASE WHEN id = 1 THEN ssn ELSE name END FROM people ORDER BY id': [HIDDEN],
  'UPDATE people SET name = name WHERE id = 1 RETURNING id, ssn, name, coded': [1, HIDDEN, 'Ada', HIDDEN],
  'EXECUTE prepared': [1, HIDDEN],
  'FETCH 1 FROM cursor': ['Ada', HIDDEN],
};

for (const binary of [false, true]) {
  test(`shows what is made of nothing classified, and hides the rest, ${binary ? 'in binary' : 'in text'} [masking.lineage]`, async () => {
    await client.query('DEALLOCATE ALL');
    await client.query('PREPARE prepared AS SELECT id, ssn || $$x$$ FROM people ORDER BY id');
    await client.query('BEGIN');
    await client.query('DECLARE cursor CURSOR FOR SELECT name, ssn FROM people ORDER BY id');
    const found: Record<string, unknown> = {};
    for (const text of Object.keys(ROWS)) {
      // Without the mode, node-postgres asks for text whatever is wanted; and it cannot read all of what it asked for.
      const asked = binary ? { binary, queryMode: 'extended', types: AS_IT_COMES } : {};
      const { rows } = await client.query({ text, rowMode: 'array', ...asked } as pg.QueryArrayConfig);
      found[text] = rows[0];
    }
    await client.query('ROLLBACK');
    if (binary) assert.ok(!JSON.stringify(found).includes('canary'), JSON.stringify(found));
    else assert.deepEqual(found, ROWS);
  });
}

test('masks COPY of a query column by column [masking.lineage]', async () => {
  const environment = await world.clientEnvironment();
  const sql = 'COPY (SELECT id, upper(name), ssn, coded FROM people ORDER BY id) TO STDOUT';
  const { stdout } = await runCommand('psql', ['-Atqc', sql], environment);
  assert.equal(stdout, '1\tADA\t***\t***\n2\tBOB\t***\t***\n');
  const table = await runCommand('psql', ['-Atqc', 'COPY people TO STDOUT (FORMAT csv)'], environment);
  assert.ok(!table.stdout.includes('canary'), table.stdout);
});
