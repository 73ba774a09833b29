import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import {
  createParser,
  DEFAULT_PARSER_LIMITS,
  type Parser,
  type ParserLimits,
} from '../../../packages/gateway/src/protocols/postgres/statement/index.ts';

let parser: Parser | null = null;

function start(limits: Partial<ParserLimits> = {}): Parser {
  parser = createParser({ ...DEFAULT_PARSER_LIMITS, ...limits });
  return parser;
}

afterEach(async () => {
  await parser?.close();
  parser = null;
});

/** Why a text was not understood; the parser must be well afterwards. */
async function refused(text: string, limits: Partial<ParserLimits> = {}): Promise<string> {
  const own = start(limits);
  const result = await own.parse(text, 'shop', null);
  const next = await own.parse('SELECT a FROM t', 'shop', null);
  assert.ok(typeof next === 'object' && next.undetermined === null, 'the next text must be understood');
  assert.deepEqual(next.columnNames, ['a']);
  return typeof result === 'string' ? result : (result.undetermined ?? 'understood');
}

const MB = 1024 * 1024;

test('refuses a text longer than statementBytes, counted in UTF-8 [postgres.statement-bounds]', async () => {
  assert.match(await refused(`SELECT '${'x'.repeat(10 * MB)}'`), /statementBytes/);
  assert.match(await refused(`SELECT '${'é'.repeat(MB / 2)}'`), /statementBytes/);
});

test('understands a long literal within the limit [postgres.statement-bounds]', async () => {
  assert.equal(await refused(`SELECT '${'x'.repeat(MB - 100)}'`), 'understood');
});

test('refuses deep nesting before the parser sees it [postgres.statement-bounds]', async () => {
  assert.match(await refused('('.repeat(5000)), /nests deeper/);
  assert.match(await refused(`SELECT ${'ARRAY['.repeat(5000)}`), /nests deeper/);
});

test('refuses a NUL and half a surrogate pair [postgres.statement-bounds]', async () => {
  assert.match(await refused('SELECT 1\0; DROP TABLE t'), /NUL/);
  assert.match(await refused('SELECT \ud800'), /well-formed/);
});

test('refuses more statements than the limit [postgres.statement-bounds]', async () => {
  assert.match(await refused('SELECT 1;'.repeat(101)), /more than 100 statements/);
  assert.equal(await refused(';'.repeat(10_000)), 'understood');
});

const exhausting: readonly { name: string; text: string }[] = [
  { name: '20 000 open parentheses', text: '('.repeat(20_000) },
  { name: '20 000 nested parentheses', text: `SELECT ${'('.repeat(20_000)}1${')'.repeat(20_000)}` },
  { name: '20 000 nested casts', text: `SELECT 1${'::int'.repeat(20_000)}` },
  { name: '300 000 additions', text: `SELECT 1${'+1'.repeat(300_000)}` },
  { name: '20 000 joins', text: `SELECT 1 FROM t${' JOIN t ON true'.repeat(20_000)}` },
  { name: '50 000 unions', text: `SELECT 1${' UNION SELECT 1'.repeat(50_000)}` },
  { name: '20 000 NOTs', text: `SELECT ${'NOT '.repeat(20_000)}true` },
  { name: '20 000 subqueries', text: `SELECT ${'(SELECT '.repeat(20_000)}1${')'.repeat(20_000)}` },
  { name: '460 000 statements', text: 'SELECT 1;'.repeat(460_000) },
  { name: '2 000 000 columns', text: `SELECT ${'a,'.repeat(2_000_000)}a` },
  { name: '500 000 rows', text: `VALUES ${'(1,-1),'.repeat(500_000)}(1,1)` },
];

for (const { name, text } of exhausting) {
  test(`survives ${name} [postgres.statement-bounds]`, async () => {
    const limits = { statementBytes: 4 * MB, nesting: 1_000_000, statements: 10_000, deadlineMs: 2000 };
    const why = await refused(text, limits);
    // Understood is as good as refused: what counts is that the process and the next statement are well.
    assert.ok(why !== '');
  });
}

test('gives up on a text that takes too long, not on the ones behind it [postgres.statement-bounds]', async () => {
  const own = start({ statementBytes: 4 * MB, statements: 10_000_000, deadlineMs: 200 });
  await own.parse('SELECT 1', 'shop', null);
  const slow = own.parse('SELECT 1;'.repeat(460_000), 'shop', null);
  const behind = own.parse('SELECT b FROM t', 'shop', null);
  const given = await slow;
  assert.match(typeof given === 'string' ? given : 'understood', /too long|failed/);
  const next = await behind;
  assert.ok(typeof next === 'object' && next.columnNames.includes('b'));
});

test('keeps a queue no longer than its limit [postgres.statement-bounds]', async () => {
  const own = start({ queue: 2 });
  const all = await Promise.all(Array.from({ length: 5 }, () => own.parse('SELECT 1', 'shop', null)));
  assert.equal(all.filter((one) => one === 'too many statements wait to be parsed').length, 2);
});

test('answers what waits when it is closed [postgres.statement-bounds]', async () => {
  const own = start();
  const waiting = own.parse('SELECT 1', 'shop', null);
  await own.close();
  assert.equal(await waiting, 'the parser is shut down');
  assert.equal(await own.parse('SELECT 1', 'shop', null), 'the parser is shut down');
});

test('shows a statement without its literals and comments [postgres.statement-form]', async () => {
  const own = start();
  const hidden = [
    `SELECT E'hidden', U&'hidden', B'1001', X'1F', $$hidden$$, $a$hidden$a$, 'hidden' -- hidden`,
    `/* hidden */ ALTER USER x PASSWORD 'hidden' /* hidden /* hidden */ */`,
    `CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 'hidden' $$`,
    `SELECT 1 FROM t WHERE a = 4111111111111111`,
  ];
  for (const text of hidden) {
    const draft = await own.parse(text, 'shop', null);
    assert.ok(typeof draft === 'object' && draft.form !== null);
    assert.doesNotMatch(draft.form, /hidden|1001|1F|4111/, draft.form);
  }
  const broken = await own.parse(`SELECT 'hidden`, 'shop', null);
  assert.ok(typeof broken === 'object' && broken.form === null);
  assert.doesNotMatch(broken.undetermined ?? '', /hidden/);
});
