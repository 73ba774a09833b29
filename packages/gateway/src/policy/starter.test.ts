import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Evaluation } from '../protocols/protocol.ts';
import { policySection } from './config.ts';
import type { Question } from './decision.ts';
import { createDecisionPoint } from './decision-point.ts';
import { loadPolicyDirectory } from './directory.ts';
import { ask, policyFiles, sessionOf } from './policy.test-support.ts';

const directory = fileURLToPath(new URL('../../../../policies/starter', import.meta.url));
const audit = { append: () => {} };
const classes = ['email', 'payment-card'];
const point = await createDecisionPoint(policySection.parse({ directory, watch: false }), { audit, classes });
after(() => point.close());

const agent = sessionOf(['agents']);
const operator = sessionOf(['operators'], { person: true });
const stranger = sessionOf(['staff'], { person: true });
const officer = sessionOf(['operators', 'privacy'], { person: true });

/** `permit`, `approval`, or the id of the forbid; `deny` when no policy matched. */
async function outcome(session: typeof agent, ...evaluations: Evaluation[]): Promise<string> {
  const decision = await point.decide(session, evaluations, []);
  if (decision.effect === 'permit') return 'permit';
  if (decision.approvals !== null)
    return `approval by ${decision.approvals.map((a) => `${a.group} ${a.seats}`).join()}`;
  return decision.policies[0] ?? 'deny';
}

/** Every line: what is asked, then the outcome for an agent, an operator, someone of neither. */
async function holds(table: readonly (readonly [Evaluation, string, string, string])[]): Promise<void> {
  for (const [evaluation, ...expected] of table) {
    const got = [
      await outcome(agent, evaluation),
      await outcome(operator, evaluation),
      await outcome(stranger, evaluation),
    ];
    assert.deepEqual(got, expected, JSON.stringify(evaluation));
  }
}

const APPROVAL = 'approval by approvers 1';

test('agents read monitoring and the catalogs, operators read what is not secret [policy.starter-read]', () =>
  holds([
    [ask('connect', 'Target'), 'permit', 'permit', 'deny'],
    [ask('select', 'Table', 'shop/monitoring/cpu'), 'permit', 'permit', 'deny'],
    [ask('select', 'Sequence', 'shop/monitoring/cpu_id_seq'), 'permit', 'permit', 'deny'],
    [ask('select', 'Table', 'shop/public/customers'), 'deny', 'permit', 'deny'],
    [ask('select', 'Table', 'shop/Monitoring/cpu'), 'deny', 'permit', 'deny'],
    [ask('select', 'Table', 'monitoring/public/customers'), 'deny', 'permit', 'deny'],
    [ask('select', 'Table', 'shop/pg_catalog/pg_class'), 'permit', 'permit', 'deny'],
    [ask('select', 'Table', 'shop/information_schema/columns'), 'permit', 'permit', 'deny'],
    [ask('call', 'Function', 'shop/pg_catalog/now'), 'permit', 'permit', 'deny'],
    [ask('call', 'Function', 'shop/public/refund'), 'deny', 'deny', 'deny'],
    [ask('show', 'Setting', 'server_version'), 'permit', 'permit', 'deny'],
    [ask('show', 'Setting', 'app.jwt_secret'), 'deny', 'permit', 'deny'],
    [ask('set', 'Setting', 'application_name'), 'permit', 'permit', 'deny'],
    [ask('set', 'Setting', 'DateStyle'), 'permit', 'permit', 'deny'],
    [ask('set', 'Setting', 'default_transaction_read_only'), 'deny', 'deny', 'deny'],
    [ask('set', 'Setting', '*'), 'deny', 'deny', 'deny'],
    [ask('transact', 'Database', 'shop'), 'permit', 'permit', 'deny'],
    [ask('listen', 'Channel', 'shop/jobs'), 'deny', 'permit', 'deny'],
    [ask('run_block', 'Database', 'shop'), 'deny', 'deny', 'deny'],
  ]));

