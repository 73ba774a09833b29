/** Cases beside policies, and the packs that ship with some. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadPolicyDirectory } from '@sallyport/gateway';
import { run } from '../../captured-terminal.test-support.ts';
import { packNames } from '../init.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-cases-'));
after(() => rmSync(folder, { recursive: true }));

const POLICIES = `@id("reads") @limit_rows("10")
permit (principal in Group::"agents", action == Action::"select", resource) when { resource.schema == "shop" };
@id("writes") @approval("approvers, 2")
permit (principal in Group::"agents", action in Action::"write", resource);
@id("never")
forbid (principal, action == Action::"drop_database", resource);
@id("opens")
permit (principal, action == Action::"connect_writable", resource);
`;

function directory(files: Readonly<Record<string, string>>): string {
  const made = mkdtempSync(join(folder, 'policies-'));
  for (const [name, text] of Object.entries({ 'all.cedar': POLICIES, ...files }))
    writeFileSync(join(made, name), text);
  return made;
}

const HEAD =
  'target: prod\ndatabase: app\ngroups: [agents]\ntables: { shop.orders: [id, total], secret.keys: }\n';

test('passes cases that come out as they expect, from YAML and from lines [tools.cases]', async () => {
  const line = {
    ...{ target: 'prod', database: 'app', groups: ['agents'] },
    statement: 'SELECT * FROM shop.x',
    expect: 'permit',
  };
  const made = directory({
    'cases.yaml': `${HEAD}cases:
  - { statement: SELECT id FROM shop.orders, expect: permit, policies: [reads], limits: { rows: 10 } }
  - { name: keys stay, statement: SELECT * FROM secret.keys, expect: deny, reason: no policy permits select, undetermined: false }
  - { statement: SELECT * FROM shop.unknown, expect: deny, undetermined: true }
  - { statement: "INSERT INTO shop.orders VALUES (1, 2)", expect: hold, approvals: [{ group: approvers, seats: 2 }] }
  - { statement: "INSERT INTO shop.orders VALUES (1, 2)", approved: [{ group: approvers, seats: 1 }], expect: hold }
  - { statement: "INSERT INTO shop.orders VALUES (1, 2)", approved: [approvers], expect: permit }
  - { evaluations: ['drop_database Database::"prod/app"'], expect: deny, policies: [never] }
`,
    'more.cases.ndjson': `${JSON.stringify(line)}\n`,
  });
  const { code, out, err } = await run(['policy', 'test', made]);
  assert.equal(code, 0, out + err);
  assert.match(out, /^ok {4}keys stay$/m);
  assert.match(out, /^8 passed, 0 failed$/m);
});

test('judges a case with what it says is classified, and uses of that [tools.cases-masking]', async () => {
  const made = directory({
    'calm.cedar': `@id("calm") forbid (principal, action == Action::"select", resource) when { context.risk >= 45 };
      @id("asks") @approval("privacy") permit (principal, action == Action::"reveal", resource) when { resource.name == "email" };
      @id("count") permit (principal, action == Action::"probe", resource) when { ["group"].containsAll(context.roles) };`,
    'cases.yaml': `${HEAD}cases:
  - { statement: SELECT total FROM shop.orders, expect: permit }
  - { statement: SELECT total FROM shop.orders, masking: { classified: [{ column: shop.orders.total, class: salary }] }, expect: deny, policies: [calm] }
  - { statement: "SET sallyport.reveal = 'email'", expect: hold, approvals: [privacy] }
  - { statement: "SET sallyport.reveal = 'phone'", expect: deny, reason: no policy permits reveal }
  - { statement: "SET sallyport.reveal = 'email'; SELECT 1", expect: deny, undetermined: true }
  - { evaluations: [{ action: probe, resource: 'DataClass::"prod/salary"', columns: [shop.orders.total], roles: [group] }], expect: permit, policies: [count] }
  - { evaluations: [{ action: probe, resource: 'DataClass::"prod/salary"', columns: [shop.orders.total], roles: [filter] }], expect: deny, reason: it filters by shop.orders.total }
`,
  });
  const { code, out, err } = await run(['policy', 'test', made]);
  assert.equal(code, 0, out + err);
  assert.match(out, /^7 passed, 0 failed$/m);
});

test('names every difference, where the case is, and the policies no case exercises [tools.cases]', async () => {
  const made = directory({
    'cases.yaml': `${HEAD}cases:
  - { name: wrong, statement: SELECT id FROM shop.orders, expect: deny, policies: [other], limits: { rows: 5 }, reason: because }
`,
  });
  const { code, out, err } = await run(['policy', 'test', made]);
  assert.equal(code, 1);
  assert.match(out, /^FAIL {2}wrong {2}.*cases\.yaml:6$/m);
  for (const part of [
    'expected deny, got permit',
    'expected policies other, got reads',
    'limited to 5, got 10',
    'reason with "because"',
  ])
    assert.ok(out.includes(part), out);
  assert.match(err, /never \(all\.cedar:5\)/);
  assert.match(err, /writes \(all\.cedar:3\)/);
  assert.ok(!err.includes('reads ('));
  const json = await run(['policy', 'test', made, '--json']);
  const lines = json.out
    .split('\n')
    .map((line) => JSON.parse(line) as { passed?: boolean; summary?: { failed: number } });
  assert.equal(lines[0]?.passed, false);
  assert.equal(lines[1]?.summary?.failed, 1);
});

test('refuses cases that cannot be read, each with its line [tools.cases-bad]', async () => {
  const bad: readonly (readonly [name: string, text: string, says: RegExp])[] = [
    [
      'cases.yaml',
      `${HEAD}cases:\n  - { statement: SELECT 1, expect: perhaps }\n`,
      /cases\.yaml:6: cases\.0\.expect: /,
    ],
    ['cases.yaml', `${HEAD}cases:\n  - { statemnt: SELECT 1, expect: deny }\n`, /cases\.yaml:6: .*statemnt/],
    ['cases.yaml', 'cases: [', /cases\.yaml: /],
    ['x.cases.ndjson', '{"expect":"deny"}\nnonsense\n', /x\.cases\.ndjson:2: is not JSON/],
    [
      'cases.yaml',
      `${HEAD}cases:\n  - { evaluations: ['drop Table::"other/a/b/c"'], expect: deny }\n`,
      /begins with the target/,
    ],
    [
      'cases.yaml',
      `${HEAD}catalog: nowhere.json\ncases:\n  - { statement: SELECT 1, expect: deny }\n`,
      /nowhere\.json cannot be read/,
    ],
  ];
  for (const [name, text, says] of bad) {
    const { code, err } = await run(['policy', 'test', directory({ [name]: text })]);
    assert.equal(code, 2, text);
    assert.match(err, says);
  }
  const none = await run(['policy', 'test', directory({})]);
  assert.equal(none.code, 1);
  assert.match(none.err, /There are no cases in/);
});

for (const name of packNames()) {
  test(`the pack ${name} passes its cases, and they exercise each of its policies [tools.packs]`, async () => {
    const { code, out, err } = await run(['policy', 'test', join('policies/packs', name)]);
    assert.equal(code, 0, out + err);
    assert.equal(err, '');
    assert.equal((await run(['policy', 'check', join('policies/packs', name), '--strict'])).code, 0);
    assert.ok(readFileSync(join('policies/packs', name, 'README.md'), 'utf8').split('\n').length > 3);
  });
}

test('every pack loads beside every other, without a clash of ids or files [tools.packs]', async () => {
  const all = mkdtempSync(join(folder, 'all-'));
  let files = 0;
  for (const name of packNames()) {
    for (const file of readdirSync(join('policies/packs', name)).filter((one) => one.endsWith('.cedar'))) {
      copyFileSync(join('policies/packs', name, file), join(all, file));
      files += 1;
    }
  }
  const { errors, policies } = await loadPolicyDirectory(all);
  assert.deepEqual(errors, []);
  assert.equal(readdirSync(all).length, files);
  // With ids that differ in the whole they differ in every part of it.
  assert.equal(new Set(policies.map(({ id }) => id)).size, policies.length);
  assert.ok(policies.every(({ id }) => packNames().some((name) => id.startsWith(`${name}/`))));
});

test('init writes the packs that are named, and refuses one that is not there [tools.init-pack]', async () => {
  const at = mkdtempSync(join(folder, 'init-'));
  const file = join(at, 'sallyport.yaml');
  const { code, out } = await run(['init', file, '--pack', 'read-only', 'no-pivot']);
  assert.equal(code, 0);
  assert.match(out, /policies: read-only, no-pivot$/m);
  assert.deepEqual(readdirSync(join(at, 'policies')), ['no-pivot.cedar', 'read-only.cedar']);
  assert.equal((await run(['policy', 'check', join(at, 'policies')])).code, 0);
  const unknown = await run(['init', join(at, 'other.yaml'), '--pack', 'nope']);
  assert.equal(unknown.code, 2);
  assert.match(unknown.err, /There is no pack "nope": there are change-with-approval, /);
});

test('a good set with something odd in it is warned of, and fails under --strict [tools.check]', async () => {
  const all = '@id("all") permit (principal, action == Action::"select", resource);\n';
  const made = directory({ 'more.cedar': all });
  const { code, out } = await run(['policy', 'check', made]);
  assert.equal(code, 0);
  assert.match(out, /^all\.cedar:1: warning: "reads" .*"all" \(more\.cedar:1\).* \([a-z-]+\)$/m);
  assert.match(out, /^good: 5 policies in 2 files/m);
  const strict = await run(['policy', 'check', made, '--strict', '--json']);
  assert.equal(strict.code, 1);
  const { findings, errors } = JSON.parse(strict.out) as {
    findings: { policy: string }[];
    errors: unknown[];
  };
  assert.deepEqual([findings[0]?.policy, errors], ['reads', []]);
});
