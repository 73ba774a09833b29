import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createMasking } from './masking.ts';
import { maskingSection } from './section.ts';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const mask = createMasking(maskingSection.parse({})).compile('t', []);
const scrub = (text: string): string => mask.scrubJson(Buffer.from(text)).toString();

test('scrubs strings, member names and numbers of JSON, and nothing else [masking.json]', () => {
  assert.equal(
    scrub(
      '{"a@example.com": ["ada@example.com", 4111111111111111, 12.5, null, true], "b": {"c": "x 123-45-6789 y"}} ',
    ),
    '{"***": ["***", "***", 12.5, null, true], "b": {"c": "x *** y"}} ',
  );
  assert.equal(scrub('"ada@example.com"'), '"***"');
  const clean = Buffer.from('{"n": 1e3, "s": "caf\\u00e9 \\"x\\""}');
  assert.equal(mask.scrubJson(clean), clean, 'what is clean is not even copied');
});

test('hides secrets that the name of their member tells [masking.json]', () => {
  assert.equal(
    scrub('{"password": "hunter2-hunter", "name": "hunter2-hunter", "t": {"api_key":"9f86d081884c7d65"}}'),
    '{"password": "***", "name": "hunter2-hunter", "t": {"api_key":"***"}}',
  );
  assert.equal(scrub('{"password": ["hunter2-hunter"]}'), '{"password": ["hunter2-hunter"]}');
  assert.equal(scrub('{"password":"hunter2\\u002dhunter"}'), '{"password":"***"}');
  assert.equal(scrub('{"password":"ada@example.com hunter2-hunter"}'), '{"password":"*** hunter2-hunter"}');
});

test('sees through escapes [masking.json]', () => {
  assert.equal(scrub('{"a":"ada\\u0040example.com"}'), '{"a":"***"}');
  assert.equal(scrub('{"a":"\\u0031\\u0032\\u0033-45-6789 \\"q\\""}'), '{"a":"*** \\"q\\""}');
  assert.equal(
    scrub('{"k":"-----BEGIN PRIVATE KEY-----\\nMIIE\\n-----END PRIVATE KEY-----\\n"}'),
    '{"k":"***\\n"}',
  );
});

test('knows an AWS secret key by the name of its member [masking.json]', () => {
  const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
  assert.equal(scrub(`{"SecretAccessKey":"${secret}"}`), '{"SecretAccessKey":"***"}');
  assert.equal(scrub(`{"SecretAccessKey":"${secret.replaceAll('/', '\\/')}"}`), '{"SecretAccessKey":"***"}');
  assert.equal(scrub(`{"id":"AKIAIOSFODNN7EXAMPLE","k":"${secret}"}`), '{"id":"***","k":"***"}');
  assert.equal(scrub(`{"digest":"${secret}"}`), `{"digest":"${secret}"}`);
});

test('scrubs what is not JSON as text [masking.json]', () => {
  assert.equal(scrub('{"a":"ada@example.com"'), '{"a":"***"');
  assert.equal(scrub('4111 1111 1111 1111'), '***');
  assert.equal(scrub('{"a":1}\n{"b":"ada@example.com"}'), '{"a":1}\n{"b":"***"}');
  assert.equal(scrub(`${'['.repeat(5_000)}"ada@example.com"`), `${'['.repeat(5_000)}"***"`);
  assert.equal(scrub("{'a': 'ada@example.com'}"), "{'a': '***'}");
});

test('keeps JSON valid and lets no value through, whatever its shape [masking.json]', () => {
  const secret = fc.constantFrom(
    'ada@example.com',
    '123-45-6789',
    '4111 1111 1111 1111',
    'é ada@example.com "',
  );
  const leaf = fc.oneof(
    secret,
    fc.string({ unit: 'grapheme' }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(fc.oneof(secret, fc.string()), tie('tree'), { maxKeys: 3 }),
    ),
  }));
  fc.assert(
    fc.property(tree, fc.constantFrom(undefined, 1), (value, indent) => {
      const out = scrub(JSON.stringify(value, null, indent));
      JSON.parse(out);
      assert.equal(/example\.com|123-45-6789|4111 1111/.test(out), false);
    }),
    { seed, numRuns: 500 },
  );
});

process.once('exit', (code) => {
  if (code !== 0) console.error(`replay with SEED=${seed}`);
});
