/** Texts made to exhaust whoever reads them, as a client would send them: through the binder, at its default limits. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type PostgresServer, startPostgres } from '../../fixtures/postgres-server.ts';
import { type Court, callerOf, openCourt } from '../../oracle/judged.ts';

const AGENT = callerOf(['agents'], false);
const MB = 1024 * 1024;
/** What one text may cost in memory that stays; a bound far above what is seen, so that only a leak reaches it. */
const KEPT_BYTES = 256 * MB;

let server: PostgresServer;
let court: Court;
before(async () => {
  server = await startPostgres({
    auth: 'trust',
    initSql: 'CREATE SCHEMA monitoring; CREATE TABLE monitoring.checks (id int, host text)',
  });
  court = await openCourt(server, 'postgres', { directory: 'policies/starter' });
});
after(async () => {
  await court.close();
  await server.stop();
});

/** A construct around itself, so many times. */
const nested = (times: number, open: string, inner: string, close: string): string =>
  `${open.repeat(times)}${inner}${close.repeat(times)}`;

const DEEP = 10_000;
const LONG = 100_000;

const texts: Readonly<Record<string, string>> = {
  // Every construct of the grammar that holds itself.
  parentheses: `SELECT ${nested(DEEP, '(', '1', ')')}`,
  'unclosed parentheses': `SELECT ${'('.repeat(DEEP)}`,
  subqueries: `SELECT ${nested(DEEP, '(SELECT ', '1', ')')}`,
  'derived tables': `${nested(DEEP, 'SELECT * FROM (', 'SELECT 1', ') x')}`,
  'common table expressions': `${nested(DEEP, 'WITH x AS (', 'SELECT 1', ') SELECT 1')}`,
  'lateral joins': `SELECT * FROM ${nested(DEEP, 'LATERAL (SELECT * FROM ', 'monitoring.checks', ') x')}`,
  'joined tables': `SELECT * FROM ${nested(DEEP, '(', 'monitoring.checks', ' CROSS JOIN monitoring.checks)')}`,
  'set operations': nested(DEEP, '(', 'SELECT 1', ' UNION SELECT 1)'),
  arrays: `SELECT ${nested(DEEP, 'ARRAY[', '1', ']')}`,
  'array queries': `SELECT ${nested(DEEP, 'ARRAY(SELECT ', '1', ')')}`,
  rows: `SELECT ${nested(DEEP, 'ROW(', '1', ')')}`,
  calls: `SELECT ${nested(DEEP, 'abs(', '1', ')')}`,
  casts: `SELECT ${nested(DEEP, 'CAST(', '1', ' AS int)')}`,
  cases: `SELECT ${nested(DEEP, 'CASE WHEN true THEN ', '1', ' END')}`,
  negations: `SELECT ${'NOT '.repeat(DEEP)}true`,
  signs: `SELECT ${'- '.repeat(DEEP)}1`,
  exists: `SELECT ${nested(DEEP, 'EXISTS (SELECT ', '1', ')')}`,
  'set-returning joins': `SELECT * FROM ${nested(DEEP, 'ROWS FROM (abs(', '1', '))')}`,
  indirections: `SELECT a${'.b'.repeat(DEEP)}`,
  subscripts: `SELECT a${'[1]'.repeat(DEEP)}`,
  collations: `SELECT 'a'${' COLLATE "C"'.repeat(DEEP)}`,
  'time zones': `SELECT now()${' AT TIME ZONE 1'.repeat(DEEP)}`,
  'is tests': `SELECT true${' IS TRUE'.repeat(DEEP)}`,
  coalesce: `SELECT ${nested(DEEP, 'coalesce(', '1', ')')}`,
  json: `SELECT ${nested(DEEP, 'JSON_OBJECT(1 VALUE ', '1', ')')}`,
  xml: `SELECT ${nested(DEEP, 'xmlelement(NAME x, ', '1', ')')}`,
  'grouping sets': `SELECT 1 GROUP BY ${nested(DEEP, 'GROUPING SETS (', '1', ')')}`,
  windows: `SELECT ${nested(DEEP, 'sum(', '1', ') OVER ()')}`,
  'nested statements': `${nested(DEEP, 'EXPLAIN ', 'SELECT 1', '')}`,
  'prepared within prepared': `${'PREPARE p AS '.repeat(DEEP)}SELECT 1`,
  'schema elements': `CREATE SCHEMA x ${'CREATE TABLE t (a int) '.repeat(DEEP)}`,
  'type arrays': `SELECT NULL::int${'[]'.repeat(DEEP)}`,
  'texts within texts': textWithinText(14),
  // Chains.
  additions: `SELECT 1${'+1'.repeat(LONG)}`,
  conjunctions: `SELECT true${' AND true'.repeat(LONG)}`,
  disjunctions: `SELECT true${' OR true'.repeat(LONG)}`,
  concatenations: `SELECT ''${"||''".repeat(LONG)}`,
  comparisons: `SELECT 1 IN (${'1,'.repeat(LONG)}1)`,
  values: `VALUES ${'(1),'.repeat(LONG)}(1)`,
  columns: `SELECT ${'1,'.repeat(LONG)}1`,
  unions: `SELECT 1${' UNION ALL SELECT 1'.repeat(LONG / 2)}`,
  tables: `SELECT 1 FROM ${'monitoring.checks,'.repeat(LONG / 2)}monitoring.checks`,
  parameters: `SELECT ${Array.from({ length: LONG }, (_, at) => `$${at + 1}`).join()}`,
  names: `SELECT * FROM ${Array.from({ length: LONG / 4 }, (_, at) => `monitoring.t${at}`).join()}`,
  functions: `SELECT ${Array.from({ length: LONG / 4 }, (_, at) => `f${at}()`).join()}`,
  // Size.
  '10 MB of a literal': `SELECT '${'x'.repeat(10 * MB)}'`,
  '10 MB of white space': `SELECT${' '.repeat(10 * MB)}1`,
  '10 MB of a comment': `SELECT /*${'*'.repeat(10 * MB)}*/ 1`,
  '10 MB of a name': `SELECT * FROM "${'x'.repeat(10 * MB)}"`,
  '10 MB of digits': `SELECT ${'9'.repeat(10 * MB)}`,
  'a name just within the limit': `SELECT * FROM "${'x'.repeat(1_000_000)}"`,
  'a number just within the limit': `SELECT ${'9'.repeat(1_000_000)}`,
  'a million semicolons': ';'.repeat(1_000_000),
  'a million semicolons and a write': `${';'.repeat(1_000_000)}DELETE FROM monitoring.checks`,
  // What a lexer reads to the end for.
  'nested comments': `${'/*'.repeat(LONG)} SELECT 1 ${'*/'.repeat(LONG)}`,
  'unclosed nested comments': `SELECT 1 ${'/*'.repeat(LONG)}`,
  'nested dollar quotes': dollarQuotes(5_000),
  'dollar tags that never close': Array.from({ length: 20_000 }, (_, at) => `$a${at}$`).join(' '),
  'quotes that never close': `SELECT ${"'a' ".repeat(LONG)}'`,
  'escapes that never close': `SELECT E'${'\\'.repeat(500_001)}`,
  'line comments': '--x\n'.repeat(LONG),
  'Unicode escapes': `SELECT U&'${'\\0041'.repeat(LONG)}'`,
  'Unicode escapes cut short': `SELECT U&"${'\\'.repeat(LONG)}"`,
  operators: `SELECT 1 ${'+-*/<>=~!@#%^&|'.repeat(10_000)} 1`,
  // What is no text at all.
  'a NUL': 'SELECT 1\0; DELETE FROM monitoring.checks',
  'half a surrogate pair': "SELECT '\ud800'",
  'the other half': 'SELECT \udfff',
  'halves the wrong way round': "SELECT '\udc00\ud800'",
};

