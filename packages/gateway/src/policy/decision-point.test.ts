import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fault } from '../lib/fault.ts';
import type { Evaluation } from '../protocols/protocol.ts';
import { ask, pointOver, policyFiles, sessionOf } from './policy.test-support.ts';

const ALLOW = '@id("all") permit (principal, action, resource);';
const agent = sessionOf(['agents']);

/** Sums of this many ones pass the validator but break Cedar's evaluator: a real death of a real worker. */
const DEADLY = `@id("deadly") permit (principal, action == Action::"show", resource) when { 1${' + 1'.repeat(1_000)} == 3 };`;

test('permits with the policies, the version and the mask obligation [policy.reveal]', async (t) => {
  const reveal =
    '@id("r") permit (principal, action == Action::"reveal", resource) when { resource.name == "email" };';
  const asks = '@approval("x") permit (principal, action == Action::"reveal", resource);';
  const select = '@id("s") permit (principal, action == Action::"select", resource);';
  const point = await pointOver(t, policyFiles(t, { 'a.cedar': reveal + asks + select }));
  assert.deepEqual(await point.decide(agent, [ask('select', 'Table', 'd/s/t')], []), {
    effect: 'permit',
    policies: ['s'],
    policyVersion: point.version,
    obligations: [{ kind: 'mask', revealed: ['email'] }],
  });
});

test('denies an operation that names nothing, or that one evaluation of denies [policy.default-deny] [policy.all-or-nothing]', async (t) => {
  const point = await pointOver(
    t,
    policyFiles(t, {
      'a.cedar':
        '@id("s") permit (principal, action == Action::"select", resource is Table) when { resource.schema == "s" };',
    }),
  );
  assert.deepEqual(await point.decide(agent, [], []), {
    effect: 'deny',
    policies: [],
    policyVersion: point.version,
    reason: 'the operation names nothing that could be judged',
    approvals: null,
  });
  const mixed = await point.decide(
    agent,
    [ask('select', 'Table', 'd/s/t'), ask('drop', 'Table', 'shop/public/orders')],
    [],
  );
  assert.ok(mixed.effect === 'deny');
  assert.equal(mixed.reason, 'no policy permits drop on Table "shop/public/orders"');
});

test('what the schema does not know is denied, also under a policy that permits all [policy.unknown-denied]', async (t) => {
  const point = await pointOver(t, policyFiles(t, { 'a.cedar': ALLOW }));
  for (const evaluation of [
    ask('selectt', 'Table', 'd/s/t'),
    ask('read', 'Table', 'd/s/t'),
    ask('constructor', 'Table', 'd/s/t'),
    ask('__proto__', 'Table', 'd/s/t'),
    ask('select', 'Route', 'd/s/t'),
    ask('select', 'Table', 'd/s'),
    ask('select', 'Table', 'd/s/t/u'),
    ask('select', 'Table'),
    ask('set', 'Setting', '\ud800'),
  ]) {
    const decision = await point.decide(agent, [ask('select', 'Table', 'd/s/t'), evaluation], []);
    assert.ok(decision.effect === 'deny' && decision.approvals === null, JSON.stringify(evaluation));
  }
});

test('an erring forbid denies: a skipped forbid would fail open [policy.errors-fail-closed]', async (t) => {
  const overflow =
    '@id("bad") forbid (principal, action == Action::"select", resource) when { 9223372036854775807 + 1 == 0 };';
  const point = await pointOver(t, policyFiles(t, { 'a.cedar': ALLOW + overflow }));
  const decision = await point.decide(agent, [ask('select', 'Table', 'd/s/t')], [{ group: 'x', seats: 9 }]);
  assert.ok(decision.effect === 'deny');
  assert.deepEqual([decision.policies, decision.approvals], [['bad'], null]);
  assert.match(decision.reason, /policy "bad" could not be evaluated for select on Table "d\/s\/t"/);
  assert.equal((await point.decide(agent, [ask('show', 'Setting', 'x')], [])).effect, 'permit');
});