test('being an operator counts only for a person [policy.starter-read]', async () => {
  const machine = sessionOf(['operators']);
  for (const evaluation of [
    ask('connect', 'Target'),
    ask('select', 'Table', 'shop/public/customers'),
    ask('transact', 'Database', 'shop'),
  ]) {
    assert.equal(await outcome(machine, evaluation), 'deny');
  }
});

test('an agent changes nothing without an approval [policy.starter-change]', () =>
  holds([
    [ask('insert', 'Table', 'shop/monitoring/cpu'), APPROVAL, 'deny', 'deny'],
    [ask('update', 'Table', 'shop/public/customers'), APPROVAL, 'deny', 'deny'],
    [ask('delete', 'Table', 'shop/public/customers'), APPROVAL, 'deny', 'deny'],
    [ask('lock', 'Table', 'shop/public/customers'), APPROVAL, 'deny', 'deny'],
    [ask('copy_in', 'Table', 'shop/public/customers'), APPROVAL, 'deny', 'deny'],
    [ask('advance', 'Sequence', 'shop/public/customers_id_seq'), APPROVAL, 'deny', 'deny'],
    [ask('notify', 'Channel', 'shop/jobs'), APPROVAL, 'deny', 'deny'],
    [ask('create', 'Schema', 'shop/public'), APPROVAL, 'deny', 'deny'],
    [ask('alter', 'Table', 'shop/public/customers'), APPROVAL, 'deny', 'deny'],
    [ask('comment', 'Database', 'shop'), APPROVAL, 'deny', 'deny'],
    [ask('drop', 'Table', 'shop/public/customers'), APPROVAL, 'deny', 'deny'],
    [ask('truncate', 'Table', 'shop/public/customers'), APPROVAL, 'deny', 'deny'],
    [
      ask('update', 'Table', 'shop/pg_catalog/pg_class'),
      'no-catalog-writes',
      'no-catalog-writes',
      'no-catalog-writes',
    ],
  ]));

test('nobody drops a database, pivots, administers or reads leaking catalogs [policy.starter-forbid]', () => {
  const all = (evaluation: Evaluation, policy: string) => [evaluation, policy, policy, policy] as const;
  return holds([
    all(ask('drop_database', 'Database', 'shop'), 'no-drop-database'),
    all(ask('program', 'Program', '*'), 'no-pivot'),
    all(ask('server_file', 'File', '*'), 'no-pivot'),
    all(ask('foreign_server', 'ForeignServer', 'other'), 'no-pivot'),
    all(ask('load_code', 'Extension', 'dblink'), 'no-pivot'),
    all(ask('client_file', 'ClientFile', '*'), 'no-pivot'),
    all(ask('replicate', 'Target'), 'no-pivot'),
    all(ask('change_user', 'Role', '*'), 'no-pivot'),
    all(ask('metadata', 'Endpoint', '169.254.169.254/80'), 'no-pivot'),
    all(ask('set_role', 'Role', 'postgres'), 'no-administration'),
    all(ask('grant', 'Role', '*'), 'no-administration'),
    all(ask('create_role', 'Role', 'x'), 'no-administration'),
    all(ask('alter_system', 'Setting', '*'), 'no-administration'),
    all(ask('signal', 'Database', 'shop'), 'no-administration'),
    all(ask('maintain', 'Table', 'shop/monitoring/cpu'), 'no-administration'),
    all(ask('credentials', 'Table', 'shop/pg_catalog/pg_authid'), 'no-administration'),
    all(ask('select', 'Table', 'shop/pg_catalog/pg_stats'), 'no-value-leaking-catalogs'),
    all(ask('select', 'Table', 'shop/pg_catalog/pg_stat_activity'), 'no-value-leaking-catalogs'),
    all(ask('select', 'Table', 'shop/monitoring/pg_stat_statements'), 'no-value-leaking-catalogs'),
    all(ask('select', 'Table', 'shop/pg_catalog/pg_largeobject'), 'no-value-leaking-catalogs'),
  ]);
});

