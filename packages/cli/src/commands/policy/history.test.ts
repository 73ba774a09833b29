/** The commands that look at a live target and at what was recorded, after a real session through a real gateway. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startGateway, type TestGateway } from '../../../../../test/fixtures/gateway.ts';
import { run } from '../../captured-terminal.test-support.ts';

const SCHEMA = `
CREATE SCHEMA monitoring;
CREATE SCHEMA shop;
CREATE TABLE monitoring.hosts (id int PRIMARY KEY, name text);
CREATE TABLE monitoring.gone (id int);
CREATE TABLE shop.customers (id int, ssn text);
INSERT INTO monitoring.hosts VALUES (1, 'web-1');
`;

/** What the agent did. The last one no longer makes sense: its table is dropped afterwards. */
const STATEMENTS = [
  'SELECT name FROM monitoring.hosts WHERE id = 1',
  "SELECT name FROM monitoring.hosts WHERE name = 'kept-private'",
  'SET search_path = monitoring',
  'SELECT count(*) FROM hosts',
  'SELECT * FROM shop.customers',
  'DROP DATABASE postgres',
  'SHOW server_version',
  'SELECT * FROM monitoring.gone',
] as const;

let world: TestGateway;
/** What became of each statement on its way through the gateway. */
const outcomes: ('permit' | 'deny')[] = [];
let changed: string;

before(async () => {
  world = await startGateway({ postgres: { initSql: SCHEMA } });
  const client = await world.connect();
  for (const statement of STATEMENTS) {
    const refused = await client.query(statement).then(
      () => false,
      (error: { code?: string }) => error.code === '42501',
    );
    outcomes.push(refused ? 'deny' : 'permit');
  }
  await client.end();
  // Ends the recording.
  await world.gateway.close();
  await world.server.query('DROP TABLE monitoring.gone');
  changed = join(world.directory, 'changed');
  cpSync(join(world.directory, 'policies'), changed, { recursive: true });
  const reading = join(changed, 'reading.cedar');
  const narrowed = readFileSync(reading, 'utf8').replace(
    'resource.schema == "monitoring"',
    'resource.schema == "shop"',
  );
  writeFileSync(reading, narrowed);
});
after(() => world.close());

const config = () => ['--config', world.configFile];
const question = (statement: string, more: object = {}) =>
  JSON.stringify({
    id: statement,
    subject: 'test|agent',
    groups: ['agents'],
    actor: 'agent-1',
    target: 'db',
    database: 'postgres',
    session: 'one',
    statement,
    ...more,
  });

interface Answer {
  readonly effect: string;
  readonly objects: readonly string[];
  readonly catalog: string;
}

test('says what the gateway said to the same statements in the same session [tools.same]', async () => {
  const asked = STATEMENTS.slice(0, -1);
  const { out, err, code } = await run(
    ['policy', 'eval', ...config()],
    asked.map((one) => question(one)).join('\n'),
  );
  assert.equal(code, 0, err);
  const answers = out.split('\n').map((line) => JSON.parse(line) as Answer);
  assert.deepEqual(
    answers.map(({ effect }) => effect),
    outcomes.slice(0, -1),
  );
  assert.ok(answers[3]?.objects.includes('Table::"db/postgres/monitoring/hosts"'));
  assert.ok(answers.every(({ catalog }) => catalog === 'live'));
});

test('a saved catalog answers as the target does, and has no credential in it [tools.catalog, tools.quiet]', async () => {
  const saved = await run(['policy', 'catalog', 'db', 'postgres', ...config()]);
  assert.equal(saved.code, 0, saved.err);
  assert.ok(!saved.out.includes(world.server.password));
  const file = join(world.directory, 'catalog.json');
  writeFileSync(file, saved.out);
  const lines = STATEMENTS.map((one) => question(one)).join('\n');
  const [live, offline] = await Promise.all([
    run(['policy', 'eval', ...config(), '--catalog', 'live'], lines),
    run(['policy', 'eval', ...config(), '--catalog', file], lines),
  ]);
  assert.equal(offline.code, 0, offline.err);
  assert.equal(offline.out.replaceAll('"catalog":"saved"', '"catalog":"live"'), live.out);
  assert.ok(saved.out.length < 50_000, `${saved.out.length} bytes`);
});

test('counts what a changed set would deny, hold and permit, by form [tools.simulate]', async () => {
  const args = ['policy', 'simulate', ...config(), '--policies', changed];
  const { out, err, code } = await run([...args, '--json']);
  assert.equal(code, 0, err);
  const {
    counts,
    changed: forms,
    sessions,
  } = JSON.parse(out) as {
    sessions: number;
    counts: Record<string, number>;
    changed: {
      change: string;
      form: string;
      count: number;
      sessions: string[];
      actors: string[];
      why: string;
    }[];
  };
  assert.equal(sessions, 1);
  assert.deepEqual(counts, {
    unchanged: 3,
    'newly denied': 3,
    'newly held': 0,
    'newly permitted': 1,
    'cannot be replayed': 1,
  });
  const denied = forms.filter(({ change }) => change === 'newly denied').map(({ form }) => form);
  // The name was resolved by the search path the session had by then.
  assert.ok(denied.includes('SELECT count(*) FROM hosts'), denied.join('\n'));
  assert.match(
    forms.find(({ change }) => change === 'cannot be replayed')?.why ?? '',
    /gone is not in the catalog/,
  );
  assert.ok(forms.every(({ actors }) => actors.includes('agent-1')));
  assert.ok(!out.includes('kept-private'));
});

