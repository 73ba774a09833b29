import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Mask } from '../protocol.ts';
import { maskJson } from './json-text.ts';

/** Hides `@@`, and numbers of nine digits that start with 9. */
const mask: Pick<Mask, 'scrubText'> = {
  scrubText: (text) => text.replaceAll('@@', '***').replace(/\b9\d{8}\b/g, '***'),
};

test('keeps everything that holds no value exactly as it came [http.unmaskable-withheld]', () => {
  for (const text of [
    '{"a":12345678901234567890,  "a":1e400,"b":"\\u0041\\/"}',
    '[]',
    '"\\\\"',
    '[1,2 , 3]\n',
    'null',
    '""',
  ]) {
    assert.equal(maskJson(text, mask), text);
  }
});

test('masks names, strings, escaped strings, numbers and nested documents [http.unmaskable-withheld]', () => {
  assert.equal(maskJson('{"@@":"x@@y"}', mask), '{"***":"x***y"}');
  assert.equal(maskJson('["\\u0040@","\\"@@"]', mask), '["***","\\"***"]');
  assert.equal(maskJson('[912345678,12]', mask), '["***",12]');
  assert.equal(maskJson('["{\\"a\\":\\"\\\\u0040@\\"}"]', mask), '["{\\"a\\":\\"***\\"}"]');
});

test('tells what a value is by the name of its member [http.unmaskable-withheld]', () => {
  const named: typeof mask = {
    scrubText: (text, before = '') => (before === '"pass":"' ? '***' : text),
  };
  assert.equal(
    maskJson('{"pass":"a","x":"pass","p\\u0061ss" : "b","y":["pass","c"]}', named),
    '{"pass":"***","x":"pass","p\\u0061ss" : "***","y":["pass","c"]}',
  );
});

test('gives up on what is not JSON and on what nests too deep [http.unmaskable-withheld]', () => {
  for (const text of ['', '{', '{a:1}', '"a', '[1,]', '\ufeff{}'])
    assert.equal(maskJson(text, mask), null, text);
  let nested = '1';
  for (let level = 0; level < 6; level += 1) nested = JSON.stringify([nested]);
  assert.equal(maskJson(nested, mask), null);
});

test('masks any document as masking its parsed strings would [http.unmaskable-withheld]', () => {
  const seed = Number(process.env.SALLYPORT_SEED ?? Date.now());
  const text = fc
    .array(fc.constantFrom('@', '@@', 'a', '"', '\\', '{', '[', '\u2028', ' '), { maxLength: 6 })
    .map((parts) => `x${parts.join('')}`);
  const document = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 4 },
      text,
      fc.integer({ min: -999, max: 999 }),
      fc.constant(null),
      fc.array(tie('node'), { maxLength: 4 }),
      fc.dictionary(text, tie('node'), { maxKeys: 3, noNullPrototype: true }),
    ),
  })).node;
  fc.assert(
    fc.property(document, fc.constantFrom(undefined, 2), (value, indent) => {
      const masked = maskJson(JSON.stringify(value, null, indent), mask);
      assert.ok(masked !== null);
      assert.equal(masked.includes('@@'), false);
      assert.deepEqual(shape(JSON.parse(masked)), shape(value));
    }),
    { seed, numRuns: 1_000 },
  );
});

test('reads a long run of backslashes and a long number in linear time [http.unmaskable-withheld]', () => {
  const slashes = JSON.stringify('\\'.repeat(1_000_000));
  assert.equal(maskJson(slashes, mask), slashes);
  const digits = '1'.repeat(1_000_000);
  assert.equal(maskJson(digits, mask), digits);
});

/** The document with every string cut to whether it is one. */
function shape(value: unknown): unknown {
  if (typeof value === 'string') return 'text';
  if (Array.isArray(value)) return value.map(shape);
  if (value === null || typeof value !== 'object') return value;
  return Object.values(value).map(shape);
}
