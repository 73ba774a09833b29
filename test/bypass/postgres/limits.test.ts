import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { actionsOf, type StatementWorld, startStatementWorld } from './world.ts';

/** Views over views: each reads the one before it, twice, by two names. */
const DIAMONDS = Array.from(
  { length: 40 },
  (_, level) => `
CREATE VIEW public.left_${level + 1} AS SELECT a.n FROM public.left_${level} a, public.right_${level} b;
CREATE VIEW public.right_${level + 1} AS SELECT a.n FROM public.left_${level} a, public.right_${level} b;`,
).join('');

const CHAIN = Array.from(
  { length: 60 },
  (_, level) => `
CREATE FUNCTION public.step_${level + 1}() RETURNS int LANGUAGE sql AS 'SELECT public.step_${level}()';`,
).join('');

const SCHEMA = `
CREATE TABLE public.left_0 (n int);
CREATE TABLE public.right_0 (n int);
${DIAMONDS}
CREATE FUNCTION public.step_0() RETURNS int LANGUAGE sql AS 'SELECT 1';
${CHAIN}
CREATE FUNCTION public.itself(n int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN public.itself(n - 1); END';
CREATE TABLE public.counted (a int PRIMARY KEY);
INSERT INTO public.counted SELECT generate_series(1, 500);
CREATE TABLE public.parts (a int) PARTITION BY RANGE (a);
CREATE TABLE public.parts_1 PARTITION OF public.parts FOR VALUES FROM (0) TO (100);
CREATE TABLE public.parts_2 PARTITION OF public.parts FOR VALUES FROM (100) TO (200);
INSERT INTO public.parts SELECT generate_series(1, 150);
CREATE VIEW public.seen AS SELECT * FROM public.counted;
ANALYZE;
CREATE TABLE public.uncounted (a int);
`;

describe('how far a statement is followed', () => {
  let world: StatementWorld;
  before(async () => {
    world = await startStatementWorld(undefined, SCHEMA);
  });
  after(() => world.close());

  test('a function that calls itself is followed once [postgres.statement-limits]', async () => {
    const meaning = await world.understand('SELECT itself(1)');
    assert.equal(meaning.undetermined, null);
    assert.deepEqual(actionsOf(meaning), ['call public.itself', 'call public.itself via public.itself']);
  });

  test('more ways than steps are undetermined, and soon [postgres.statement-limits]', async () => {
    const meaning = await world.understand('SELECT * FROM left_40');
    assert.match(meaning.undetermined ?? '', /steps|evaluations|depth/);
    assert.equal(meaning.undeterminedOn, undefined);
  });

  test('a way longer than depth is undetermined [postgres.statement-limits]', async () => {
    assert.equal((await world.understand('SELECT step_20()')).undetermined, null);
    assert.match((await world.understand('SELECT step_60()')).undetermined ?? '', /depth/);
  });

  test('the size of a statement is that of its tables, by the statistics [postgres.statement-traits]', async () => {
    const rows = async (sql: string) => (await world.understand(sql)).traits?.rows;
    assert.equal(await rows('SELECT * FROM counted'), 500);
    assert.equal(await rows('SELECT * FROM seen'), 500);
    assert.equal(await rows('SELECT * FROM parts'), 150);
    assert.equal(await rows('SELECT * FROM counted, parts_1'), 599);
    assert.equal(await rows('SELECT * FROM counted, uncounted'), null);
    assert.equal(await rows('SELECT 1'), 0);
    assert.equal(await rows('INSERT INTO counted VALUES (0)'), 0);
  });

  test('what spares nothing says so [postgres.statement-traits]', async () => {
    const unfiltered = async (sql: string) => (await world.understand(sql)).traits?.unfiltered;
    for (const sql of [
      'DELETE FROM counted',
      'UPDATE counted SET a = 1',
      'TRUNCATE counted',
      'DROP TABLE counted',
    ])
      assert.equal(await unfiltered(sql), true, sql);
    for (const sql of [
      'DELETE FROM counted WHERE a = 1',
      'UPDATE counted SET a = 1 WHERE a = 2',
      'SELECT * FROM counted',
    ])
      assert.equal(await unfiltered(sql), false, sql);
  });

  test('a definition that cannot be had costs no more than what needs it [postgres.catalog-broken]', async () => {
    await world.server.query(`
      CREATE TYPE public.gone AS ENUM ('x');
      CREATE FUNCTION public.broken(public.gone) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
      SET allow_system_table_mods = on;
      DELETE FROM pg_catalog.pg_type WHERE typname = 'gone';
      CREATE FUNCTION public.made_after() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'`);
    world.catalog.changed();
    assert.equal((await world.understand('SELECT * FROM seen')).undetermined, null);
    const meaning = await world.understand('SELECT made_after()');
    assert.notEqual(meaning.undetermined, null);
    assert.deepEqual(
      meaning.undeterminedOn?.map(({ path }) => path.at(-1)),
      ['made_after'],
    );
    assert.equal((await world.understand('SELECT step_1()')).undetermined, null);
  });
});
