import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutPolicies } from './source.ts';

const texts = (text: string) => cutPolicies('a.cedar', text).policies.map((policy) => policy.text);
const ANY = 'permit (principal, action, resource)';

test('cuts at semicolons and gives each policy the line of its first token [policy.place]', () => {
  const { policies, errors } = cutPolicies(
    'a.cedar',
    `// first\n\n@id("x")\n${ANY};\n\n${ANY}\nwhen { true };\n// end`,
  );
  assert.deepEqual(errors, []);
  assert.deepEqual(
    policies.map(({ line }) => line),
    [3, 6],
  );
});

test('does not cut inside strings or comments [policy.hostile-text]', () => {
  assert.equal(texts(`${ANY} when { context.protocol == "a;\\";//" }; // no; not here`).length, 1);
  assert.equal(
    texts(`${ANY} // a "quote; \r;${ANY};`).length,
    2,
    'a carriage return ends a comment, as in Cedar',
  );
});

test('an unended policy and an unended string are errors with their line [policy.place]', () => {
  assert.deepEqual(cutPolicies('a.cedar', `${ANY};\n\n${ANY}`).errors, [
    { file: 'a.cedar', line: 3, message: 'this policy is not ended: add a semicolon' },
  ]);
  assert.deepEqual(cutPolicies('a.cedar', `${ANY};\n${ANY} when { context.task == "x };`).errors, [
    { file: 'a.cedar', line: 2, message: 'this string is not ended: add a double quote' },
  ]);
});

test('measures nesting and operators outside strings only [policy.limits]', () => {
  const { policies } = cutPolicies('a.cedar', `${ANY} when { ((1 + 1)) == 2 && "((((+" == "" };`);
  assert.deepEqual(
    policies.map(({ nesting, operators }) => [nesting, operators]),
    [[3, 4]],
  );
});

test('is linear on a megabyte of quotes, backslashes or brackets [policy.hostile-text]', () => {
  for (const piece of ['"\\', '"', '(', '//', '\\"', '\n"']) cutPolicies('a.cedar', piece.repeat(500_000));
});
