import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { defaultPolicyLimits } from './config.ts';
import { loadPolicyDirectory } from './directory.ts';
import { policyFiles } from './policy.test-support.ts';

const ANY = 'permit (principal, action, resource)';

/** Each with the line and a part of the message it must be refused with. */
const REFUSED: Record<string, readonly [text: string, line: number, message: RegExp]> = {
  'a syntax error': [`\n${ANY}\nwhen { resource. };`, 3, /unexpected token/],
  'an attribute that does not exist': [
    `\n// é\n\n${ANY}\nwhen {\n resource.nmae == "x" };`,
    6,
    /attribute `nmae`/,
  ],
  'an action that does not exist': [
    `${ANY};\npermit (principal, action == Action::"selct", resource);`,
    2,
    /did you mean/,
  ],
  'a type error': [
    `permit (principal, action, resource is Table)\nwhen { resource.name == 3 };`,
    2,
    /not compatible/,
  ],
  'an optional attribute read unguarded': [`${ANY} when { context.task == "x" };`, 1, /has task/],
  'a forbid that could never apply': [
    'forbid (principal, action == Action::"http_get", resource is Table);',
    1,
    /applicable|impossible/,
  ],
  'a condition that is always false': [`${ANY} when { false };`, 1, /impossible/],
  'a template': ['permit (principal == ?principal, action, resource);', 1, /template/],
  'an unknown annotation': [`@approvals("a")\n${ANY};`, 1, /@approvals is not known/],
  'an approval on a forbid': ['@approval("a") forbid (principal, action, resource);', 1, /on a forbid/],
  'an empty approval': [`@approval ${ANY};`, 1, /write @approval/],
  'an approval without a group': [`@approval(", 2") ${ANY};`, 1, /write @approval/],
  'an approval by nobody': [`@approval("a, 0") ${ANY};`, 1, /write @approval/],
  'an approval by a crowd': [`@approval("a, 99") ${ANY};`, 1, /1 to 20 seats/],
  'an approval with more than two parts': [`@approval("a, b, 2") ${ANY};`, 1, /write @approval/],
  'an id twice': [`@id("x") ${ANY};\n@id("x") ${ANY};`, 2, /"x" is taken by a\.cedar:1/],
  'a limit on a forbid': ['@limit_rows("5") forbid (principal, action, resource);', 1, /on a forbid/],
  'a limit of nothing': [`@limit_rows("0") ${ANY};`, 1, /write @limit_rows\("1000"\)/],
  'a limit that is no number': [`@limit_rows("many") ${ANY};`, 1, /write @limit_rows/],
  'a size in units nobody knows': [`@limit_bytes("10MiB") ${ANY};`, 1, /with B, KB, MB or GB/],
  'a size larger than any': [`@limit_bytes("999999999GB") ${ANY};`, 1, /write @limit_bytes/],
  'a time without a unit': [`@limit_time("30") ${ANY};`, 1, /with ms, s or min/],
  'a rate above what is counted': [`@limit_rate("1000001") ${ANY};`, 1, /write @limit_rate/],
  'a rate that says nothing': [`@limit_rate ${ANY};`, 1, /write @limit_rate/],
  'shadow mode with a condition': [`@shadow("until Monday") ${ANY};`, 1, /@shadow takes nothing/],
  'an id that is another policy by position': [
    `@id("a.cedar#2") ${ANY};\n\n${ANY};`,
    3,
    /is taken by a\.cedar:1/,
  ],
  'an id JavaScript would treat specially': [
    `@id("__proto__") ${ANY};`,
    1,
    /@id\("__proto__"\) is not usable/,
  ],
  'an empty id': [`@id("") ${ANY};`, 1, /@id\(""\) is not usable/],
  'an annotation twice': [`@id("a") @id("b") ${ANY};`, 1, /duplicate annotation/],
  'text with hidden direction changes': [`${ANY} when { context.protocol == "a\u202eb" };`, 1, /bidi/i],
};

for (const [what, [text, line, message]] of Object.entries(REFUSED)) {
  test(`refuses ${what}, naming file and line [policy.place] [policy.strict] [policy.annotations] [policy.ids]`, async (t) => {
    const { errors, policies } = await loadPolicyDirectory(policyFiles(t, { 'a.cedar': text }));
    assert.deepEqual(policies, [], 'nothing of an invalid set may be used');
    assert.deepEqual([errors[0]?.file, errors[0]?.line], ['a.cedar', line], JSON.stringify(errors));
    assert.match(errors.map((error) => error.message).join('\n'), message);
  });
}

test('reads ids, approvals and lines of every file in order [policy.ids]', async (t) => {
  const directory = policyFiles(t, {
    'b.cedar': `@approval("approvers, 2")\n${ANY};`,
    'a.cedar': `\n@id("first") ${ANY};\n${ANY} when { context has task };`,
    'notes.txt': 'not a policy',
  });
  const { files, policies, errors } = await loadPolicyDirectory(directory);
  assert.deepEqual(errors, []);
  assert.deepEqual(
    files.map(({ name, policies }) => [name, policies]),
    [
      ['a.cedar', 2],
      ['b.cedar', 1],
    ],
  );
  const [{ sha256 }] = files as [(typeof files)[number]];
  assert.equal(sha256, hash('sha256', readFileSync(join(directory, 'a.cedar')), 'hex'));
  assert.deepEqual(
    policies.map(({ id, file, line, requirement }) => [id, file, line, requirement]),
    [
      ['first', 'a.cedar', 2, null],
      ['a.cedar#2', 'a.cedar', 3, null],
      ['b.cedar#1', 'b.cedar', 1, { group: 'approvers', seats: 2 }],
    ],
  );
});