test('merges approvals over the whole operation and asks again for those met [policy.approval]', async (t) => {
  const point = await pointOver(
    t,
    policyFiles(t, {
      'a.cedar': `@id("i") @approval("dba, 2") permit (principal, action == Action::"insert", resource);
        @id("u") @approval("owners") permit (principal, action == Action::"update", resource);
        @id("d") @approval("dba") permit (principal, action == Action::"delete", resource);
        @id("s") permit (principal, action == Action::"select", resource);
        @id("no") forbid (principal, action, resource is Table) when { resource.name == "secret" };`,
    }),
  );
  const all = ['select', 'insert', 'update', 'delete'].map((action) => ask(action, 'Table', 'd/s/t'));
  const wanted = [
    { group: 'dba', seats: 2 },
    { group: 'owners', seats: 1 },
  ];
  for (const approved of [[], wanted.slice(0, 1), wanted.slice(1)]) {
    const decision = await point.decide(agent, all, approved);
    assert.ok(decision.effect === 'deny');
    assert.deepEqual(decision.approvals, wanted);
    assert.match(decision.reason, /^policy "[iu]" permits \w+ on Table "d\/s\/t" only when .* approved it$/);
  }
  const permit = await point.decide(agent, all, wanted);
  assert.ok(permit.effect === 'permit');
  assert.deepEqual(permit.policies, ['s', 'i', 'u', 'd']);
  const denied = await point.decide(agent, [...all, ask('insert', 'Table', 'd/s/secret')], wanted);
  assert.ok(denied.effect === 'deny' && denied.approvals === null);
  assert.equal(denied.reason, 'policy "no" forbids insert on Table "d/s/secret"');
});

test('policies see the actor, the task, the target and the hierarchy above a thing [policy.hostile-names]', async (t) => {
  const point = await pointOver(
    t,
    policyFiles(t, {
      'a.cedar': `permit (principal == Subject::"issuer|someone", action in Action::"read", resource in Schema::"prod/d/a%2Fb") when { context has task && context.task == "T-1" };
        permit (principal, action in Action::"read", resource in Route::"prod/v1") when { resource.path like "/v1/*" && context has actor && context.actor == "bot-7" };`,
    }),
  );
  const effect = async (path: readonly string[], other = {}) =>
    (
      await point.decide(
        sessionOf([], { task: 'T-1', ...other }),
        [{ action: 'select', resource: { type: 'Table', path } }],
        [],
      )
    ).effect;
  assert.equal(await effect(['d', 'a/b', 't']), 'permit');
  assert.equal(await effect(['d', 'a', 'b/t']), 'deny');
  assert.equal(await effect(['d/a', 'b', 't']), 'deny');
  assert.equal(await effect(['d', 'a%2Fb', 't']), 'deny');
  assert.equal(await effect(['d', 'a/b', 't'], { task: null }), 'deny');
  assert.equal(await effect(['d', 'a/b', 't'], { target: 'test' }), 'deny');
  const route = (path: string) => point.decide(agent, [ask('http_get', 'Route', path)], []);
  assert.equal((await route('v1/users')).effect, 'permit');
  assert.equal((await route('v2/users')).effect, 'deny');
});

