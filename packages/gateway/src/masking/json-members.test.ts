import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hideMembers } from './json-members.ts';

const MARK = Buffer.from('"***"');
const hide = (json: string, ...paths: readonly string[]): string | null =>
  hideMembers(
    Buffer.from(json),
    paths.map((path) => path.split('.')),
    MARK,
  )?.toString() ?? null;

test('hides what is at a path, in arrays too, and leaves every other byte [masking.json-members]', () => {
  assert.equal(hide('{"a": {"b": 1, "c": [2]}, "b":3}', 'a.b'), '{"a": {"b": "***", "c": [2]}, "b":3}');
  assert.equal(hide('[{"a":1},{"A":{"x":[1,{"y":2}]}}, 7 ]', 'a'), '[{"a":"***"},{"A":"***"}, 7 ]');
  assert.equal(
    hide('{"a":{"x":{"b":1},"y":{"b":2,"c":3}}}', 'a.*.b'),
    '{"a":{"x":{"b":"***"},"y":{"b":"***","c":3}}}',
  );
  assert.equal(hide('{"\\u0061":"x","a":"y"}', 'a'), '{"\\u0061":"***","a":"***"}');
  assert.equal(hide('{"a":"}{\\"","b":true}', 'b'), '{"a":"}{\\"","b":"***"}');
  for (const same of ['1', '"a"', '{}', '[]', 'null', ' {"c":-1.5e+3} ']) assert.equal(hide(same, 'a'), same);
});

test('gives up on what is no JSON, and on what nests too deep [masking.json-members]', () => {
  for (const broken of [
    '',
    '{',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '{a:1}',
    '{"b":"x',
    '{"b":1} x',
    '[1 2]',
    '{"a":1]',
  ])
    assert.equal(hide(broken, 'a'), null, broken);
  assert.equal(
    hide(`${'{"b":'.repeat(300)}1${'}'.repeat(300)}`, ...Array(1).fill(`${'*.'.repeat(299)}x`)),
    null,
  );
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  assert.equal(
    hide(`{"b":${deep}}`, 'a'),
    `{"b":${deep}}`,
    'what no path leads through may be as deep as it likes',
  );
});

test('agrees with a walk over the parsed value [masking.json-members]', () => {
  const path = fc.array(fc.constantFrom('a', 'b', '*'), { minLength: 1, maxLength: 3 });
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom<unknown>(1, 'canary', null, true),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value')),
    ),
  }));
  fc.assert(
    fc.property(value, fc.array(path, { minLength: 1, maxLength: 3 }), (document, paths) => {
      const json = JSON.stringify(document);
      const hidden = hideMembers(Buffer.from(json), paths, MARK);
      assert.deepEqual(JSON.parse(hidden?.toString() ?? ''), walked(document, paths));
    }),
  );
});

function walked(value: unknown, left: readonly (readonly string[])[]): unknown {
  if (left.some((path) => path.length === 0)) return '***';
  if (Array.isArray(value)) return value.map((one) => walked(one, left));
  if (typeof value !== 'object' || value === null) return value;
  const inside = (name: string) =>
    left.filter(([next]) => next === '*' || next === name).map((path) => path.slice(1));
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, walked(one, inside(name))]));
}
