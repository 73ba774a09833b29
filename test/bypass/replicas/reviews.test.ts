/** Reviews escaped: on another gateway over the same store, and by asking many times at once. */
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { asking, identity, openRoom } from '../../../packages/gateway/src/approval/room.fixture.ts';
import type { PostgresServer } from '../../fixtures/postgres-server.ts';
import { eventually } from '../../fixtures/raw-postgres.ts';
import { storesOnPostgres, testStore } from '../../fixtures/store.ts';

let server: PostgresServer;
before(async () => {
  server = await storesOnPostgres();
});
after(() => server.stop());

const oscar = identity('oscar', { groups: ['oncall'] });
const bob = identity('bob', { groups: ['dba'] });
const HOUR_MS = 3_600_000;

test('whoever has an overdue review at one gateway breaks glass at no other [replicas.reviews]', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-reviews-'));
  const clock = { now: () => 1_700_000_000_000, elapsed: () => 0 };
  const of = async (replica: string) =>
    openRoom({ directory, storage: await testStore(directory, { clock }, { replica }) });
  const [one, two] = [await of('one'), await of('two')];
  t.after(async () => {
    await two.close();
    await one.close();
  });
  const review = one.room.breakGlass(asking({ identity: oscar }), ['oncall']);
  await one.room.reviews.list(oscar, { past: true });
  two.time.pass(25 * HOUR_MS);
  const objects = (wanted: boolean) =>
    eventually(`an objection: ${wanted}`, () =>
      (two.room.breakGlassObjection(oscar) !== null) === wanted ? true : undefined,
    );
  await objects(true);
  assert.match(two.room.breakGlassObjection(oscar) ?? '', new RegExp(`${review} is overdue`));
  // Under another of their names too, and nobody else.
  const alias = identity('o', { groups: ['oncall'], aliases: ['other|o', 'OSCAR@example.com'] });
  assert.notEqual(two.room.breakGlassObjection(alias), null);
  assert.equal(two.room.breakGlassObjection(bob), null);
  assert.throws(() => two.room.breakGlass(asking({ identity: oscar }), ['oncall']), {
    code: 'limit-exceeded',
  });
  // It is to be seen where they hear of it, and closed where it is kept.
  const listed = (await two.room.reviews.list(bob)).map(({ id, closable }) => [id, closable]);
  assert.deepEqual(listed, [[review, false]]);
  await assert.rejects(two.room.reviews.close(review, bob, 'justified', 'it was down'), {
    code: 'conflict',
    message: /another gateway/,
  });
  await one.room.reviews.close(review, bob, 'justified', 'it was down');
  await objects(false);
});

test('many at once open no more reviews than one person may have [approval.review]', async (t) => {
  const { room, close } = await openRoom({ limits: { openReviewsPerPerson: 2 } });
  t.after(close);
  // Each was asked about before any of them was opened, as in sessions side by side.
  assert.deepEqual(
    [1, 2, 3].map(() => room.breakGlassObjection(oscar)),
    [null, null, null],
  );
  room.breakGlass(asking({ identity: oscar }), ['oncall']);
  room.breakGlass(asking({ identity: oscar, sessionId: 's2' }), ['oncall']);
  assert.throws(() => room.breakGlass(asking({ identity: oscar, sessionId: 's3' }), ['oncall']), {
    code: 'limit-exceeded',
    message: /open_reviews_per_person/,
  });
});
