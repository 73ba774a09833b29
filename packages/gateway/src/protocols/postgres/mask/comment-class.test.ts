import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type pg from 'pg';
import { startGateway, type TestGateway } from '../../../../../../test/fixtures/gateway.ts';

const SCHEMA = `
CREATE TABLE public.people (id int, name text, mail text, wage int, note text, city text);
INSERT INTO public.people VALUES (1, 'Ada', 'private', 71234, 'quiet', 'London');
COMMENT ON COLUMN public.people.mail IS 'Where to write (sallyport:class=email), since 2019';
COMMENT ON COLUMN public.people.wage IS 'sallyport:class=salary';
COMMENT ON COLUMN public.people.note IS 'sallyport:class=Not_A_Class';
COMMENT ON COLUMN public.people.city IS 'class=email, says somebody else';
CREATE VIEW public.contacts AS SELECT id, mail AS reach FROM public.people;
CREATE TABLE public.visits (day int, mail text) PARTITION BY RANGE (day);
CREATE TABLE public.visits_1 PARTITION OF public.visits FOR VALUES FROM (0) TO (10);
INSERT INTO public.visits VALUES (1, 'private');
COMMENT ON COLUMN public.visits.mail IS 'sallyport:class=email';
`;
const POLICIES =
  '@id("all") permit (principal, action, resource); @id("none") forbid (principal, action == Action::"reveal", resource);';

let world: TestGateway;
let client: pg.Client;
before(async () => {
  world = await startGateway({ policies: { text: POLICIES }, postgres: { initSql: SCHEMA } });
  client = await world.connect();
});
after(() => world.close());

async function rows(text: string, binary = false): Promise<unknown> {
  if (!binary) return (await client.query({ text, rowMode: 'array' })).rows;
  // Only the extended protocol asks for binary, and only rows as objects are read as such.
  const query = { text, queryMode: 'extended', binary };
  return (await client.query<Record<string, unknown>>(query)).rows.map(Object.values);
}

for (const binary of [false, true]) {
  test(`hides what a comment classifies, ${binary ? 'in binary' : 'in text'}, with no rule configured [masking.comment-class]`, async () => {
    assert.deepEqual(await rows('SELECT id, name, mail, wage, note, city FROM people', binary), [
      [1, 'Ada', '***', null, '***', 'London'],
    ]);
  });
}

test('hides it in views and partitions, and where it is computed with [masking.comment-class]', async () => {
  assert.deepEqual(await rows('SELECT id, reach FROM contacts'), [[1, '***']]);
  assert.deepEqual(await rows('SELECT day, mail FROM visits_1'), [[1, '***']]);
  assert.deepEqual(await rows('SELECT upper(mail) FROM people'), [['***']]);
  assert.deepEqual(await rows('SELECT upper(city) FROM people'), [['LONDON']]);
});

test('hides it from the statement after the comment on, when that went through the gateway [masking.comment-class]', async () => {
  assert.deepEqual(await rows('SELECT city FROM people'), [['London']]);
  await client.query("COMMENT ON COLUMN people.city IS 'sallyport:class=address'");
  assert.deepEqual(await rows('SELECT city FROM people'), [['***']]);
});
