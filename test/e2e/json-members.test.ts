import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type pg from 'pg';
import { runCommand } from '../fixtures/commands.ts';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';

const SCHEMA = `
CREATE TABLE people (id int PRIMARY KEY, doc jsonb, raw json, note text);
INSERT INTO people VALUES (1,
  '{"name": "Ada", "contact": {"email": "canary-1", "city": "Rome"}, "past": [{"email": "canary-2"}, {"year": 1}]}',
  '{"contact":{"email":"canary-3"},  "n": 12345678901234567890}',
  'no json, canary-4');
CREATE VIEW staff AS SELECT id, doc AS papers FROM people;
`;
const CONFIG = `
masking:
  classified:
    - { column: public.people.doc, member: contact.email, class: email }
    - { column: public.people.doc, member: past.*, class: past }
    - { column: public.people.raw, member: "*.email", class: email }
    - { column: public.people.note, member: a, class: email }
`;
const POLICIES = `
  @id("all") permit (principal, action, resource);
  @id("none") forbid (principal, action in [Action::"reveal", Action::"probe"], resource);`;

let world: TestGateway;
let client: pg.Client;
before(async () => {
  world = await startGateway({ config: CONFIG, policies: { text: POLICIES }, postgres: { initSql: SCHEMA } });
  client = await world.connect();
});
after(() => world.close());

const DOC = {
  name: 'Ada',
  contact: { email: '***', city: 'Rome' },
  past: [{ email: '***' }, { year: '***' }],
};

async function first(text: string): Promise<unknown> {
  return (await client.query({ text, rowMode: 'array' })).rows[0];
}

test('shows a document without its classified members, in a table and a view [masking.json-members]', async () => {
  assert.deepEqual(await first('SELECT id, doc FROM people'), [1, DOC]);
  assert.deepEqual(await first('SELECT papers FROM staff'), [DOC]);
  assert.deepEqual(await first('SELECT note FROM people'), ['***'], 'what is no JSON is hidden whole');
  const { rows } = await client.query({
    text: 'SELECT raw, doc FROM people',
    rowMode: 'array',
    queryMode: 'extended',
    binary: true,
    types: { getTypeParser: () => (value: unknown) => value },
  } as pg.QueryArrayConfig);
  const [raw, doc] = rows[0] as readonly string[];
  assert.equal(raw, '{"contact":{"email":"***"},  "n": 12345678901234567890}');
  assert.deepEqual(JSON.parse((doc as string).slice(1)), DOC);
});

test('hides whole what is made of such a column, and denies to ask about it [masking.json-members]', async () => {
  assert.deepEqual(await first("SELECT doc->'name', doc->'contact'->>'email' FROM people"), ['***', '***']);
  await assert.rejects(
    first("SELECT id FROM people WHERE doc->>'name' = 'Ada'"),
    /filters by public.people.doc/,
  );
  await assert.rejects(
    client.query('UPDATE people SET doc = $1', [DOC]),
    /masked value/,
    'a document that was masked is not written back',
  );
});

test('hides the members in COPY [masking.json-members]', async () => {
  const environment = await world.clientEnvironment();
  for (const options of ['', '(FORMAT csv)', '(FORMAT binary)']) {
    const { stdout } = await runCommand('psql', ['-Atqc', `COPY people TO STDOUT ${options}`], environment);
    assert.ok(stdout.includes('Rome'), stdout);
    assert.ok(!stdout.includes('canary'), stdout);
  }
});