test('an approval changes a write and nothing that is forbidden [policy.starter-forbid] [policy.forbid-wins]', async () => {
  const approved = [{ group: 'approvers', seats: 5 }];
  const decide = async (evaluation: Evaluation) => (await point.decide(agent, [evaluation], approved)).effect;
  assert.equal(await decide(ask('insert', 'Table', 'shop/public/orders')), 'permit');
  assert.equal(await decide(ask('drop_database', 'Database', 'shop')), 'deny');
  assert.equal(await decide(ask('program', 'Program', '*')), 'deny');
  assert.equal(await decide(ask('select', 'Table', 'shop/public/orders')), 'deny');
});

test('no starter policy permits what cannot be told, on any protocol [policy.starter-undetermined]', async () => {
  const approved = [{ group: 'approvers', seats: 5 }];
  for (const evaluation of [
    ask('undetermined', 'Target'),
    ask('undetermined', 'Database', 'shop'),
    ask('undetermined', 'Function', 'shop/pg_catalog/now'),
    ask('undetermined', 'Function', 'shop/monitoring/f'),
    ask('undetermined', 'Program', 'cat'),
    ask('undetermined', 'Tool', 'search'),
  ]) {
    for (const session of [agent, operator, officer, stranger]) {
      assert.equal((await point.decide(session, [evaluation], approved)).effect, 'deny');
    }
  }
});

test('agents read over HTTP and need an approval for the rest [policy.starter-http]', () =>
  holds([
    [ask('http_get', 'Route', 'v1/users'), 'permit', 'permit', 'deny'],
    [ask('http_head', 'Route'), 'permit', 'permit', 'deny'],
    [ask('http_options', 'Route', 'v1'), 'permit', 'permit', 'deny'],
    [ask('http_post', 'Route', 'v1/users'), APPROVAL, 'deny', 'deny'],
    [ask('http_put', 'Route', 'v1/users'), APPROVAL, 'deny', 'deny'],
    [ask('http_patch', 'Route', 'v1/users'), APPROVAL, 'deny', 'deny'],
    [ask('http_delete', 'Route', 'v1/users'), APPROVAL, 'deny', 'deny'],
  ]));

test('classified data is revealed to the privacy group alone [policy.reveal]', async () => {
  const revealed = async (session: typeof agent) => {
    const decision = await point.decide(session, [ask('select', 'Table', 'shop/monitoring/cpu')], []);
    return decision.effect === 'permit' ? decision.obligations : null;
  };
  assert.deepEqual(await revealed(agent), [{ kind: 'mask', revealed: [] }]);
  assert.deepEqual(await revealed(operator), [{ kind: 'mask', revealed: [] }]);
  assert.deepEqual(await revealed(officer), [{ kind: 'mask', revealed: classes }]);
});

test('nobody but who may see a class uses it in any other way [policy.hidden-use]', async () => {
  for (const action of ['probe', 'declassify']) {
    const use: Question = { action, resource: { type: 'DataClass', path: ['email'] } };
    const effect = async (session: typeof agent) =>
      (await point.decide(session, [ask('select', 'Table', 'shop/monitoring/cpu'), use], [])).effect;
    assert.equal(await effect(agent), 'deny');
    assert.equal(await effect(operator), 'deny');
    assert.equal(await effect(officer), 'permit');
  }
});

test('every example in the documentation, and the set that allows all, is valid [policy.strict]', async (t) => {
  const page = readFileSync(new URL('../../../../docs/policies.md', import.meta.url), 'utf8');
  const examples = [...page.matchAll(/```cedar\n([\s\S]*?)```/g)].map(([, text = '']) => text);
  assert.ok(examples.length >= 3);
  const documented = await loadPolicyDirectory(policyFiles(t, { 'examples.cedar': examples.join('\n') }));
  assert.deepEqual(documented.errors, []);
  const allowAll = fileURLToPath(new URL('../../../../test/fixtures/policies/allow-all', import.meta.url));
  assert.deepEqual((await loadPolicyDirectory(allowAll)).errors, []);
});