function textWithinText(levels: number): string {
  let text = 'SELECT 1';
  for (let level = 0; level < levels; level += 1) {
    text = `SELECT query_to_xml('${text.replaceAll("'", "''")}', true, true, '')`;
  }
  return text;
}

function dollarQuotes(levels: number): string {
  const tags = Array.from({ length: levels }, (_, at) => `$t${at}$`);
  return `SELECT ${tags.join('')}x${tags.toReversed().join('')}`;
}

for (const [name, text] of Object.entries(texts)) {
  test(`lets an agent do nothing by ${name}, and understands what comes next [oracle.bounds]`, async () => {
    const judge = court.session(AGENT);
    const judged = await judge(text);
    // Whatever is understood of it is judged as any statement is; what is not has a reason.
    if (judged.outcome === 'deny') assert.notEqual(judged.reason, '');
    if (/DELETE/.test(text)) assert.notEqual(judged.outcome, 'permit');
    assert.ok(judged.meaning.form.length < 4 * MB, 'what is logged of it is bounded');
    const next = await judge('SELECT host FROM monitoring.checks');
    assert.equal(next.outcome, 'permit', next.reason);
  });
}

test('keeps no memory of any of them [oracle.bounds]', () => {
  // What nobody holds any more does not count.
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  assert.ok(process.memoryUsage().heapUsed < KEPT_BYTES, `${process.memoryUsage().heapUsed}`);
});
