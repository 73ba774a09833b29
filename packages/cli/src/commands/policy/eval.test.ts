/** `policy eval` as others run it: a process of its own, lines in, lines out. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runCommand } from '../../../../../test/fixtures/commands.ts';

const BIN = 'packages/cli/bin/sallyport.js';
const SECRET = 'a-password-nobody-may-see';
const folder = mkdtempSync(join(tmpdir(), 'sallyport-eval-'));
after(() => rmSync(folder, { recursive: true }));

cpSync('policies/starter', join(folder, 'policies'), { recursive: true });
writeFileSync(join(folder, 'password'), SECRET);
const config = join(folder, 'sallyport.yaml');
// Nothing listens on port 1.
writeFileSync(
  config,
  `listeners: [{ protocol: postgres, listen: 127.0.0.1:0 }]
identity: { issuers: [{ name: company, issuer: "https://login.example.com", audience: sallyport }] }
targets:
  - name: warehouse
    protocol: postgres
    host: 127.0.0.1
    port: 1
    tls: { mode: disable }
    credential: { username: app, password_file: password }
  - { name: billing, protocol: http, url: "http://127.0.0.1:1" }
policy: { directory: policies }
`,
);

interface Answer {
  readonly id: unknown;
  readonly effect: string;
  readonly policies: readonly string[];
  readonly objects: readonly string[];
  readonly actions: readonly string[];
  readonly undetermined: string | null;
  readonly reason: string | null;
  readonly approvals?: unknown;
  readonly error?: string;
  readonly catalog?: string;
}

async function evaluate(
  lines: readonly (object | string)[],
  args: readonly string[] = ['--catalog', 'assumed'],
) {
  const input = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  const ran = await runCommand(
    process.execPath,
    [BIN, 'policy', 'eval', '--config', config, ...args],
    {},
    input,
  );
  const answers = ran.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Answer);
  return { ...ran, answers };
}

const ask = (id: unknown, statement: string, more: object = {}) => ({
  id,
  subject: 'company|nora',
  groups: ['agents'],
  target: 'warehouse',
  database: 'shop',
  statement,
  ...more,
});

test('answers each question with what decided it, in order [tools.eval]', async () => {
  const { code, answers, stderr } = await evaluate([
    ask('read', 'SELECT name FROM monitoring.hosts'),
    ask(2, 'DELETE FROM monitoring.hosts WHERE id = 1'),
    ask(3, 'DELETE FROM monitoring.hosts WHERE id = 1', { approvals: ['approvers'] }),
    ask(4, 'DELETE FROM monitoring.hosts WHERE id = 1', { approvals: [{ group: 'approvers', seats: 1 }] }),
    ask(5, 'SELECT 1; DROP DATABASE shop'),
    ask(6, 'SELECT * FROM monitoring.hosts', { groups: [] }),
  ]);
  assert.equal(code, 0, stderr);
  assert.equal(stderr, '');
  assert.deepEqual(answers[0], {
    id: 'read',
    effect: 'permit',
    policies: ['agents-read-monitoring'],
    objects: ['Table::"warehouse/shop/monitoring/hosts"'],
    actions: ['select'],
    undetermined: null,
    reason: null,
    catalog: 'assumed',
  });
  assert.deepEqual(
    answers.map(({ id, effect }) => [id, effect]),
    [
      ['read', 'permit'],
      [2, 'hold'],
      [3, 'permit'],
      [4, 'permit'],
      [5, 'deny'],
      [6, 'deny'],
    ],
  );
  assert.deepEqual(answers[1]?.approvals, [{ group: 'approvers', seats: 1 }]);
  assert.deepEqual(answers[4]?.policies, ['no-drop-database']);
});

test('follows the state of a session, and of no other [tools.eval]', async () => {
  const { answers } = await evaluate([
    ask(1, 'SET search_path = monitoring', { session: 'a' }),
    ask(2, 'PREPARE p AS SELECT * FROM monitoring.hosts', { session: 'a' }),
    ask(3, 'EXECUTE p', { session: 'a' }),
    ask(4, 'EXECUTE p', { session: 'b' }),
    ask(5, 'EXECUTE p'),
    ask(6, 'SELECT * FROM hosts', { session: 'a' }),
    ask(7, 'SELECT * FROM hosts', { session: 'b' }),
  ]);
  assert.deepEqual(
    answers.map(({ effect }) => effect),
    ['permit', 'permit', 'permit', 'deny', 'deny', 'deny', 'deny'],
  );
  assert.ok(answers[5]?.objects.includes('Table::"warehouse/shop/monitoring/hosts"'));
  assert.ok(!answers[6]?.objects.includes('Table::"warehouse/shop/monitoring/hosts"'));
});

test('keeps the order of ten thousand lines, most of them distinct [tools.eval]', async () => {
  const lines = Array.from({ length: 10_000 }, (_, at) =>
    ask(
      at,
      at % 3 === 0 ? `SELECT a${at} FROM monitoring.hosts` : 'SELECT name FROM monitoring.hosts WHERE id = 1',
    ),
  );
  const { code, answers } = await evaluate(lines);
  assert.equal(code, 0);
  assert.deepEqual(
    answers.map(({ id }) => id),
    lines.map(({ id }) => id),
  );
  assert.ok(answers.every(({ effect }) => effect === 'permit'));
});

test('denies lines that cannot be judged, with their id, and goes on [tools.eval-bad]', async () => {
  const huge = 'x'.repeat(40 * 1024 * 1024);
  const { code, answers } = await evaluate([
    'nonsense',
    '{"id": "cut", "statement": "SELECT secret',
    '[1]',
    { id: 4, target: 'warehouse', statement: 'SELECT 1' },
    ask(5, 'SELECT 1', { groups: 'agents' }),
    ask(6, 'SELECT 1', { target: 'nowhere' }),
    ask(7, 'SELECT 1', { approvals: [{ group: 'approvers', seats: 0 }] }),
    `{"id": "huge", "statement": "${huge}"}`,
    ask(9, `SELECT '${'y'.repeat(10 * 1024 * 1024)}'`),
    ask(10, `SELECT ${'('.repeat(10_000)}1${')'.repeat(10_000)}`),
    ask(11, 'SELECT \0'),
    ask(12, 'SELECT "\ud800"'),
    '['.repeat(100_000),
    '',
    ask(14, 'SELECT * FROM monitoring.hosts'),
  ]);
  assert.equal(code, 0);
  assert.deepEqual(
    answers.map(({ id, effect }) => [id, effect]),
    [
      [null, 'deny'],
      ['cut', 'deny'],
      [null, 'deny'],
      [4, 'deny'],
      [5, 'deny'],
      [6, 'deny'],
      [7, 'deny'],
      ['huge', 'deny'],
      [9, 'deny'],
      [10, 'deny'],
      [11, 'deny'],
      [12, 'deny'],
      [null, 'deny'],
      [14, 'permit'],
    ],
  );
  assert.ok(answers.slice(0, 8).every(({ error, reason }) => error === 'not judged' && reason !== null));
  assert.ok(!JSON.stringify(answers.slice(0, 3)).includes('secret'));
  assert.match(answers[7]?.reason ?? '', /over the limit/);
  assert.match(answers[8]?.undetermined ?? '', /statementBytes/);
});

test('assumes the tables of a target that cannot be reached, and warns once [tools.assumed, tools.quiet]', async () => {
  const lines = [
    ask(1, 'SELECT * FROM monitoring.hosts'),
    ask(2, 'SELECT * FROM pg_class'),
    ask(3, 'SELECT nothing()'),
  ];
  const { code, answers, stderr, stdout } = await evaluate(lines, []);
  assert.equal(code, 0);
  assert.deepEqual(
    answers.map(({ effect, catalog }) => [effect, catalog]),
    [
      ['permit', 'assumed'],
      ['permit', 'assumed'],
      ['deny', 'assumed'],
    ],
  );
  assert.deepEqual(answers[1]?.objects, ['Table::"warehouse/shop/pg_catalog/pg_class"']);
  assert.equal(stderr.trim().split('\n').length, 1, stderr);
  assert.match(stderr, /every table that is named is taken to exist/);
  assert.ok(!(stderr + stdout).includes(SECRET));
});

test('a target that must be live and is not ends with 1 and words [tools.assumed, tools.quiet]', async () => {
  const { code, stderr } = await evaluate([ask(1, 'SELECT 1')], ['--catalog', 'live']);
  assert.equal(code, 1);
  assert.match(stderr, /catalog of target warehouse, database shop cannot be read/);
  assert.ok(!stderr.includes(SECRET));
});

test('a catalog that is none is refused before anything is judged [tools.catalog]', async () => {
  const files = {
    'absent.json': null,
    'text.json': 'nonsense',
    'other.json': '{"a":1}',
    'old.json': JSON.stringify({
      target: 'warehouse',
      database: 'shop',
      catalog: { format: 'sallyport postgres catalog 1', facts: {}, answers: [{ question: 'x', rows: [] }] },
    }),
  };
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder, name);
    if (text !== null) writeFileSync(file, text);
    const { code, stderr, answers } = await evaluate([ask(1, 'SELECT 1')], ['--catalog', file]);
    if (name === 'old.json') assert.match(answers[0]?.reason ?? '', /save it again/);
    else {
      assert.equal(code, 2, name);
      assert.match(stderr, /sallyport policy catalog TARGET/);
    }
  }
});

test('reads requests to an API as the gateway does [tools.http]', async () => {
  const http = (id: number, statement: string) => ask(id, statement, { target: 'billing', database: '' });
  const { answers } = await evaluate([
    http(1, 'GET /api/v1/invoices?since=2026'),
    http(2, 'POST /api/v1/invoices HTTP/1.1\ncontent-type: application/json\n\n{"total": 5}'),
    http(3, 'GET /api/../admin'),
    http(4, 'GET /api/v1/x\nx-http-method-override: DELETE'),
    http(5, 'SELECT 1'),
  ]);
  assert.deepEqual(
    answers.map(({ effect }) => effect),
    ['permit', 'hold', 'deny', 'deny', 'deny'],
  );
  assert.deepEqual(answers[0]?.objects, ['Route::"billing/api/v1/invoices"']);
  assert.match(answers[3]?.undetermined ?? '', /x-http-method-override/);
});

test('an id of any type comes back unchanged [tools.eval]', async () => {
  const ids = ['one', 2.5, true, null, [1, { a: 2 }], { key: ['x'] }];
  const { answers } = await evaluate(ids.map((id) => ask(id, 'SELECT 1')));
  assert.deepEqual(
    answers.map(({ id }) => id),
    ids,
  );
});

test('a forbid by column holds for a table whose columns are only assumed [tools.assumed]', async () => {
  const policies = join(folder, 'columns');
  cpSync('policies/starter', policies, { recursive: true });
  writeFileSync(
    join(policies, 'columns.cedar'),
    `@id("no-ssn") forbid (principal, action == Action::"select", resource is Table)
       when { context.columns.containsAny(["ssn", "*"]) };`,
  );
  const who = { subject: 'a', groups: ['agents'], target: 'warehouse', database: 'shop' };
  const { answers } = await evaluate(
    [
      { id: 1, ...who, statement: 'SELECT * FROM monitoring.checks' },
      { id: 2, ...who, statement: 'SELECT ssn FROM monitoring.checks' },
      { id: 3, ...who, statement: 'SELECT name FROM monitoring.checks' },
    ],
    ['--catalog', 'assumed', '--policies', policies],
  );
  assert.deepEqual(
    answers.map(({ effect, policies: deciding }) => [effect, deciding]),
    [
      ['deny', ['no-ssn']],
      ['deny', ['no-ssn']],
      ['permit', ['agents-read-monitoring']],
    ],
  );
});
