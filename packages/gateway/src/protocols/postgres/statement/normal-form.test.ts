import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { fingerprintSync, loadModule, parseSync, scanSync } from 'libpg-query';
import { corpus } from '../../../../../../test/bypass/postgres/corpus.ts';
import { normalForm, shownForm } from './normal-form.ts';
import { walkStatements } from './walk.ts';

before(() => loadModule());

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const RUNS = 3000;

/** Tokens with literals reduced to their kind: what the server's own scanner makes of a text. */
function skeleton(text: string): string[] | null {
  try {
    return scanSync(text).tokens.map(({ tokenName, text: own }) =>
      ['ICONST', 'FCONST', 'SCONST'].includes(tokenName) ? tokenName : `${tokenName} ${own}`,
    );
  } catch {
    return null;
  }
}

/** A text of the form, with literals of our own choice. */
function instance(form: string): string {
  return form.replaceAll('\u0001', '7').replaceAll('\u0002', '7.5').replaceAll('\u0003', "'it''s'");
}

function check(text: string): void {
  const form = normalForm(text);
  if (form === null) return;
  const theirs = skeleton(text);
  if (theirs === null) return;
  assert.deepEqual(
    skeleton(instance(form)),
    theirs,
    `${JSON.stringify(text)} became ${JSON.stringify(form)}`,
  );
}

/** What the parser and the walk make of a text, but for what may differ: null when it is no SQL. */
function meaning(text: string): { print: string; draft: string; shareable: boolean } | null {
  try {
    const parse = (sql: string) => (parseSync(sql).stmts ?? []).map((statement) => statement.stmt);
    const draft = walkStatements(parse(text), 'shop', '', { sql: () => [], plpgsql: () => [] });
    return { print: fingerprintSync(text), draft: JSON.stringify(draft), shareable: draft.shareable };
  } catch {
    return null;
  }
}

const literal = fc.oneof(
  fc.integer({ min: 0, max: 2 ** 31 - 1 }).map(String),
  fc.bigInt({ min: 2n ** 31n, max: 2n ** 70n }).map(String),
  fc.tuple(fc.nat(9999), fc.nat(9999)).map(([whole, part]) => `${whole}.${part}`),
  fc
    .string({
      unit: fc.constantFrom('a', "''", ';', '--', '/*', '*/', '"', '$$', ' ', '\n', '?', '1', 'é'),
      maxLength: 8,
    })
    .map((inner) => `'${inner}'`),
);
const templates = [
  'SELECT a FROM t WHERE b = % AND c = % LIMIT %',
  'SELECT % + %, f(%)::int, c.% FROM t c',
  'INSERT INTO t VALUES (%, -%, %), (%, %, %) RETURNING a',
  'UPDATE t SET a = a + %, c = % WHERE b IN (%, %, $1)',
  'DELETE FROM t WHERE a BETWEEN % AND %',
  'SELECT "x""%", a[%], a[%:%] FROM t -- %\n WHERE a = %',
  'SELECT /* % /* nested */ */ % FROM t',
  "SELECT set_config(%, %, false), nextval(%), E'%', U&'d%' UESCAPE '!'",
  'SELECT .%, %.5, 1e%, 0x%, $%, $a$%$a$',
  'SELECT %\n%, % %',
  'COPY t FROM % DELIMITER %; SET x = %',
  'EXECUTE p (%, %); BEGIN; COMMIT',
];
const filled = fc
  .tuple(fc.constantFrom(...templates), fc.array(literal, { minLength: 8, maxLength: 8 }))
  .map(([template, literals]) => {
    let next = 0;
    return template.replaceAll('%', () => literals[next++ % literals.length] ?? '0');
  });
