import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonical, canonicalEntry, type Json } from './canonical.ts';
import { CanonicalScanner } from './canonical-bytes.ts';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const scanner = new CanonicalScanner();

/** The long way: parsed, and written again. */
function isCanonical(bytes: Uint8Array): { seq: unknown; time: unknown } | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const value = JSON.parse(text) as { seq: unknown; time: unknown };
    return canonical(value as unknown as Json) === text ? value : null;
  } catch {
    return null;
  }
}

function assertNeverWrong(bytes: Uint8Array): boolean {
  if (!scanner.isCanonical(bytes)) return false;
  const slow = isCanonical(bytes);
  assert.ok(slow !== null, Buffer.from(bytes).toString());
  assert.deepEqual([scanner.stamp.seq, scanner.stamp.time], [slow.seq, slow.time]);
  return true;
}

const json = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small' },
    fc.string({ unit: 'binary' }),
    fc.string(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.nat(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('json')),
    fc.dictionary(fc.string(), tie('json')),
  ),
})).json;

test(`is never surer of bytes than parsing them and writing them again (seed ${seed}) [audit.canonical]`, () => {
  let sure = 0;
  fc.assert(
    fc.property(fc.dictionary(fc.string(), json), fc.array(fc.nat()), (fields, at) => {
      const stamp = { seq: 12, time: 1_700_000_000_000 };
      const bytes = Buffer.from(canonicalEntry({ ...fields, ...stamp }, stamp));
      if (assertNeverWrong(bytes)) sure += 1;
      for (const place of at) {
        const changed = Buffer.from(bytes);
        changed[place % bytes.length] = place >>> 8;
        assertNeverWrong(changed);
        assertNeverWrong(bytes.subarray(0, place % bytes.length));
      }
    }),
    { seed, numRuns: 500 },
  );
  assert.ok(sure > 50, `sure of ${sure} only`);
});

test('is sure of what a gateway writes, and of nothing that only looks like it [audit.canonical]', () => {
  const written =
    '{"actions":["select"],"facts":{"risk":10,"shadow":false,"via":null},"form":"SELECT \\"a\\" \\n\u20ac","seq":3,"time":17}';
  assert.equal(scanner.isCanonical(Buffer.from(written)), true);
  assert.deepEqual({ ...scanner.stamp }, { seq: 3, time: 17 });
  const others = [
    written.replace('10', '010'),
    written.replace('10', '-0'),
    written.replace('10', '1e1'),
    written.replace('10', '1.0'),
    written.replace('\\n', '\\u000a'),
    written.replace('\\n', '\\/'),
    written.replace('"seq":3', '"seq":3,"seq":3'),
    written.replace('"seq":3', '"sez":3'),
    written.replace('"seq":3', '"seq":"3"'),
    written.replace('"seq":3,"time":17', '"time":17,"seq":3'),
    written.replace('"risk":10,', '"risk":10,"fact":1,'),
    written.replace(':17}', ':17 }'),
    written.replace(':17}', ':17,}'),
    `${written} `,
    `[${written}]`,
    '{"seq":3,"time":17',
    `{"a":${'['.repeat(40)}${']'.repeat(40)},"seq":3,"time":17}`,
    '',
  ];
  for (const text of others) assert.equal(scanner.isCanonical(Buffer.from(text)), false, text);
  const broken = Buffer.from(written);
  broken[broken.indexOf(0xe2)] = 0xff;
  assert.equal(scanner.isCanonical(broken), false);
});
