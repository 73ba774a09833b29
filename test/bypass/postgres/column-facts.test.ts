import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { withColumns } from '../../../packages/gateway/src/protocols/postgres/statement/columns/index.ts';
import {
  DEFAULT_PARSER_LIMITS,
  type StatementMeaning,
} from '../../../packages/gateway/src/protocols/postgres/statement/index.ts';
import { startStatementWorld } from './world.ts';

// The heavy texts are not to be refused for a busy machine.
const world = await startStatementWorld({ ...DEFAULT_PARSER_LIMITS, deadlineMs: 60_000 });
after(() => world.close());
await world.server.query(`
CREATE TABLE public.events (id int, kind text, body text) PARTITION BY RANGE (id);
CREATE TABLE public.events_1 PARTITION OF public.events FOR VALUES FROM (0) TO (10);
CREATE FUNCTION public.body_of(one int) RETURNS text LANGUAGE sql STABLE AS 'SELECT body FROM public.events WHERE id = one';
CREATE TABLE public.owners (id int PRIMARY KEY, name text);
CREATE TABLE public.child (parent int REFERENCES public.owners (id), note text);
`);

/** `action schema.table[columns] via …`, of evaluations about tables, sorted; public is left out. */
function factsOf({ evaluations }: Pick<StatementMeaning, 'evaluations'>): string[] {
  return evaluations
    .filter(({ resource }) => resource.type === 'Table')
    .map(({ action, resource, facts }) => {
      const [, schema, table] = resource.path;
      const columns = facts?.columns === undefined ? '' : `[${facts.columns.join()}]`;
      const via = facts?.via === undefined ? '' : ` via ${facts.via.join()}`;
      return `${action} ${schema === 'public' ? '' : `${schema}.`}${table}${columns}${via}`;
    })
    .sort();
}

const FACTS: Readonly<Record<string, readonly string[]>> = {
  'SELECT count(*) FROM t': ['select t[]'],
  "SELECT id FROM customers WHERE ssn LIKE '1%' ORDER BY email": ['select customers[email,id,ssn]'],
  'SELECT * FROM t, secret.t x WHERE t.a = x.b': ['select secret.t[a,b,c]', 'select t[a,b,c]'],
  'INSERT INTO t VALUES (1, 2)': ['insert t[a,b]'],
  'INSERT INTO t (c) VALUES ($$x$$) RETURNING a': ['insert t[c]', 'select t[a]'],
  'INSERT INTO customers (id, name) VALUES (1, $$x$$) ON CONFLICT (id) DO UPDATE SET email = excluded.name': [
    'insert customers[id,name]',
    'select customers[id]',
    'update customers[email]',
  ],
  'UPDATE t SET a = b WHERE c = $$x$$': ['select t[b,c]', 'update t[a]'],
  'UPDATE t SET a = 1': ['update t[a]'],
  'DELETE FROM t WHERE a = 1': ['delete t', 'select t[a]'],
  'COPY t (a, c) FROM STDIN': ['copy_in t[a,c]', 'insert t[a,c]'],
  'COPY t FROM STDIN': ['copy_in t[a,b,c]', 'insert t[a,b,c]'],
  'COPY customers (ssn) TO STDOUT': ['select customers[ssn]'],
  'SELECT a FROM t FOR UPDATE': ['lock t', 'select t[a]'],
  'DROP TABLE t': ['drop t'],
  'TRUNCATE t': ['truncate t'],
  'LOCK TABLE t IN ACCESS SHARE MODE': ['select t[*]'],
  "SELECT count(*), table_to_xml('t', true, true, '') FROM t": ['select t[a,b,c]'],
  'CREATE TABLE x (LIKE t); SELECT count(*) FROM t': ['create x', 'select t[*]'],
  // Through something else: what its body uses.
  'SELECT number FROM people': ['select customers[id,ssn] via public.people', 'select people[number]'],
  'SELECT kind FROM events WHERE id = 1': [
    'select events[id,kind]',
    'select events_1[id,kind] via public.events',
  ],
  'SELECT body FROM events_1': ['select events[body] via public.events_1', 'select events_1[body]'],
  'SELECT body_of(3)': [
    'select events[body,id] via public.body_of',
    'select events_1[body,id] via public.body_of,public.events',
  ],
  // What a foreign key looks at is not in any text.
  'INSERT INTO child (parent) VALUES (1)': ['insert child[parent]', 'select owners[*] via public.child'],
  'UPDATE people SET number = $$x$$': [
    'select customers[id,ssn] via public.people',
    'update customers[*] via public.people',
    'update people[number]',
  ],
};

