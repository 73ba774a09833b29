import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type pg from 'pg';
import { runCommand } from '../fixtures/commands.ts';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';

const SCHEMA = `
CREATE TABLE people (id int PRIMARY KEY, name text, email text, doc jsonb);
INSERT INTO people VALUES (1, 'Ada', 'ada@corp.example', '{}');
CREATE TABLE notes (id int, body text);
`;
const CONFIG = `
masking:
  classified: [{ column: public.people.email, class: email }]
`;
const POLICIES =
  '@id("all") permit (principal, action, resource); @id("none") forbid (principal, action == Action::"reveal", resource);';

let world: TestGateway;
let client: pg.Client;
before(async () => {
  world = await startGateway({ config: CONFIG, policies: { text: POLICIES }, postgres: { initSql: SCHEMA } });
  client = await world.connect();
});
after(() => world.close());

const refused = { code: '42501', message: /masked value/ };

async function unchanged(): Promise<void> {
  const rows = await world.server.query('SELECT name, email, doc::text FROM people');
  assert.deepEqual(rows, [{ name: 'Ada', email: 'ada@corp.example', doc: '{}' }]);
}

test('refuses a masked value as a literal, a parameter or a member of JSON [masking.write-back]', async () => {
  const texts = [
    "UPDATE people SET email = '***' WHERE id = 1",
    "UPDATE people SET name = E'\\x2a**' WHERE id = 1",
    'INSERT INTO notes VALUES (2, $$***$$)',
    'UPDATE people SET doc = \'{"email": "***"}\'',
    "UPDATE people SET email = '***@corp.example'",
    "DO $x$ BEGIN UPDATE people SET email = '***'; END $x$",
    "WITH w AS (UPDATE people SET email = '***' RETURNING 1) SELECT * FROM w",
  ];
  for (const text of texts) await assert.rejects(client.query(text), refused, text);
  for (const value of ['***', 'x***', `msk_${'a2'.repeat(10)}`])
    await assert.rejects(client.query('UPDATE people SET email = $1', [value]), refused, value);
  await assert.rejects(client.query('UPDATE people SET doc = $1', [{ email: '***' }]), refused);
  await client.query('PREPARE put AS UPDATE people SET email = $1');
  await assert.rejects(client.query("EXECUTE put('***')"), refused);
  await unchanged();
});

test('lets asterisks pass that stand for nothing [masking.write-back]', async () => {
  await client.query("/*** a banner ***/ INSERT INTO notes VALUES (3, 'x')");
  await client.query("INSERT INTO notes VALUES (4, 'this is ***bold***')");
  await client.query('INSERT INTO notes VALUES ($1, $2)', [5, '****']);
  const { rows } = await client.query("SELECT '***' AS said");
  assert.deepEqual(rows, [{ said: '***' }]);
  const text = "INSERT INTO notes VALUES (6, 'plain')";
  for (const one of [text, text.replace('plain', '***')]) {
    const ran = await client.query(one).then(
      () => true,
      () => false,
    );
    assert.equal(ran, one === text, 'statements of one form are told apart');
  }
});

test('gives up a COPY with a masked value in a row, and the session goes on [masking.write-back]', async () => {
  const environment = await world.clientEnvironment();
  const copy = (options: string, rows: string) =>
    runCommand('psql', ['-qc', `COPY notes FROM STDIN ${options}`, '-c', 'SELECT 1'], environment, rows);
  for (const [options, rows] of [
    ['', '7\tfine\n8\t***\n'],
    ['(FORMAT csv)', '7,fine\n8,"***"\n'],
    ['', `${'9\tfilling\n'.repeat(20_000)}8\t***\n`],
  ] as const) {
    const { stderr, code } = await copy(options, rows);
    assert.match(stderr, /a row holds a masked value/);
    assert.equal(code, 0, 'the statement after it ran');
  }
  assert.deepEqual(await world.server.query('SELECT count(*)::int AS n FROM notes WHERE id > 6'), [{ n: 0 }]);
  assert.equal((await copy('', '7\tfine\n')).stderr, '');
});
