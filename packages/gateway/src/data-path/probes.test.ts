import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../lib/clock.ts';
import { createMasking, maskingSection } from '../masking/index.ts';
import { pointOver, policyFiles, sessionOf } from '../policy/policy.test-support.ts';
import type { FieldUse, Meaning } from '../protocols/protocol.ts';
import { type Asking, createDecisionMemo, decide, evaluationsOf } from './decide.ts';
import { denied } from './judge.ts';
import { hiddenUses } from './probes.ts';
import { Uses } from './risk.ts';
import { identityClass } from './session.ts';

const MASKING = {
  classified: [
    { column: 'public.customers.email', class: 'email' },
    { column: 'public.customers.card*', class: 'payment-card' },
    { column: 'hr.*.salary', class: 'salary' },
    { column: '"odd.schema".t.x', class: 'email' },
  ],
  column_names: [{ pattern: '*ssn*', class: 'ssn' }],
};

const READS = '@id("reads") permit (principal, action == Action::"select", resource);\n';

function use(column: string, roles: readonly string[] = ['filter'], more: Partial<FieldUse> = {}): FieldUse {
  const [schema = '', table = '', name = ''] = column.split('/');
  return { kind: 'probe', field: { schema, table, column: name }, declared: null, roles, ...more };
}

function meaningOf(...fields: readonly FieldUse[]): Meaning {
  const resource = { type: 'Table' as const, path: ['shop', 'public', 'customers'] };
  const evaluations = [{ action: 'select', resource }];
  return Object.freeze({ form: 'f', evaluations, undetermined: null, changesState: false, fields });
}

async function askingUnder(test: TestContext, policies: string, masking: object = MASKING) {
  const section = createMasking(maskingSection.parse(masking));
  const directory = policyFiles(test, { 'a.cedar': READS + policies });
  const decisionPoint = await pointOver(test, directory, { classes: [...section.classes] });
  const context = sessionOf(['agents']);
  const house = { decisionPoint, masking: section, workingHours: null, clock: systemClock, uses: new Uses() };
  const decisions = createDecisionMemo(decisionPoint).of(identityClass(context));
  const asking: Asking = { context, identity: context.identity, target: 'prod', decisions, house };
  return asking;
}

async function refusedBy(asking: Asking, meaning: Meaning) {
  const decision = await decide(asking, { meaning });
  assert.ok(decision.effect === 'deny', 'it was permitted');
  return { decision, ...denied({ meaning, text: '', parameters: [] }, decision) };
}

test('a hidden column that is only used is denied, and the client is told how it is used [masking.probe-denied]', async (t) => {
  const asking = await askingUnder(t, '');
  const email = await refusedBy(asking, meaningOf(use('public/customers/email')));
  assert.equal(
    email.reason,
    'it filters by public.customers.email, which is classified as email: no policy permits probe on DataClass "email"',
  );
  assert.equal(email.code, 'forbidden');
  assert.equal(email.decision.approvals, null);
  assert.match(email.hint, /leave the column out of that clause.* \(reveal\).* permits probe/);
  const says = async (...fields: readonly FieldUse[]) =>
    (await refusedBy(asking, meaningOf(...fields))).reason.split(':')[0];
  const roles = { join: 'joins by', order: 'sorts by', group: 'groups by', aggregate: 'aggregates' };
  for (const [role, verb] of Object.entries({
    ...roles,
    compute: 'computes with',
    store: 'copies',
    odd: 'uses',
  }))
    assert.equal(
      await says(use('public/customers/email', [role])),
      `it ${verb} public.customers.email, which is classified as email`,
    );
  assert.equal(
    await says(
      use('public/customers/card_number', ['filter', 'order']),
      use('public/customers/card_kind', ['filter', 'order']),
    ),
    'it filters by and sorts by public.customers.card_kind and public.customers.card_number, which are classified as payment-card',
  );
  assert.equal(
    await says(use('odd.schema/t/x')),
    'it filters by "odd.schema".t.x, which is classified as email',
  );
  assert.equal(
    await says(use('public/people/mail', ['join'], { declared: 'email' })),
    'it joins by public.people.mail, which is classified as email',
    'a class that the target declares counts',
  );
});

test('a column that could not be told is any of its table, and one that is not hidden is no question [masking.probe-denied]', async (t) => {
  const asking = await askingUnder(t, '');
  const classes = (...fields: readonly FieldUse[]) =>
    hiddenUses(asking, meaningOf(...fields)).map(({ resource }) => resource.path[0]);
  assert.deepEqual(classes(use('public/customers/*')), ['email', 'payment-card', 'ssn']);
  assert.deepEqual(classes(use('hr/staff/*')), ['salary', 'ssn']);
  assert.deepEqual(classes(use('*/*/*')), ['email', 'payment-card', 'salary', 'ssn']);
  assert.deepEqual(classes(use('x/y/*', ['join'], { declared: 'secret' })), ['secret', 'ssn']);
  assert.deepEqual(
    classes(use('public/customers/city'), use('public/customers/email', [], { kind: 'write' })),
    [],
  );
  assert.match(
    (await refusedBy(asking, meaningOf(use('hr/staff/*', ['group'])))).reason,
    /^it groups by columns of hr\.staff, which may be classified as salary: /,
  );
  const meaning = meaningOf(use('public/customers/city'));
  assert.equal((await decide(asking, { meaning })).effect, 'permit');
  assert.equal(evaluationsOf(asking, meaning), meaning.evaluations, 'nothing is copied');
});