test('policies see the columns used and the views they are reached through, and answers are kept apart [policy.facts]', async (t) => {
  const point = await pointOver(
    t,
    policyFiles(t, {
      'a.cedar': `@id("work") permit (principal, action == Action::"select", resource is Table) when { resource.schema == "work" };
        @id("no-ssn") forbid (principal, action == Action::"select", resource is Table)
          when { context.columns.containsAny(["ssn", "*"]) };
        @id("view") permit (principal, action == Action::"select", resource == Table::"prod/d/private/people")
          when { context has via && context.via.contains("reports.safe_view") };
        @id("fn") permit (principal, action == Action::"call", resource) when { context.via.contains("work.f") };`,
    }),
  );
  const used = async (path: string, facts?: Evaluation['facts'], action = 'select') => {
    const asked = ask(action, action === 'call' ? 'Function' : 'Table', path);
    const decision = await point.decide(agent, [facts === undefined ? asked : { ...asked, facts }], []);
    return decision.policies[0] ?? decision.effect;
  };
  // Twice: what is remembered for one set of columns serves no other.
  for (const _ of [1, 2]) {
    assert.equal(await used('d/work/people', { columns: ['id', 'name'] }), 'work');
    assert.equal(await used('d/work/people', { columns: ['id', 'ssn'] }), 'no-ssn');
    assert.equal(await used('d/work/people', { columns: [] }), 'work');
    assert.equal(await used('d/work/people', { columns: ['*'] }), 'no-ssn');
    assert.equal(await used('d/work/people'), 'no-ssn', 'columns that nobody told could be any');
    const columns = ['name'];
    assert.equal(await used('d/private/people', { columns }), 'deny');
    assert.equal(await used('d/private/people', { columns, via: ['reports.other'] }), 'deny');
    assert.equal(await used('d/private/people', { columns, via: ['reports.safe_view'] }), 'view');
    assert.equal(await used('d/work/g', { via: ['work.f'] }, 'call'), 'fn');
    assert.equal(await used('d/work/g', {}, 'call'), 'deny');
  }
  const mixed = await point.decide(
    agent,
    [['name'], ['ssn']].map((columns) => ({
      ...ask('select', 'Table', 'd/work/people'),
      facts: { columns },
    })),
    [],
  );
  assert.equal(mixed.effect, 'deny', 'two uses of one table are two evaluations');
});

test('facts the schema does not know, and too many of them, are denied [policy.facts] [policy.unknown-denied] [policy.limits]', async (t) => {
  const point = await pointOver(t, policyFiles(t, { 'a.cedar': ALLOW }), { limits: { factNames: 3 } });
  const reason = async (evaluation: Evaluation) => {
    const decision = await point.decide(agent, [evaluation], []);
    return decision.effect === 'deny' ? decision.reason : 'permit';
  };
  const table = ask('select', 'Table', 'd/s/t');
  assert.equal(await reason({ ...table, facts: { columns: ['a', 'b'], via: ['s.v'] } }), 'permit');
  assert.match(await reason({ ...table, facts: { columns: ['a', 'b', 'c', 'd'] } }), /limit factNames of 3/);
  const route = ask('http_get', 'Route', 'v1');
  assert.match(await reason({ ...route, facts: { columns: ['a'] } }), /does not know columns of this action/);
  const unheardOf = { ...table, facts: { shoes: ['x'] } as NonNullable<Evaluation['facts']> };
  assert.match(await reason(unheardOf), /does not know shoes/);
});

test('one line is read-only on every protocol [policy.read-only] [policy.vocabulary]', async (t) => {
  const point = await pointOver(
    t,
    policyFiles(t, { 'a.cedar': 'permit (principal, action in Action::"read", resource);' }),
  );
  const effects = async (...evaluations: Evaluation[]) =>
    Promise.all(evaluations.map(async (one) => (await point.decide(agent, [one], [])).effect));
  const reading = await effects(
    ask('select', 'Table', 'd/s/t'),
    ask('show', 'Setting', 'x'),
    ask('sftp_read', 'HostPath', 'etc/hosts'),
    ask('k8s_list', 'KubeObject', 'shop/apps/deployments/*/none'),
    ask('k8s_get_url', 'KubeUrl', 'healthz'),
    ask('http_get', 'Route', 'v1'),
    ask('mcp_query_tool', 'Tool', 'search'),
  );
  assert.deepEqual([...new Set(reading)], ['permit']);
  const others = await effects(
    ask('credentials', 'Table', 'd/pg_catalog/pg_authid'),
    ask('client_file', 'ClientFile', '*'),
    ask('replicate', 'Target'),
    ask('change_user', 'Role', 'root'),
    ask('metadata', 'Endpoint', '169.254.169.254/80'),
    ask('ssh_exec', 'Program', 'cat/x'),
    ask('ssh_forward', 'Endpoint', 'db/5432'),
    ask('ssh_forward_agent', 'Host'),
    ask('k8s_exec', 'KubeObject', 'shop/core/pods/web/exec'),
    ask('k8s_token', 'KubeObject', 'shop/core/serviceaccounts/x/token'),
    ask('mcp_call_tool', 'Tool', 'send'),
    ask('mcp_sampling', 'McpServer'),
    ask('undetermined', 'Function', 'd/s/f'),
    ask('undetermined', 'Tool', 'x'),
  );
  assert.deepEqual([...new Set(others)], ['deny']);
});

