import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WireError } from '@sallyport/postgres-wire';
import { createMasking, maskingSection } from '../../../masking/index.ts';
import { detectorsOnly, mask, origins, scope } from './catalog.test-support.ts';
import { compileRowPlan, type ReplyScope } from './index.ts';
import { type Column, description } from './wire.test-support.ts';

/** Which of the columns are hidden. */
function hidden(columns: readonly Column[], of: ReplyScope, by = mask): boolean[] {
  const bytes = description(...columns);
  return compileRowPlan(bytes, 0, bytes.length, of, by, origins).replacements.map((value) => value !== null);
}

test('hides a classified column whatever it is called in the result [masking.postgres-rows]', () => {
  const columns = [
    { name: 'id', table: 100, attribute: 1, type: 23 },
    { name: 'harmless', table: 100, attribute: 4 },
    { name: 'ssn', table: 104, attribute: 2 },
    { name: 'ctid', table: 100, attribute: -1, type: 27 },
  ];
  assert.deepEqual(hidden(columns, scope(['people', 'places'])), [false, true, false, false]);
  assert.deepEqual(hidden(columns, scope(['people', 'places']), detectorsOnly), [false, false, false, false]);
});

test('hides a computed column only when it may be made of classified data [masking.postgres-origin]', () => {
  const computed = [{ name: 'upper' }];
  assert.deepEqual(hidden(computed, scope(['people'], ['ssn'])), [true]);
  assert.deepEqual(hidden(computed, scope(['people'], ['name'])), [false]);
  assert.deepEqual(hidden(computed, scope(['people'], ['name'], { anyColumn: true })), [true]);
  assert.deepEqual(hidden(computed, scope(['places'], ['city'], { anyColumn: true })), [false]);
  assert.deepEqual(hidden(computed, scope([], [])), [false], 'nothing is read');
  assert.deepEqual(
    hidden(computed, scope(['nowhere'], ['x'])),
    [true],
    'a relation the catalog does not have',
  );
  assert.deepEqual(hidden([{ name: 'ssn' }], scope(['places'], ['city'])), [false], 'a label says nothing');
  assert.deepEqual(hidden(computed, scope(['nowhere'], ['x']), detectorsOnly), [false]);
  const call = (schema: string) => ({
    evaluations: [{ action: 'call', resource: { type: 'Function', path: ['db', schema, 'f'] } }],
  });
  assert.deepEqual(hidden(computed, scope([], [], call('public'))), [true], 'a function reads what it likes');
  assert.deepEqual(hidden(computed, scope([], [], call('pg_catalog'))), [false]);
});

test('hides a column of a table the catalog does not know, and says so [masking.postgres-origin]', () => {
  const bytes = description({ name: 'x', table: 4_000_000_000, attribute: 1 });
  const plan = compileRowPlan(bytes, 0, bytes.length, scope([]), mask, origins);
  assert.equal(plan.unknownOid, true);
  assert.notEqual(plan.replacements[0], null);
  assert.deepEqual(hidden([{ name: 'x', table: 100, attribute: 99 }], scope(['people'])), [true]);
  assert.deepEqual(
    hidden([{ name: 'x', table: 100, attribute: 3 }], scope(['people'])),
    [true],
    'a dropped column',
  );
});

test('hides whole rows, partitions, and views that rename or compute [masking.postgres-views]', () => {
  assert.deepEqual(hidden([{ name: 'people', table: 100, attribute: 0 }], scope(['people'])), [true]);
  assert.deepEqual(hidden([{ name: 'places', table: 104, attribute: 0 }], scope(['places'])), [false]);
  assert.deepEqual(
    hidden(
      [1, 2, 3].map((attribute) => ({ name: 'x', table: 101, attribute })),
      scope(['people_2024']),
    ),
    [false, false, true],
  );
  assert.deepEqual(
    hidden(
      [1, 2, 3, 4].map((attribute) => ({ name: 'x', table: 102, attribute })),
      scope(['staff']),
    ),
    [false, false, true, true],
  );
  assert.deepEqual(
    hidden(
      [1, 2].map((attribute) => ({ name: 'x', table: 103, attribute })),
      scope(['staff_names']),
    ),
    [false, true],
  );
  assert.deepEqual(hidden([{ name: 'city', table: 105, attribute: 1 }], scope(['town'])), [false]);
  assert.deepEqual(
    hidden([{ name: 'x', table: 107, attribute: 1 }], scope(['dangling'])),
    [true],
    'a base that is not known',
  );
  assert.deepEqual(hidden([{ name: 'upper' }], scope(['staff'], ['number'])), [true]);
});

test('hides the statistics the server keeps of values [masking.postgres-views]', () => {
  const columns = [1, 2].map((attribute) => ({ name: 'x', table: 106, attribute }));
  assert.deepEqual(hidden(columns, scope(['pg_stats'])), [false, true]);
  assert.deepEqual(hidden(columns, scope(['pg_stats']), detectorsOnly), [false, false]);
  assert.deepEqual(hidden([{ name: 'text' }], scope(['pg_stats'], ['most_common_vals'])), [true]);
});

test('keeps a plan for as long as nothing it depends on changed [masking.postgres-rows]', () => {
  const of = scope(['people']);
  const bytes = description({ name: 'ssn', table: 100, attribute: 4 });
  const compile = (by = mask, from = origins) => compileRowPlan(bytes, 0, bytes.length, of, by, from);
  const plan = compile();
  assert.equal(compile(), plan);
  assert.notEqual(compile(detectorsOnly), plan);
  assert.notEqual(compile(mask, { ...origins, version: 2 }), plan);
  const other = description({ name: 'ssN', table: 100, attribute: 4 });
  assert.notEqual(compileRowPlan(other, 0, other.length, of, mask, origins), plan);
  assert.equal(compile(), plan);
});

test('has nothing to do for numbers of no classified column [masking.postgres-rows]', () => {
  const bytes = description(
    { name: 'id', table: 104, attribute: 1, type: 20 },
    { name: 'n', type: 1700, binary: true },
  );
  assert.equal(compileRowPlan(bytes, 0, bytes.length, scope(['places']), mask, origins).idle, true);
  const clear = createMasking(maskingSection.parse({ detectors: { enabled: [] } })).compile('t', []);
  assert.equal(clear.hidesColumns, false);
});

test('refuses a description that runs past its end or is too long [masking.postgres-malformed]', () => {
  const bytes = description({ name: 'a' }, { name: 'b' });
  for (let end = 0; end < bytes.length; end += 1) {
    assert.throws(() => compileRowPlan(bytes, 0, end, scope([]), mask, origins), WireError, `cut at ${end}`);
  }
  const long = Buffer.concat([bytes, Buffer.from([0])]);
  assert.throws(() => compileRowPlan(long, 0, long.length, scope([]), mask, origins), WireError);
});
