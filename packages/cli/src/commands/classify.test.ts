import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { type Surroundings, startSurroundings } from '../../../../test/fixtures/gateway.ts';
import { run } from '../captured-terminal.test-support.ts';

const SCHEMA = `
CREATE SCHEMA shop;
CREATE SCHEMA other;
CREATE TABLE shop.people (id int, reach text, ssn text, phone text, city text, known text, said text, "card.no" text);
INSERT INTO shop.people SELECT g, 'person' || g || '@corp.example', '123-45-67' || (10 + g), '+1 555 01' || g, 'Rome',
  'x' || g || '@corp.example', 'y' || g || '@corp.example', '4111111111111111' FROM generate_series(1, 50) g;
COMMENT ON COLUMN shop.people.said IS 'sallyport:class=email';
CREATE FUNCTION other.trap(text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''ran''; END';
CREATE TYPE other.mood AS ENUM ('fine', 'not');
CREATE TABLE other.staff (salary int, iban other.mood);
CREATE VIEW other.trapped AS SELECT nspname AS email FROM pg_namespace WHERE other.trap(nspname::text);
ALTER TABLE other.staff ENABLE ROW LEVEL SECURITY;
`;
const MASKING = `
masking:
  # What we know already.
  classified:
    - { column: shop.people.known, class: email } # by hand`;

let world: Surroundings;
before(async () => {
  world = await startSurroundings({ postgres: { initSql: SCHEMA }, config: MASKING });
});
after(() => world.close());

const classify = (...more: string[]) =>
  run(['classify', 'db', '--database', 'postgres', '--config', world.configFile, ...more]);

interface Answer {
  readonly proposals: readonly { column: string; class: string; confidence: string; evidence: string }[];
}

test('proposes classes by values and names, and shows no value [cli.classify]', async () => {
  const { out, err, code } = await classify('--json', '--sample', '20');
  assert.equal(code, 0, err);
  const { proposals } = JSON.parse(out) as Answer;
  assert.deepEqual(
    proposals.map((one) => `${one.column} ${one.class} ${one.confidence}: ${one.evidence}`),
    [
      'db:other.staff.salary salary medium: name',
      'db:other.staff.iban bank-account medium: name',
      'db:shop.people.reach email high: matched 20 of 20',
      'db:shop.people.ssn ssn high: matched 20 of 20, name',
      'db:shop.people.phone phone medium: name',
      'db:shop.people."card.no" payment-card high: matched 20 of 20',
    ],
  );
  for (const value of ['@corp.example', '123-45', '555', '4111', world.server.password])
    assert.equal(out.includes(value) || err.includes(value), false, value);
});

test('prints a table and a diff, and writes nothing unless told to [cli.classify]', async () => {
  const was = readFileSync(world.configFile, 'utf8');
  const shown = await classify('--schema', 'other');
  assert.equal(shown.code, 0, shown.err);
  assert.match(
    shown.out,
    /^COLUMN +CLASS +CONFIDENCE +EVIDENCE\ndb:other\.staff\.salary +salary +medium +name\n/,
  );
  assert.match(shown.out, /\n\+ +- column: db:other\.staff\.salary\n\+ +class: salary/);
  assert.equal(readFileSync(world.configFile, 'utf8'), was);

  const written = await classify('--write');
  assert.equal(written.code, 0, written.err);
  const now = readFileSync(world.configFile, 'utf8');
  assert.match(now, /# What we know already\./);
  assert.match(now, /# by hand/);
  assert.match(now, /column: db:shop\.people\."card\.no"\n/);
  const again = await classify('--write');
  assert.equal(again.out, 'Nothing to add: no other column looks classified.');
  assert.equal(readFileSync(world.configFile, 'utf8'), now);
});

test('says what is wrong with a target or an argument [cli.classify]', async () => {
  const unknown = await run(['classify', 'nowhere', '--config', world.configFile]);
  assert.equal(unknown.code, 1);
  assert.match(unknown.err, /no target is named "nowhere"/);
  assert.equal((await classify('--sample', '0')).code, 2);
});