test('hostile names of any length are judged without harm [policy.hostile-names]', async (t) => {
  const point = await pointOver(
    t,
    policyFiles(t, { 'a.cedar': '@id("one") permit (principal, action, resource == Table::"prod/d/s/t");' }),
  );
  const names = [
    'x'.repeat(10_000),
    '💥'.repeat(2_500),
    '"; permit(principal, action, resource); //',
    '\u0000',
    '../t',
    't/',
    '%74',
    '*',
    "'",
    '\\',
  ];
  for (const name of names) {
    const decision = await point.decide(
      agent,
      [{ action: 'select', resource: { type: 'Table', path: ['d', 's', name] } }],
      [],
    );
    assert.ok(
      decision.effect === 'deny' && decision.reason.startsWith('no policy permits'),
      name.slice(0, 50),
    );
    assert.ok(decision.reason.length < 2_000);
  }
  assert.equal((await point.decide(agent, [ask('select', 'Table', 'd/s/t')], [])).effect, 'permit');
});

test('the same evaluation many times is one, and too many distinct ones are refused [policy.limits]', async (t) => {
  const point = await pointOver(t, policyFiles(t, { 'a.cedar': ALLOW }), { limits: { evaluations: 256 } });
  const tables = (count: number) =>
    Array.from({ length: count }, (_, index) => ask('select', 'Table', `d/s/t${index}`));
  assert.equal(
    (await point.decide(agent, Array(10_000).fill(ask('select', 'Table', 'd/s/t')), [])).effect,
    'permit',
  );
  assert.equal((await point.decide(agent, tables(256), [])).effect, 'permit');
  const decision = await point.decide(agent, tables(257), []);
  assert.ok(decision.effect === 'deny');
  assert.match(decision.reason, /more than 256 things \(limit evaluations\)/);
});

test('a full queue denies instead of growing [policy.limits]', async (t) => {
  const point = await pointOver(t, policyFiles(t, { 'a.cedar': ALLOW }), {
    limits: { queuedEvaluations: 10 },
  });
  const tables = Array.from({ length: 200 }, (_, index) => ask('select', 'Table', `d/s/t${index}`));
  const decision = await point.decide(agent, tables, []);
  assert.ok(decision.effect === 'deny');
  assert.notEqual(decision.policyVersion, point.version, 'it must not be remembered');
  assert.equal((await point.decide(agent, tables.slice(0, 5), [])).effect, 'permit');
});

test('when the worker dies what waits is denied, and later operations are judged again [policy.worker-death]', async (t) => {
  const point = await pointOver(
    t,
    policyFiles(t, { 'a.cedar': ALLOW.replace('resource)', 'resource is Table)') + DEADLY }),
    {
      limits: { operators: 10_000 },
      classes: [],
    },
  );
  const [deadly, beside] = await Promise.all([
    point.decide(agent, [ask('show', 'Setting', 'x')], []),
    point.decide(agent, [ask('select', 'Table', 'd/s/t')], []),
  ]);
  for (const decision of [deadly, beside]) {
    assert.ok(decision.effect === 'deny' && decision.approvals === null);
    assert.match(decision.reason, /not available: nothing is permitted until it answers/);
    assert.notEqual(decision.policyVersion, point.version, 'it must not be remembered');
  }
  let again = await point.decide(agent, [ask('select', 'Table', 'd/s/t')], []);
  while (again.effect === 'deny') {
    await new Promise((resolve) => setTimeout(resolve, 20));
    again = await point.decide(agent, [ask('select', 'Table', 'd/s/t')], []);
  }
  assert.deepEqual(again.policies, ['all']);
});

