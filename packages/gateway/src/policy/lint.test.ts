import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { isAuthorized } from '@cedar-policy/cedar-wasm/nodejs';
import fc from 'fast-check';
import { loadPolicyDirectory } from './directory.ts';
import { contextRecord, principalEntity, resourceEntity } from './entities.ts';
import { lintPolicies } from './lint.ts';
import type { PolicyResourceType } from './places.ts';
import { policyFiles } from './policy.test-support.ts';
import { covers, shapeOf } from './policy-shape.ts';

async function findings(t: TestContext, text: string, groups?: readonly string[]): Promise<string[]> {
  const loaded = await loadPolicyDirectory(policyFiles(t, { 'a.cedar': text }));
  assert.deepEqual(loaded.errors, []);
  return lintPolicies(loaded, groups).map(({ kind, policy }) => `${kind} ${policy}`);
}

/** Sets of policies, and everything there is to say of them. */
const CASES: Record<string, readonly [text: string, expected: readonly string[]]> = {
  'a permit under a wider forbid': [
    `@id("p") permit (principal in Group::"a", action == Action::"select", resource is Table) when { resource.schema == "s" && context.secure };
     @id("f") forbid (principal, action in Action::"read", resource) when { resource is Table } when { resource.schema == "s" };`,
    ['shadowed p'],
  ],
  'a permit that a forbid leaves something of': [
    `@id("p") permit (principal, action in Action::"read", resource);
     @id("f") forbid (principal, action == Action::"select", resource);
     @id("g") forbid (principal, action in Action::"read", resource) when { context.person };`,
    [],
  ],
  'an approval for what is permitted anyway': [
    `@id("a") @approval("x") permit (principal in Group::"g", action == Action::"insert", resource is Table);
     @id("p") permit (principal, action in Action::"write", resource);`,
    ['unreachable-approval a'],
  ],
  'a limit for what is permitted without one': [
    `@id("l") @limit_rows("5") permit (principal, action == Action::"select", resource == Table::"t/d/s/x");
     @id("p") permit (principal, action == Action::"select", resource in Schema::"t/d/s");`,
    ['unreachable-limit l'],
  ],
  'the same twice, and a part of another': [
    `@id("one") permit (principal, action == Action::"select", resource);
     @id("two") permit (principal, action == Action::"select", resource);
     @id("part") permit (principal == Subject::"i|me", action == Action::"select", resource is Table);
     @id("f") forbid (principal, action in Action::"pivot", resource);
     @id("g") forbid (principal in Group::"g", action == Action::"program", resource);`,
    ['redundant two', 'redundant part', 'redundant g'],
  ],
  'limits that differ, and approvals of others, are no repetition': [
    `@id("a") @limit_rows("5") permit (principal, action == Action::"select", resource);
     @id("b") @limit_rows("9") permit (principal, action == Action::"select", resource);
     @id("c") @approval("x") permit (principal, action == Action::"insert", resource);
     @id("d") @approval("y") permit (principal, action == Action::"insert", resource);
     @id("e") @approval("x, 2") permit (principal, action == Action::"insert", resource);`,
    ['redundant e'],
  ],
  'what never applies': [
    `@id("both") permit (principal, action == Action::"select", resource is Table) when { resource.name == "a" } when { "b" == resource.name };
     @id("opposite") permit (principal, action, resource) when { context.person } unless { context.protocol == "x" || context.person };
     @id("short") permit (principal, action == Action::"select", resource in Schema::"t/s");
     @id("raw") permit (principal, action == Action::"select", resource == Table::"t/d/s/a b");
     @id("setting") permit (principal, action == Action::"set", resource) when { resource.name == "DateStyle" };
     @id("someone") permit (principal == Subject::"alice", action, resource);`,
    ['both', 'opposite', 'short', 'raw', 'setting', 'someone'].map((id) => `never-matches ${id}`),
  ],
  'shadow mode': [
    `@id("p") permit (principal, action == Action::"select", resource);
     @id("s") @shadow forbid (principal, action == Action::"select", resource);`,
    ['shadow-mode-left-on s'],
  ],
};

for (const [what, [text, expected]] of Object.entries(CASES)) {
  test(`lint: ${what} [policy.lint]`, async (t) => assert.deepEqual(await findings(t, text), expected));
}

test('lint knows an approval by nobody where it is told the groups, and where a policy stands [policy.lint]', async (t) => {
  const text = `@id("p") @approval("x") permit (principal, action == Action::"insert", resource);
@id("q")
@approval("y") permit (principal, action == Action::"delete", resource);`;
  assert.deepEqual(await findings(t, text), []);
  assert.deepEqual(await findings(t, text, ['x']), ['approval-by-nobody q']);
  const loaded = await loadPolicyDirectory(policyFiles(t, { 'a.cedar': text }));
  const [finding] = lintPolicies(loaded, ['x']);
  assert.deepEqual([finding?.file, finding?.line], ['a.cedar', 2]);
});