for (const [statement, expected] of Object.entries(FACTS)) {
  test(`says which columns are used in ${statement} [postgres.columns-facts]`, async () => {
    const meaning = await world.understand(statement);
    assert.deepEqual(factsOf(meaning), [...expected].sort());
    for (const evaluation of meaning.evaluations) {
      assert.ok(Object.isFrozen(evaluation));
      assert.ok(evaluation.facts === undefined || Object.isFrozen(evaluation.facts));
    }
  });
}

test('adds up the columns of all that is run under a name [postgres.columns-facts]', async () => {
  const meaning = await world.understand(
    'PREPARE p AS SELECT a FROM t WHERE b = 1',
    'EXECUTE p; SELECT c FROM t',
  );
  assert.deepEqual(factsOf(meaning), ['select t[a,b,c]']);
  const unknown = await world.understand(
    `PREPARE p AS SELECT ${'a, '.repeat(10_001)} b FROM t`,
    'EXECUTE p; SELECT c FROM t',
  );
  assert.deepEqual(factsOf(unknown), ['select t[*,c]']);
  assert.equal(unknown.columns?.complete, false);
});

test('keeps meanings apart that differ in a position [postgres.columns-facts, postgres.statement-cache]', async () => {
  const session = world.session();
  const bind = (text: string) => world.binder.bind(text, session);
  const [one, other] = [
    await bind('SELECT a, b FROM t ORDER BY 1'),
    await bind('SELECT a, b FROM t ORDER BY 2'),
  ];
  const ordered = ({ columns }: StatementMeaning) =>
    columns?.uses.filter(({ roles }) => roles.includes('order')).map(({ column }) => column);
  assert.deepEqual([ordered(one), ordered(other)], [['a'], ['b']]);
  assert.equal(await bind('SELECT a, b FROM t ORDER BY 1'), one);
});

test('says any column where nothing is known, and none where columns make no sense [postgres.columns-facts]', () => {
  const resource = { type: 'Table', path: ['shop', 'public', 't'] } as const;
  const none = { complete: true, known: [], uses: [] };
  const facts = (action: string) => withColumns([{ action, resource }], none)[0]?.facts;
  for (const action of ['select', 'insert', 'update', 'copy_in'])
    assert.deepEqual(facts(action), { columns: ['*'] });
  for (const action of ['delete', 'drop', 'lock', 'create', 'maintain'])
    assert.equal(facts(action), undefined);
  const known = { ...none, known: [{ schema: 'public', table: 't' }] };
  assert.deepEqual(withColumns([{ action: 'select', resource }], known)[0]?.facts, { columns: [] });
});

const DEEP = 150;
const nested = `SELECT * FROM ${'(SELECT * FROM '.repeat(DEEP)}customers${') s'.repeat(DEEP)}`;
const HEAVY: Readonly<Record<string, string>> = {
  references: `SELECT ${'ssn, '.repeat(10_001)} id FROM customers`,
  levels: nested,
  joins: `SELECT ssn FROM customers ${'JOIN t USING (a) '.repeat(DEEP)}`
    .replace(/JOIN t/g, () => 'CROSS JOIN t')
    .replaceAll(' USING (a)', ''),
  'columns that double at each level': `SELECT * FROM ${'(SELECT *, * FROM '.repeat(40)}customers${') s'.repeat(40)}`,
  'WITH queries that lead from one to the next': `WITH RECURSIVE ${Array.from({ length: 3000 }, (_, i) => `c${i} AS (SELECT * FROM c${i + 1})`).join()}, c3000 AS (SELECT ssn FROM customers) SELECT * FROM c0`,
  'recursion inside recursion': `${'WITH RECURSIVE r AS (SELECT ssn AS a, email AS b FROM customers UNION SELECT b, a FROM r UNION SELECT a, b FROM ('.repeat(12)}SELECT ssn AS a, name AS b FROM customers${') q) SELECT b, a FROM r'.repeat(12)}`,
  'names over many ranges': `SELECT ${'ssn, '.repeat(5000)} 1 FROM customers ${Array.from({ length: 99 }, (_, i) => `CROSS JOIN t t${i}`).join(' ')} , ${Array.from({ length: 900 }, (_, i) => `status s${i}`).join()}`,
};

for (const [what, statement] of Object.entries(HEAVY)) {
  test(`may use any column of a text with too many ${what} [postgres.columns-limits]`, async () => {
    const meaning = await world.understand(statement);
    assert.equal(meaning.columns?.complete, false);
    assert.equal(meaning.outputs, null);
    assert.ok(factsOf(meaning).includes('select customers[*]'), factsOf(meaning).join('; '));
    assert.deepEqual(factsOf(await world.understand('SELECT a FROM t')), ['select t[a]']);
  });
}
