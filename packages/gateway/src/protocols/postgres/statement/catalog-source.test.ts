import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { type PostgresServer, startPostgres } from '../../../../../../test/fixtures/postgres-server.ts';
import { keepCatalog } from './catalog-source.ts';

let server: PostgresServer;
before(async () => {
  server = await startPostgres({ auth: 'trust', initSql: 'CREATE TABLE public.t (a int)' });
});
after(() => server.stop());

/** A catalog over the real server, with a clock of the test's own. */
function keptCatalog() {
  const time = { now: 0 };
  const query = async (sql: string) => {
    const rows = await server.query(sql);
    return rows.map((row) => Object.values(row).map((value) => (typeof value === 'string' ? value : '')));
  };
  const limits = { intervalMs: 1000, ageMs: 1_000_000, lookMs: 2000 };
  const kept = keepCatalog(query, { now: () => time.now, elapsed: () => time.now }, limits);
  return { kept, time };
}

/** Uses the catalog, a look apart, until `seen`: the server takes a moment to count what others did. */
async function useUntil({ kept, time }: ReturnType<typeof keptCatalog>, seen: () => boolean): Promise<void> {
  while (!seen()) {
    time.now += 2000;
    assert.equal(kept.stale, false, 'a statement was made to wait for what others did');
    await server.query('SELECT pg_stat_force_next_flush()');
  }
}

for (const [what, sql, seen] of [
  ['a table', 'CREATE TABLE public.made (a int)', 'made'],
  ['a column name', 'ALTER TABLE public.t RENAME COLUMN a TO b', 'b'],
] as const) {
  test(`sees ${what} that someone else changed while statements go on [postgres.catalog]`, async () => {
    const world = keptCatalog();
    await world.kept.refresh();
    await server.query(sql);
    const known = () => {
      const table = world.kept.snapshot?.relation('public', 't');
      return (
        world.kept.snapshot?.relation('public', seen) !== undefined || table?.columns.includes(seen) === true
      );
    };
    assert.equal(known(), false);
    await useUntil(world, known);
  });
}

test('sees a class that someone else declared in a comment while statements go on [masking.comment-class]', async () => {
  const world = keptCatalog();
  await world.kept.refresh();
  const declared = () => world.kept.snapshot?.relation('public', 'noted')?.declared?.get('mail');
  await server.query('CREATE TABLE public.noted (id int, mail text)');
  await useUntil(world, () => world.kept.snapshot?.relation('public', 'noted') !== undefined);
  assert.equal(declared(), undefined);
  await server.query("COMMENT ON COLUMN public.noted.mail IS 'where to write, sallyport:class=email.'");
  await useUntil(world, () => declared() === 'email');
  assert.equal(world.kept.snapshot?.declares, true);
  await server.query('COMMENT ON COLUMN public.noted.mail IS NULL');
  await useUntil(world, () => declared() === undefined);
});

test('keeps what it knows when a look finds the same again [postgres.catalog]', async () => {
  const { kept } = keptCatalog();
  await kept.refresh();
  const known = kept.snapshot;
  kept.changed();
  await kept.refresh();
  assert.equal(kept.snapshot, known);
});

test('reads around what is locked, with the definitions nobody changed, and whole once it is free [postgres.catalog]', async () => {
  await server.query(
    'CREATE TABLE public.base (a int); CREATE VIEW public.over AS SELECT a FROM public.base',
  );
  const { kept } = keptCatalog();
  await kept.refresh();
  const definition = () => kept.snapshot?.relation('public', 'over')?.behaviour?.definition?.text;
  const known = definition();
  assert.match(known ?? '', /base/);
  const { host, port, superuser: user, password } = server;
  const other = new pg.Client({ host, port, user, password, database: 'postgres' });
  await other.connect();
  await other.query('BEGIN; LOCK TABLE public.base IN ACCESS EXCLUSIVE MODE');
  await server.query('CREATE TABLE public.meanwhile (a int)');
  kept.changed();
  await kept.refresh();
  assert.ok(kept.snapshot?.relation('public', 'meanwhile') !== undefined);
  assert.equal(kept.snapshot.partial, true);
  assert.equal(definition(), known);
  await other.query(
    'CREATE OR REPLACE VIEW public.over AS SELECT a + 1 AS a FROM public.base; COMMIT; BEGIN; LOCK TABLE public.base IN ACCESS EXCLUSIVE MODE',
  );
  kept.changed();
  await kept.refresh();
  assert.notEqual(definition(), known, 'a definition that was changed is not taken for the old one');
  await other.query('COMMIT');
  await other.end();
  kept.changed();
  await kept.refresh();
  assert.match(definition() ?? '', /1/);
  assert.equal(kept.snapshot.partial, false);
});