test('shows values only where that is asked for [tools.simulate]', async () => {
  const args = ['policy', 'simulate', ...config(), '--policies', changed, '--actor', 'agent-1'];
  const quiet = await run(args);
  assert.match(quiet.out, /^newly denied$/m);
  assert.match(quiet.out, /1 × SELECT name FROM monitoring\.hosts WHERE name = \?/);
  assert.ok(!quiet.out.includes('kept-private'));
  assert.match((await run([...args, '--show-text'])).out, /kept-private/);
  assert.match((await run([...args.slice(0, -1), 'nobody'])).out, /^0 operations of 0 sessions/);
});

test('says of sessions that they could not be opened any more [tools.simulate]', async () => {
  const closed = join(world.directory, 'closed');
  mkdirSync(closed);
  writeFileSync(join(closed, 'none.cedar'), '@id("closed") forbid (principal, action, resource);');
  const { out } = await run(['policy', 'simulate', ...config(), '--policies', closed]);
  assert.match(
    out,
    /1 of the sessions could not be opened any more: connect is not permitted to\n {2}agent-1/,
  );
});

test('suggests the least policy for what an actor used, and proves it [tools.suggest]', async () => {
  const { out, err, code } = await run(['policy', 'suggest', ...config(), '--actor', 'agent-1', '--json']);
  assert.equal(code, 0, err);
  const suggestion = JSON.parse(out) as {
    file: string;
    text: string;
    replaces: string[];
    proof: { stillPermitted: number; stillDenied: number; against: unknown[] };
  };
  assert.deepEqual(suggestion.proof, { stillPermitted: 5, stillHeld: 0, stillDenied: 2, against: [] });
  assert.match(suggestion.text, /resource == Table::"db\/postgres\/monitoring\/hosts"/);
  assert.match(suggestion.text, /context has actor && context\.actor == "agent-1"/);
  assert.ok(!suggestion.text.includes('customers'));
  assert.ok(suggestion.replaces.some((one) => one.startsWith('agents-read-monitoring (reading.cedar:')));
  // By itself it is a set the gateway would take.
  const alone = join(world.directory, 'alone');
  mkdirSync(alone);
  writeFileSync(join(alone, 'only.cedar'), suggestion.text);
  assert.equal((await run(['policy', 'check', alone])).code, 0);
  const people = await run(['policy', 'suggest', ...config(), '--actor', 'agent-1']);
  assert.match(people.out, /^\+\+\+ .*only-agent-1\.cedar$/m);
  assert.match(people.out, /^\+@id\("only-agent-1-/m);
  assert.match(people.err, /Left out: 1, because .*gone is not in the catalog/);
  assert.match(people.err, /5 still permitted, 0 still held, 2 still denied, nothing else/);
});

test('nothing to suggest is said, and so is a time that is none [tools.suggest]', async () => {
  const nobody = await run(['policy', 'suggest', ...config(), '--actor', 'nobody']);
  assert.equal(nobody.code, 1);
  assert.match(nobody.err, /Nothing was permitted to nobody/);
  assert.equal((await run(['policy', 'suggest', ...config()])).code, 2);
  const when = await run(['policy', 'suggest', ...config(), '--actor', 'x', '--since', 'soon']);
  assert.equal(when.code, 2);
  assert.match(when.err, /30d, 12h, 90m/);
});

test('explains what a statement does by the live catalog [tools.explain]', async () => {
  const who = ['--target', 'db', '--database', 'postgres', '--as', 'test|agent', '--group', 'agents'];
  const { out, err, code } = await run([
    'policy',
    'explain',
    ...config(),
    ...who,
    'SELECT ssn FROM shop.customers',
  ]);
  assert.equal(code, 0, err);
  assert.match(out, /^db, database postgres \(catalog: live\), policies [0-9a-f]{16}$/m);
  assert.match(out, /^ {2}deny {2}select Table::"db\/postgres\/shop\/customers".* no policy matched$/m);
  assert.match(out, /^ {4}permit \($/m);
  const json = await run(
    ['policy', 'explain', ...config(), ...who, '--json', '-'],
    'DELETE FROM monitoring.hosts\n',
  );
  const explained = JSON.parse(json.out) as { effect: string; approvals: unknown; policies: unknown };
  assert.equal(explained.effect, 'hold');
  assert.deepEqual(explained.approvals, [{ group: 'approvers', seats: 1 }]);
  assert.deepEqual(explained.policies, [{ id: 'writes-need-approval', file: 'changes.cedar', line: 3 }]);
});

test('the policy that explain offers permits the statement when it is added [tools.explain]', async () => {
  const who = [
    '--target',
    'db',
    '--database',
    'postgres',
    '--as',
    'test|agent',
    '--group',
    'agents',
    '--json',
  ];
  const statement = 'SELECT id FROM shop.customers WHERE ssn IS NULL';
  const first = await run(['policy', 'explain', ...config(), ...who, statement]);
  const { remedy } = JSON.parse(first.out) as { remedy: { missing: string } };
  const extended = join(world.directory, 'extended');
  cpSync(join(world.directory, 'policies'), extended, { recursive: true });
  writeFileSync(join(extended, 'offered.cedar'), remedy.missing);
  const second = await run(['policy', 'explain', ...config(), '--policies', extended, ...who, statement]);
  assert.equal((JSON.parse(second.out) as { effect: string }).effect, 'permit', second.out + second.err);
  rmSync(extended, { recursive: true });
});