const soup = fc
  .array(
    fc.constantFrom(
      ...[
        "'",
        "''",
        '"',
        '""',
        '--',
        '/*',
        '*/',
        '$',
        '$$',
        '$a$',
        '$1',
        '\\',
        'E',
        'e',
        'U&',
        'N',
        'x',
        'a',
        'b1',
      ],
      ...[
        '1',
        '1.',
        '.5',
        '1.5',
        '1e5',
        '1_0',
        '0x1',
        ' ',
        '\n',
        '\r',
        ';',
        '(',
        ')',
        ',',
        '=',
        '?',
        '&',
        '-',
        '*',
        '/',
        '@',
      ],
      ...['é', '\u0001', '::', ':', '.', '..', '+', '<', '[', ']', 'SELECT', 'FROM', 'UESCAPE', '9999999999'],
    ),
    { maxLength: 14 },
  )
  .map((parts) => parts.join(''));

test('reads every hostile statement as the parser’s own scanner does [postgres.statement-cache]', () => {
  for (const { sql } of corpus) check(sql);
});

test('reads random text as the parser’s own scanner does [postgres.statement-cache]', (t) => {
  t.diagnostic(`seed ${seed}`);
  fc.assert(fc.property(fc.oneof(soup, filled), check), { seed, numRuns: RUNS });
});

test('gives one form only to texts of one fingerprint and one draft [postgres.statement-cache]', (t) => {
  t.diagnostic(`seed ${seed}`);
  const seen = new Map<string, { text: string; found: NonNullable<ReturnType<typeof meaning>> }>();
  const compare = (text: string) => {
    const form = normalForm(text);
    const found = form === null ? null : meaning(text);
    if (form === null || found === null) return;
    const other = seen.get(form);
    seen.set(form, { text, found });
    if (other === undefined) return;
    assert.equal(found.shareable, other.found.shareable, `${text}\n${other.text}`);
    // Of other statements the fingerprint holds some constants; they are kept by their exact text.
    if (found.shareable) assert.equal(found.print, other.found.print, `${text}\n${other.text}`);
    if (found.shareable) assert.equal(found.draft, other.found.draft, `${text}\n${other.text}`);
  };
  fc.assert(fc.property(filled, compare), { seed, numRuns: RUNS });
  assert.ok(seen.size > 0);
});

test('shares forms at all [postgres.statement-cache]', () => {
  const form = normalForm("SELECT a FROM t WHERE b = 17 AND c = 'x' AND d < 1.5");
  assert.equal(form, normalForm("SELECT a FROM t WHERE b = 99999 AND c = 'it''s' AND d < 20.25"));
  assert.notEqual(form, normalForm("SELECT a FROM t WHERE b = '17' AND c = 'x' AND d < 1.5"));
  assert.notEqual(normalForm('SELECT a ? 1'), normalForm('SELECT a 1 1'));
});

test('has no form for a text it is not sure of [postgres.statement-cache]', () => {
  const unsure = [
    String.raw`SELECT 'a\'b'`,
    "SELECT E'x'",
    "SELECT U&'x' UESCAPE '!'",
    `SELECT U&"x" UESCAPE '!'`,
    "SELECT B'1'",
    "SELECT N'1'",
    'SELECT $$x$$',
    'SELECT $a$x$a$',
    'SELECT 1e5',
    'SELECT 1_000',
    'SELECT 0x1F',
    'SELECT 1.',
    'SELECT 1..2',
    'SELECT .5',
    'SELECT c.0.0',
    'SELECT 1a',
    'SELECT é',
    "SELECT 'x",
    'SELECT "x',
    'SELECT /* /* */ 1',
    'SELECT \u0001',
    'SELECT \u0000',
  ];
  for (const text of unsure) assert.equal(normalForm(text), null, text);
});

test('shows a form without literals, and none when there is a comment [postgres.statement-form]', () => {
  assert.equal(shownForm(normalForm("SELECT 'secret', 4111111111111111, 1.5") ?? ''), 'SELECT ?, ?, ?');
  assert.equal(shownForm(normalForm('SELECT 1 -- secret') ?? ''), null);
  assert.equal(shownForm(normalForm('SELECT 1 /* secret */') ?? ''), null);
});