test('a batch that takes too long is denied [policy.worker-late]', async (t) => {
  const many = Array.from(
    { length: 500 },
    (_, index) => `permit (principal, action, resource is Table) when { resource.name == "n${index}" };`,
  );
  const point = await pointOver(t, policyFiles(t, { 'a.cedar': many.join('\n') + ALLOW }), {
    limits: { answerMs: 1 },
  });
  const tables = Array.from({ length: 256 }, (_, index) => ask('select', 'Table', `d/s/t${index}`));
  assert.equal((await point.decide(agent, tables, [])).effect, 'deny');
});

test('the largest policies the limits admit do not break the worker [policy.limits]', async (t) => {
  const wrap = (count: number, open: string, inner: string, close: string) =>
    open.repeat(count) + inner + close.repeat(count);
  const sum = `1${' + 1'.repeat(250)}`;
  const shapes = [
    `${wrap(46, '(', sum, ')')} == 3`,
    wrap(46, '(', `true${' && true'.repeat(255)}`, ')'),
    wrap(46, '(', wrap(200, 'if true then ', 'true', ' else true'), ')'),
    wrap(46, '(', wrap(200, 'if ', 'true', ' then true else true'), ')'),
    `${wrap(45, '[', '1', ']')} == ${wrap(45, '[', '1', ']')} && ${sum.slice(0, 801)} == 3`,
    wrap(22, '(if true then (', `true || ${sum.slice(0, 701)} == 2`, ') else true)'),
    `${wrap(45, '{a: ', '1', '}')}${'.a'.repeat(45)} == 1`,
  ];
  const policies = shapes.map(
    (shape, index) => `@id("shape-${index}") permit (principal, action, resource) when { ${shape} };`,
  );
  const point = await pointOver(t, policyFiles(t, { 'a.cedar': `${policies.join('\n')}\n${ALLOW}` }), {
    classes: [],
  });
  const decision = await point.decide(agent, [ask('show', 'Setting', 'x')], []);
  assert.ok(decision.effect === 'permit', JSON.stringify(decision));
  assert.ok(decision.policies.length > 3, `${decision.policies}`);
});

test('operations judged at once get the answers they would get alone [policy.concurrent]', async (t) => {
  const own =
    '@id("own") permit (principal, action == Action::"select", resource is Table) when { principal in Group::"g1" && resource.name like "*3" };';
  const point = await pointOver(t, policyFiles(t, { 'a.cedar': own }));
  const sessions = [sessionOf(['g1']), sessionOf(['g2']), sessionOf(['g1', 'g2'])];
  const rounds = Array.from({ length: 900 }, async (_, index) => {
    const session = sessions[index % 3] ?? agent;
    const decision = await point.decide(session, [ask('select', 'Table', `d/s/t${index % 40}`)], []);
    const expected = index % 3 !== 1 && `${index % 40}`.endsWith('3') ? 'permit' : 'deny';
    assert.equal(decision.effect, expected, `${index}`);
  });
  await Promise.all(rounds);
});

test('explains each evaluation by the policies that decide it [policy.explain]', async (t) => {
  const files = {
    'a.cedar':
      '@id("s") permit (principal, action == Action::"select", resource); @id("i") @approval("dba") permit (principal, action == Action::"insert", resource); @id("no") forbid (principal, action == Action::"drop", resource);',
  };
  const point = await pointOver(t, policyFiles(t, files));
  const actions = ['select', 'insert', 'drop', 'update', 'nonsense'];
  const explained = await point.explain(
    agent,
    actions.map((action) => ask(action, 'Table', 'd/s/t')),
  );
  assert.deepEqual(
    explained.map(({ effect, policies, approvals, note }) => [
      effect,
      policies,
      approvals.map(({ group }) => group),
      note,
    ]),
    [
      ['permit', ['s'], [], null],
      ['approval', ['i'], ['dba'], null],
      ['deny', ['no'], [], null],
      ['deny', [], [], 'no policy matched'],
      ['deny', [], [], 'this action is not in the policy schema'],
    ],
  );
});

test('does not start with an invalid set, and says where it is wrong [policy.start]', async (t) => {
  const directory = policyFiles(t, {
    'a.cedar': `${ALLOW}\npermit (principal, action, resource) when { resource.x };`,
  });
  await assert.rejects(pointOver(t, directory), (fault: unknown) => {
    assert.ok(fault instanceof Fault && fault.code === 'policy-invalid');
    assert.match(fault.message, /a\.cedar:2: /);
    return true;
  });
});