test('nothing is odd about the starter policies [policy.lint]', async () => {
  const loaded = await loadPolicyDirectory('policies/starter');
  assert.deepEqual(loaded.errors, []);
  assert.deepEqual(lintPolicies(loaded), []);
});

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
console.log(`seed ${seed} (replay with SEED=${seed})`);

const PRINCIPALS = ['principal', 'principal in Group::"g1"', 'principal == Subject::"i|a"'];
const ACTIONS = [
  'action',
  'action in Action::"read"',
  'action == Action::"select"',
  'action in [Action::"write", Action::"select"]',
];
const RESOURCES = [
  'resource',
  'resource is Table',
  'resource in Target::"t"',
  'resource in Schema::"t/d/s"',
  'resource == Table::"t/d/s/x"',
  'resource is Table in Database::"t/d"',
];
const CONDITIONS = [
  'when { context.person }',
  'unless { context.person }',
  'when { context.secure && context.person }',
  'unless { context.secure || context.person }',
  'when { resource is Table }',
  'unless { resource is Sequence }',
  'when { principal in Group::"g1" }',
  'when { resource in Schema::"t/d/s" }',
  'when { resource is Table && resource.name == "x" }',
];
const REQUESTS: readonly (readonly [action: string, type: PolicyResourceType, path: readonly string[]])[] = [
  ['select', 'Table', ['d', 's', 'x']],
  ['select', 'Table', ['d', 's', 'y']],
  ['select', 'Table', ['d', 'z', 'x']],
  ['select', 'Sequence', ['d', 's', 'x']],
  ['insert', 'Table', ['d', 's', 'x']],
  ['show', 'Setting', ['x']],
];

test('wherever a policy that is covered applies, the other one does [policy.lint]', async (t) => {
  const text = fc
    .tuple(
      fc.constantFrom(...PRINCIPALS),
      fc.constantFrom(...ACTIONS),
      fc.constantFrom(...RESOURCES),
      fc.uniqueArray(fc.constantFrom(...CONDITIONS), { maxLength: 3 }),
    )
    .map(([who, what, which, conditions]) => `permit (${who}, ${what}, ${which}) ${conditions.join(' ')};`);
  const texts = [...new Set(fc.sample(text, { seed, numRuns: 200 }))];
  const files = Object.fromEntries(
    texts.map((one, index) => [`${String(index).padStart(3, '0')}.cedar`, one]),
  );
  const { policies, vocabulary, errors } = await loadPolicyDirectory(policyFiles(t, files));
  // What Cedar sees to be impossible is refused, and the rest is looked at without it.
  const refused = new Set(errors.map(({ file }) => file));
  const valid = Object.entries(files).filter(([name]) => !refused.has(name));
  const loaded =
    refused.size === 0
      ? policies
      : (await loadPolicyDirectory(policyFiles(t, Object.fromEntries(valid)))).policies;
  assert.ok(loaded.length > 50);
  const words =
    refused.size === 0
      ? vocabulary
      : (await loadPolicyDirectory(policyFiles(t, Object.fromEntries(valid)))).vocabulary;
  const shaped = loaded.map((policy) => ({
    shape: shapeOf(policy.json, words),
    text: policy.text,
    met: requestsMet(policy.text, words),
  }));
  let covered = 0;
  for (const b of shaped) {
    if (b.shape.never !== null) assert.ok(!b.met.includes('1'), `it applies: ${b.text}`);
    for (const a of shaped) {
      if (a === b || !covers(a.shape, b.shape)) continue;
      covered += 1;
      for (const [index, met] of [...b.met].entries())
        assert.ok(met === '0' || a.met[index] === '1', `${a.text}\ndoes not cover\n${b.text}`);
    }
  }
  assert.ok(covered > 100, `${covered} pairs were covered`);
});

/** For every request there is, whether the policy alone permits it. */
function requestsMet(policy: string, words: Parameters<typeof shapeOf>[1]): string {
  let met = '';
  for (const [action, type, path] of REQUESTS) {
    for (const [subject, groups] of [
      ['i|a', ['g1']],
      ['i|a', []],
      ['i|b', ['g1']],
    ] as const) {
      for (const flags of [0, 1, 2, 3]) {
        const session = {
          ...{ subject, groups, actor: null, task: null, target: 't', protocol: 'p' },
          ...{ person: (flags & 1) !== 0, secure: (flags & 2) !== 0, access: 'read-write' as const },
        };
        const word = words[action];
        assert.ok(word !== undefined);
        const [principal, resource] = [principalEntity(session), resourceEntity('t', { type, path })];
        const parents = word.groups.map((id) => ({ type: 'Action', id }));
        const uid = { type: 'Action', id: action };
        const answer = isAuthorized({
          principal: principal.uid,
          action: uid,
          resource: resource.uid,
          context: contextRecord(session, undefined, word.facts),
          policies: { staticPolicies: { p: policy } },
          entities: [principal, resource, { uid, attrs: {}, parents }],
        });
        assert.ok(answer.type === 'success');
        met += answer.response.decision === 'allow' ? '1' : '0';
      }
    }
  }
  return met;
}
