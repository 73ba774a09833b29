/** What a client did through the gateway is found by the command, over the control plane and in the files. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { AuditOperationPage, AuditSessionPage } from '@sallyport/contract';
import { run } from '../../packages/cli/src/captured-terminal.test-support.ts';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';

const POLICIES = `
@id("everyone") permit (principal, action in [Action::"connect", Action::"connect_writable", Action::"transact", Action::"call"], resource);
@id("read") permit (principal, action == Action::"select", resource);
@id("write-notes") permit (principal, action == Action::"insert", resource) when { resource.name == "notes" };
`;

let world: TestGateway;
before(async () => {
  world = await startGateway({
    policies: { text: POLICIES },
    postgres: {
      initSql: `create schema work;
        create table work.people (name text); create table work.notes (note text);
        create view work.names as select name from work.people`,
    },
  });
});
after(() => world.close());

async function as(subject: string): Promise<readonly string[]> {
  const file = join(world.directory, `${subject}.token`);
  writeFileSync(file, await world.token(subject), { mode: 0o600 });
  return ['--url', world.gateway.controlPlane, '--token-file', file];
}

const inFiles = () => ['--data', join(world.directory, 'data')];

/** The forms that a search gives, newest first. */
async function forms(args: readonly string[], where: readonly string[]): Promise<readonly string[]> {
  const { code, out, err } = await run(['audit', 'search', '--json', ...args, ...where]);
  assert.equal(code, 0, err);
  const page = JSON.parse(out) as AuditOperationPage;
  assert.ok(page.complete);
  return page.operations.map(({ form }) => form ?? '');
}

test('the command finds an operation by the tables it touched [audit.index-command, audit.tables]', async () => {
  const client = await world.connect();
  await client.query("select name from work.people where name = 'Ada'");
  await client.query('select count(*) from work.names');
  await client.query("insert into work.notes values ('hush')");
  await assert.rejects(client.query('delete from work.people'));
  await assert.rejects(client.query('select pg_no_such_function(1)'));
  await client.end();
  for (const where of [await as('auditor'), inFiles()]) {
    const people = await forms(['--table', 'work.people'], where);
    // By name, through a view, and one that was refused; what may touch anything is found by every table.
    assert.equal(people.filter((form) => /delete from work\.people/i.test(form)).length, 1);
    assert.equal(people.filter((form) => /from work\.names/i.test(form)).length, 1);
    assert.equal(people.filter((form) => /where name = /i.test(form)).length, 1);
    assert.ok(!people.some((form) => form.includes('Ada') || /work\.notes/i.test(form)));
    assert.deepEqual(await forms(['--table', 'people', '--effect', 'deny', '--action', 'delete'], where), [
      people.find((form) => /delete/i.test(form)),
    ]);
    assert.equal((await forms(['--policy', 'write-notes'], where)).length, 1);
    assert.equal((await forms(['--text', 'INSERT notes', '--actor', 'agent-1'], where)).length, 1);
    assert.deepEqual(await forms(['--text', 'hush'], where), []);
    assert.deepEqual(await forms(['--table', 'people', '--until', '2020-01-01'], where), []);
    assert.deepEqual(await forms(['--subject', "' OR 1=1 --"], where), []);
    const first = await forms(['--limit', '1', '--since', '1h'], where);
    assert.equal(first.length, 1);
    const { out } = await run(['audit', 'search', '--table', 'notes', '--action', 'insert', ...where]);
    assert.match(out, /permit +test\|agent via agent-1 +db +\S+ +write-notes/);
    const sessions = await run(['sessions', '--all', '--table', 'work.people', '--json', ...where]);
    const [one] = (JSON.parse(sessions.out) as AuditSessionPage).sessions;
    assert.deepEqual([one?.actor, one?.target, one?.facet], ['agent-1', 'db', 'postgres']);
    assert.ok((one?.permitted ?? 0) >= 3 && (one?.denied ?? 0) >= 2, sessions.out);
    assert.match((await run(['sessions', '--all', ...where])).out, /PERMITS/);
  }
});

test('pages follow one another by their cursor [audit.index-command]', async () => {
  const where = await as('auditor');
  const whole = await forms([], where);
  const paged: string[] = [];
  let cursor: string | null = null;
  do {
    const more = cursor === null ? [] : ['--cursor', cursor];
    const { out, err } = await run(['audit', 'search', '--json', '--limit', '3', ...more, ...where]);
    assert.equal(err, '');
    const page = JSON.parse(out) as AuditOperationPage;
    paged.push(...page.operations.map(({ form }) => form ?? ''));
    cursor = page.next;
  } while (cursor !== null);
  assert.deepEqual(paged, whole);
});

test('an index is made anew beside a running gateway, which then answers the same [audit.index-command]', async () => {
  const before = await forms([], await as('auditor'));
  assert.ok(before.length > 4);
  const { code, out } = await run(['audit', 'reindex', ...inFiles()]);
  assert.equal(code, 0);
  assert.match(out, /^indexed \d+ entries of the audit log in \d+\.\d s$/);
  assert.deepEqual(await forms([], await as('auditor')), before);
  assert.deepEqual(world.faults, []);
});

test('nobody but an auditor searches [audit.index-auditors]', async () => {
  for (const subject of ['agent', 'guard', 'approver', 'stranger']) {
    for (const command of [
      ['audit', 'search'],
      ['sessions', '--all'],
    ]) {
      const { code, out, err } = await run([...command, '--table', 'people', ...(await as(subject))]);
      assert.deepEqual([code, out], [3, ''], subject);
      assert.match(err, /(?:your roles do not|only a person may)/i);
    }
  }
});

test('arguments that cannot be used exit 2 and say so [cli.usage]', async () => {
  const lines: [string[], RegExp][] = [
    [['audit', 'search', '--since', 'tomorrow'], /2026-03-01/],
    [['audit', 'search', '--limit', '501'], /from 1 to 500/],
    [['audit', 'search', '--effect', 'maybe'], /permit, deny/],
    [['audit', 'search', '--text', '""', ...inFiles()], /must hold a word/],
    [['audit', 'search', '--cursor', 'x', ...inFiles()], /--cursor cannot be used/],
    [['audit', 'reindex', '--data', '/nonexistent'], /--data DIR/],
    [['sessions', '--open', '--all', ...(await as('auditor'))], /--open/],
  ];
  for (const [args, words] of lines) {
    const { code, err } = await run(args);
    assert.equal(code, 2, `${args.join(' ')}: ${err}`);
    assert.match(err, words);
  }
});

test('a gateway whose index cannot be written decides and records as ever [audit.index-apart]', async (t) => {
  const blocked = await startGateway({
    policies: { text: POLICIES },
    // A file is where the folder should be: no thread of the index gets anywhere.
    config: 'audit_index: { directory: ./password/index }',
  });
  t.after(() => blocked.close());
  const client = await blocked.connect();
  assert.equal((await client.query('select 1 as one')).rows[0]?.one, 1);
  const auditor = await blocked.as('auditor');
  await assert.rejects(auditor.searchOperations({}), { status: 503, code: 'storage-unavailable' });
  assert.equal((await client.query('select 2 as two')).rows[0]?.two, 2);
});