test('reads limits and shadow mode [policy.annotations]', async (t) => {
  const text = `@limit_rows("1000") @limit_bytes("10MB") @limit_rate("60") @limit_time("30s") ${ANY};
@shadow ${ANY}; @shadow("") @limit_bytes("512") ${ANY};`;
  const { policies, errors } = await loadPolicyDirectory(policyFiles(t, { 'a.cedar': text }));
  assert.deepEqual(errors, []);
  const none = { rows: null, bytes: null, timeoutMs: null, perMinute: null };
  assert.deepEqual(
    policies.map(({ limit, shadow }) => [limit, shadow]),
    [
      [{ rows: 1_000, bytes: 10_485_760, timeoutMs: 30_000, perMinute: 60 }, false],
      [null, true],
      [{ ...none, bytes: 512 }, true],
    ],
  );
});

test('a policy that could look at the risk is known, however it is written [policy.risk-asked]', async (t) => {
  const asks = async (condition: string) => {
    const files = { 'a.cedar': `${ANY.replace('action', 'action == Action::"select"')} ${condition};` };
    const loaded = await loadPolicyDirectory(policyFiles(t, files));
    assert.deepEqual(loaded.errors, [], condition);
    return loaded.asksRisk;
  };
  assert.equal(await asks(''), false);
  assert.equal(
    await asks('when { context.secure && context has task && context.via.contains("a.risk") }'),
    false,
  );
  assert.equal(await asks('when { context.risk > 5 }'), true);
  assert.equal(await asks('when { context["risk"] > 5 }'), true);
  assert.equal(await asks('unless { context.person || (context has risk && context.risk < 5) }'), true);
  assert.equal(await asks('when { (if context.person then context else context).risk > 5 }'), true);
  assert.equal(await asks('when { {a: {b: [1 + context.risk]}}.a.b.contains(3) }'), true);
});

test('the version depends on every byte and file name, and on nothing else [policy.version]', async (t) => {
  const versionOf = async (files: Record<string, string>) =>
    (await loadPolicyDirectory(policyFiles(t, files))).version;
  const one = await versionOf({ 'a.cedar': `${ANY};`, 'b.cedar': `${ANY};` });
  assert.match(one, /^[0-9a-f]{16}$/);
  assert.equal(await versionOf({ 'b.cedar': `${ANY};`, 'a.cedar': `${ANY};` }), one);
  assert.notEqual(await versionOf({ 'a.cedar': `${ANY}; `, 'b.cedar': `${ANY};` }), one);
  assert.notEqual(await versionOf({ 'a.cedar': `${ANY};`, 'c.cedar': `${ANY};` }), one);
  assert.notEqual(await versionOf({ 'a.cedar': `${ANY};${ANY};`, 'b.cedar': '' }), one);
});

test('a directory that is missing, empty or not UTF-8 is refused [policy.strict]', async (t) => {
  const missing = await loadPolicyDirectory('/nowhere/at/all');
  assert.match(missing.errors[0]?.message ?? '', /cannot be read/);
  const empty = await loadPolicyDirectory(policyFiles(t, {}));
  assert.match(empty.errors[0]?.message ?? '', /holds no policy/);
  const directory = policyFiles(t, {});
  writeFileSync(join(directory, 'a.cedar'), Buffer.from([0x2f, 0x2f, 0xff, 0x0a]));
  assert.match((await loadPolicyDirectory(directory)).errors[0]?.message ?? '', /UTF-8/);
});

test('ten thousand nested brackets are refused before the parser sees them [policy.hostile-text] [policy.limits]', async (t) => {
  const nested = `${ANY} when { ${'('.repeat(10_000)}true${')'.repeat(10_000)} };`;
  const { errors } = await loadPolicyDirectory(policyFiles(t, { 'a.cedar': `\n${nested}` }));
  assert.deepEqual(errors, [
    { file: 'a.cedar', line: 2, message: 'brackets nest 10001 deep, the limit nesting is 48' },
  ]);
});

test('text that breaks the parser ends the checking worker only, and is named [policy.hostile-text]', async (t) => {
  const limits = { ...defaultPolicyLimits, nesting: 1_000_000, operators: 1_000_000 };
  const deep = `${ANY} when { ${'('.repeat(10_000)}true${')'.repeat(10_000)} };`;
  const long = `${ANY} when { 1${' + 1'.repeat(50_000)} == 2 };`;
  for (const text of [deep, long]) {
    const { errors } = await loadPolicyDirectory(policyFiles(t, { 'a.cedar': `${ANY};\n${text}` }), limits);
    assert.deepEqual([errors[0]?.file, errors[0]?.line], ['a.cedar', 2], JSON.stringify(errors));
  }
  const after = await loadPolicyDirectory(policyFiles(t, { 'a.cedar': `${ANY};` }));
  assert.deepEqual(after.errors, []);
});

test('files, bytes, policies, operators and time have limits that are named [policy.limits]', async (t) => {
  const directory = policyFiles(t, {
    'a.cedar': `${ANY};${ANY};`,
    'b.cedar': `${ANY} when { 1 + 1 + 1 == 3 };`,
  });
  const expect = async (limit: Record<string, number>, message: RegExp) => {
    const { errors } = await loadPolicyDirectory(directory, { ...defaultPolicyLimits, ...limit });
    assert.match(errors[0]?.message ?? 'no error', message);
  };
  await expect({ files: 1 }, /limit files is 1/);
  await expect({ fileBytes: 50 }, /limit fileBytes is 50/);
  await expect({ policies: 2 }, /limit policies is 2/);
  await expect({ operators: 2 }, /limit operators is 2/);
  await expect({ checkMs: 1 }, /limit checkMs/);
});