test('every class of a column must be permitted, as every one must be to show it [masking.probe-denied]', async (t) => {
  const masking = { ...MASKING, column_names: [{ pattern: 'email', class: 'contact' }] };
  const reveals = (name: string) =>
    `@id("see-${name}") permit (principal, action == Action::"reveal", resource) when { resource.name == "${name}" };`;
  const meaning = meaningOf(use('public/customers/email', ['filter'], { declared: 'own' }));
  const one = await askingUnder(t, reveals('email'), masking);
  assert.match((await refusedBy(one, meaning)).reason, /classified as contact/);
  const both = await askingUnder(t, reveals('email') + reveals('contact'), masking);
  assert.match((await refusedBy(both, meaning)).reason, /classified as own/);
  const off = await askingUnder(t, reveals('email') + reveals('contact'), { ...masking, comments: 'off' });
  assert.equal((await decide(off, { meaning })).effect, 'permit', 'what may be seen may be used');
});

test('no use of a hidden column makes up for naming nothing, and what cannot be told is still told apart [masking.probe-denied]', async (t) => {
  const asking = await askingUnder(
    t,
    `@id("see") permit (principal, action == Action::"reveal", resource);
     @id("blind") permit (principal, action == Action::"undetermined", resource);`,
  );
  const nothing: Meaning = { ...meaningOf(use('public/customers/email')), evaluations: [] };
  assert.match((await refusedBy(asking, nothing)).reason, /names nothing/);
  const blind = await askingUnder(
    t,
    '@id("b") permit (principal, action == Action::"undetermined", resource);',
  );
  const both: Meaning = { ...meaningOf(use('public/customers/email')), undetermined: 'nobody knows' };
  const refused = await refusedBy(blind, both);
  assert.equal(refused.code, 'forbidden');
  assert.match(refused.reason, /^it filters by public\.customers\.email/);
});

test('policy permits a probe by class, by column and by what it is for [masking.probe-permit]', async (t) => {
  const asking = await askingUnder(
    t,
    `@id("count-by-card") permit (principal in Group::"agents", action == Action::"probe", resource in Target::"prod")
     when { resource.name == "payment-card" && ["group", "aggregate"].containsAll(context.roles) &&
            ["public.customers.card_kind"].containsAll(context.columns) };`,
  );
  const permitted = await decide(asking, {
    meaning: meaningOf(use('public/customers/card_kind', ['group'])),
  });
  assert.ok(permitted.effect === 'permit');
  assert.deepEqual(permitted.policies, ['reads', 'count-by-card']);
  assert.deepEqual(permitted.obligations, [{ kind: 'mask', revealed: [] }], 'it is not shown for that');
  for (const other of [
    use('public/customers/card_kind', ['filter', 'group']),
    use('public/customers/card_number', ['group']),
    use('public/customers/email', ['group']),
    use('public/customers/*', ['group']),
  ])
    assert.equal((await decide(asking, { meaning: meaningOf(other) })).effect, 'deny');
});

test('taking the classification from a column is another action than using it [masking.probe-permit]', async (t) => {
  const asking = await askingUnder(t, '@id("p") permit (principal, action == Action::"probe", resource);');
  const meaning = meaningOf(use('public/customers/email', [], { kind: 'declassify' }));
  const refused = await refusedBy(asking, meaning);
  assert.match(
    refused.reason,
    /^it declassifies public\.customers\.email, which is classified as email: no policy permits declassify/,
  );
  assert.match(refused.hint, /leave its name and its declaration alone/);
  const allowed = await askingUnder(
    t,
    '@id("d") permit (principal, action == Action::"declassify", resource);',
  );
  assert.equal((await decide(allowed, { meaning })).effect, 'permit');
});

test('a probe that people may approve waits for them, and passes once they did [masking.probe-hold]', async (t) => {
  const asking = await askingUnder(
    t,
    '@id("ask") @approval("approvers") permit (principal, action == Action::"probe", resource);',
  );
  const meaning = meaningOf(use('public/customers/email'));
  const held = await decide(asking, { meaning });
  assert.ok(held.effect === 'deny');
  assert.deepEqual(held.approvals, [{ group: 'approvers', seats: 1 }]);
  assert.equal(
    held.reason,
    'it filters by public.customers.email, which is classified as email: policy "ask" permits probe on DataClass "email" only when a member of group "approvers" approved it',
  );
  const approved = await decide(asking, { meaning }, [{ group: 'approvers', seats: 1 }]);
  assert.equal(approved.effect, 'permit');
  assert.equal(await decide(asking, { meaning }), held, 'and no other time');
});

test('which hidden columns are used is worked out once for each meaning and mask [masking.probe-denied]', async (t) => {
  const asking = await askingUnder(t, '');
  const meaning = meaningOf(use('public/customers/email'));
  assert.equal(hiddenUses(asking, meaning), hiddenUses(asking, meaning));
  const other = await askingUnder(t, '', { ...MASKING, classified: [], comments: 'off' });
  assert.deepEqual(hiddenUses(other, meaning), [], 'another mask, another answer');
  const bare = await askingUnder(t, '', { comments: 'off' });
  assert.equal(evaluationsOf(bare, meaning), meaning.evaluations);
  assert.equal(await decide(asking, { meaning }), await decide(asking, { meaning }));
});
