/** Things made and changed within one transaction: the catalog, which others read, has none of it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { actionsOf, type StatementWorld, startStatementWorld } from './world.ts';

const HARMLESS = `CREATE OR REPLACE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT 'x'::text $$`;
const REPLACED = `CREATE OR REPLACE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT secret FROM secret.vault $$`;
const TRIGGER = (what: string) =>
  `CREATE OR REPLACE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${what}; RETURN NEW; END $$`;

/** Each reads secret.vault by its last statement, through something that was made before the function was replaced. */
const THROUGH: readonly (readonly string[])[] = [
  [HARMLESS, 'CREATE TABLE n (a text DEFAULT f())', REPLACED, 'INSERT INTO n DEFAULT VALUES RETURNING a'],
  [HARMLESS, 'CREATE VIEW n AS SELECT f() AS a', REPLACED, 'SELECT * FROM n'],
  [HARMLESS, 'CREATE TEMP VIEW n AS SELECT f() AS a', REPLACED, 'SELECT * FROM n'],
  [HARMLESS, 'ALTER TABLE t ALTER c SET DEFAULT f()', REPLACED, 'INSERT INTO t (a) VALUES (1) RETURNING c'],
  [HARMLESS, 'CREATE RULE r AS ON INSERT TO t DO ALSO SELECT f()', REPLACED, 'INSERT INTO t VALUES (1)'],
  [HARMLESS, 'CREATE MATERIALIZED VIEW n AS SELECT f() AS a', REPLACED, 'REFRESH MATERIALIZED VIEW n'],
  [
    HARMLESS,
    'CREATE DOMAIN d AS text DEFAULT f()',
    'CREATE TABLE n (a d)',
    REPLACED,
    'INSERT INTO n DEFAULT VALUES',
  ],
  [
    TRIGGER('NULL'),
    'CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION g()',
    TRIGGER('NEW.c := (SELECT secret FROM secret.vault)'),
    'INSERT INTO t VALUES (1) RETURNING c',
  ],
  ['CREATE TABLE n (a text); CREATE POLICY p ON n USING (f() IS NULL)', REPLACED, 'SELECT * FROM n'],
];

/** What the last of these names may be something else by now. */
const RENAMED: readonly (readonly string[])[] = [
  ['ALTER FUNCTION act(int) RENAME TO old', 'ALTER FUNCTION leak(customers) RENAME TO act', 'SELECT act(1)'],
  ['ALTER FUNCTION secret.lower(text) SET SCHEMA public', "SELECT public.lower('A')"],
  ['ALTER TABLE secret.vault RENAME TO t', 'SELECT * FROM secret.t'],
  [
    'ALTER SCHEMA monitoring RENAME TO gone',
    'ALTER SCHEMA secret RENAME TO monitoring',
    'SELECT * FROM monitoring.vault',
  ],
  ['ALTER SCHEMA monitoring RENAME TO gone; SELECT * FROM monitoring.metrics'],
  ['ALTER TYPE shape RENAME TO other', "SELECT 'x'::other"],
];

/** Functional notation: that another relation has a column of the name says nothing. */
const CALLS: readonly string[] = [
  'SELECT (c).leak FROM customers c, leaky',
  'SELECT c.leak FROM customers c, leaky o',
  'SELECT c.leak FROM customers c WHERE EXISTS (SELECT FROM leaky)',
  'SELECT (c).leak FROM customers c; SELECT 1 FROM leaky',
  'SELECT (ROW(1, NULL, NULL, NULL)::customers).leak FROM leaky',
  'SELECT (NULL::customers).leak FROM leaky',
];

describe('what changes under a name', () => {
  let world: StatementWorld;
  before(async () => {
    world = await startStatementWorld();
    await world.server.query(`CREATE TABLE public.leaky (leak text); CREATE TYPE public.shape AS ENUM ('x');
      CREATE TABLE public.plain (act int)`);
    world.catalog.changed();
  });
  after(() => world.close());

  for (const texts of THROUGH) {
    test(`sees what a replaced function does: ${texts.join(' | ')} [postgres.statement-redefined]`, async () => {
      const meaning = await world.understand(...texts);
      const seen = actionsOf(meaning).some((action) => action.startsWith('select secret.vault'));
      assert.ok(seen || meaning.undetermined !== null, actionsOf(meaning).join(', '));
    });
  }
  for (const texts of RENAMED) {
    test(`does not take a name for what it was: ${texts.join(' | ')} [postgres.statement-redefined]`, async () => {
      assert.match((await world.understand(...texts)).undetermined ?? '', /commit it first/);
    });
  }
  for (const sql of CALLS) {
    test(`sees the call in ${sql} [postgres.statement-redefined]`, async () => {
      assert.ok(actionsOf(await world.understand(sql)).includes('call public.leak'));
    });
  }
  test('takes a column for one where no function of the name takes a row [postgres.statement-redefined]', async () => {
    assert.deepEqual(actionsOf(await world.understand('SELECT p.act FROM plain p')), ['select public.plain']);
  });
});
