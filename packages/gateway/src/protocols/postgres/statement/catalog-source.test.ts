import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
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

test('keeps what it knows when a look finds the same again [postgres.catalog]', async () => {
  const { kept } = keptCatalog();
  await kept.refresh();
  const known = kept.snapshot;
  kept.changed();
  await kept.refresh();
  assert.equal(kept.snapshot, known);
});