test('an invalid set never replaces a valid one, and is recorded [policy.reload-atomic] [policy.reload-recorded]', async (t) => {
  const directory = policyFiles(t, { 'a.cedar': ALLOW });
  const point = await pointOver(t, directory);
  let changes = 0;
  point.onChange(() => changes++);
  const { version } = point;
  for (const bad of ['nonsense', '', `${ALLOW} ${ALLOW}`, '('.repeat(10_000)]) {
    writeFileSync(join(directory, 'a.cedar'), bad);
    const reload = await point.reload();
    assert.deepEqual([reload.inForce, reload.version, point.version, changes], [false, version, version, 0]);
    assert.ok(reload.errors.length > 0);
    assert.equal((await point.decide(agent, [ask('select', 'Table', 'd/s/t')], [])).effect, 'permit');
  }
  writeFileSync(join(directory, 'a.cedar'), ALLOW.replace('permit', 'forbid'));
  assert.equal((await point.reload()).inForce, true);
  assert.notEqual(point.version, version);
  assert.equal(changes, 1);
  const decision = await point.decide(agent, [ask('select', 'Table', 'd/s/t')], []);
  assert.deepEqual([decision.effect, decision.policyVersion], ['deny', point.version]);
  const types = point.entries.map(({ type }) => type);
  assert.deepEqual(types, ['policy-loaded', ...Array(4).fill('policy-rejected'), 'policy-loaded']);
});

test('a set that cannot be recorded is not put in force [policy.reload-recorded]', async (t) => {
  const directory = policyFiles(t, { 'a.cedar': ALLOW });
  let full = false;
  const append = () => {
    if (full) throw new Fault('audit-unavailable', 'the disk is full');
  };
  const point = await pointOver(t, directory, {
    audit: { append },
  });
  const { version } = point;
  writeFileSync(join(directory, 'a.cedar'), `${ALLOW}\n`);
  full = true;
  const refused = await point.reload();
  assert.deepEqual([refused.inForce, point.version], [false, version]);
  full = false;
  assert.equal((await point.reload()).inForce, true);
  assert.notEqual(point.version, version);
});

test('a decision under way when policies change is made by the new ones [policy.reload]', async (t) => {
  const directory = policyFiles(t, { 'a.cedar': ALLOW });
  const point = await pointOver(t, directory);
  writeFileSync(join(directory, 'a.cedar'), '@id("none") forbid (principal, action, resource);');
  let replaced = false;
  point.onChange(() => {
    replaced = true;
  });
  const reloading = point.reload();
  let asked = 0;
  while (!replaced) {
    const decision = await point.decide(agent, [ask('select', 'Table', `d/s/t${asked++}`)], []);
    assert.equal(
      decision.policyVersion,
      point.version,
      'a decision names the version in force when it is given out',
    );
    assert.equal(decision.effect, replaced ? 'deny' : 'permit');
  }
  assert.equal((await reloading).inForce, true);
  assert.equal((await point.decide(agent, [ask('select', 'Table', 'd/s/t0')], [])).effect, 'deny');
});

test('changes in the directory are noticed: written in place, renamed over, and a broken one repaired [policy.reload]', async (t) => {
  const directory = policyFiles(t, { 'a.cedar': ALLOW });
  const point = await pointOver(t, directory, { watch: true });
  const path = join(directory, 'a.cedar');
  const write = {
    place: (text: string) => writeFileSync(path, text),
    rename: (text: string) => {
      writeFileSync(`${path}.new`, text);
      renameSync(`${path}.new`, path);
    },
  };
  const next = () => new Promise<void>((resolve) => point.onChange(resolve));
  for (const [index, how] of [write.place, write.rename, write.place].entries()) {
    const { version } = point;
    const changed = next();
    if (index === 2) write.place('broken');
    how(`${ALLOW}${'\n'.repeat(index + 1)}`);
    await changed;
    assert.notEqual(point.version, version);
  }
});
