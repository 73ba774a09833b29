import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonical, canonicalEntry, type EntryFields, type Json } from './canonical.ts';
import { LogError } from './log-error.ts';

const stamp = { seq: 7, time: 1000 };
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

test('puts keys in UTF-16 order and the stamp among them [audit.canonical]', () => {
  const text = canonicalEntry(
    { type: 't', b: [1, 'x', null], a: { z: 1, A: true }, '\u{1F600}': 1, '\uFB33': 2 },
    stamp,
  );
  assert.equal(
    text,
    '{"a":{"A":true,"z":1},"b":[1,"x",null],"seq":7,"time":1000,"type":"t","\u{1F600}":1,"\uFB33":2}',
  );
});

test('writes the example of RFC 8785 section 3.2.2 as the RFC does [audit.canonical]', () => {
  const numbers = [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001];
  const string = '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/';
  assert.equal(
    canonical({ numbers, string, literals: [null, true, false] }),
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
      '"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
});

test(`gives the same bytes for ordered, stamped fields as for any others (seed ${seed}) [audit.canonical]`, () => {
  const json = fc.letrec<{ json: Json }>((tie) => ({
    json: fc.oneof(
      { depthSize: 'small' },
      fc.string({ unit: 'binary' }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('json')),
      fc.dictionary(fc.string({ unit: 'binary' }), tie('json')),
    ),
  })).json;
  const fields = fc.dictionary(
    fc.string({ unit: 'binary' }).filter((key) => !['seq', 'time', '__proto__'].includes(key)),
    json,
  );
  fc.assert(
    fc.property(fields, (value) => {
      const entry = value as EntryFields;
      const all: Record<string, Json | undefined> = { ...entry, ...stamp };
      const ordered = Object.fromEntries(
        Object.keys(all)
          .sort()
          .map((key) => [key, all[key]]),
      );
      const text = canonicalEntry(entry, stamp);
      assert.equal(canonicalEntry(ordered, stamp), text);
      assert.equal(canonical(JSON.parse(text) as Json), text);
    }),
    { seed, numRuns: 300 },
  );
});

test('refuses what JSON cannot say, and a stamp that is not its own [audit.canonical]', () => {
  const deep = Array.from({ length: 40 }).reduce<Json>((inner) => [inner], 1);
  const bad = [
    { a: Number.NaN },
    { a: [Number.POSITIVE_INFINITY] },
    { a: (() => 1) as never },
    { seq: 8 },
    { time: 1 },
    { deep },
  ];
  for (const fields of bad) {
    const refused = (error: unknown): boolean => error instanceof LogError && error.code === 'entry-invalid';
    assert.throws(() => canonicalEntry(fields, stamp), refused);
  }
});
