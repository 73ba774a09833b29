import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WireError } from '@sallyport/postgres-wire';
import fc from 'fast-check';
import { mask, origins, scope } from './catalog.test-support.ts';
import { compileRowPlan, maskRows, type RowPlan } from './index.ts';
import {
  type Column,
  description,
  int16,
  int32,
  message,
  readRows,
  row,
  type Value,
} from './wire.test-support.ts';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

function planOf(...columns: readonly Column[]): RowPlan {
  const bytes = description(...columns);
  return compileRowPlan(bytes, 0, bytes.length, scope(['people', 'places']), mask, origins);
}

/** The rows a client reads; the chunk has other bytes around them. */
function masked(plan: RowPlan, ...rows: readonly Buffer[]): (string | null)[][] {
  const run = Buffer.concat(rows);
  const chunk = Buffer.concat([Buffer.from('Zjunk'), run, Buffer.from('Djunk')]);
  const result = maskRows(chunk, 5, 5 + run.length, plan);
  assert.equal(result.rows, rows.length);
  return readRows(result.bytes ?? run);
}

const id: Column = { name: 'id', table: 100, attribute: 1, type: 23 };
const name: Column = { name: 'name', table: 100, attribute: 2 };
const ssn: Column = { name: 'ssn', table: 100, attribute: 4 };
const age: Column = { name: 'age', table: 100, attribute: 5, type: 23 };

test('replaces hidden values of any length, keeps NULL and everything else [masking.postgres-rows]', () => {
  const plan = planOf(id, ssn, name, ssn);
  assert.deepEqual(
    masked(
      plan,
      row('1', '123-45-6789', 'Ada', 'x'),
      row('2', null, 'Bob', ''),
      row('3', 'y'.repeat(500), 'z'.repeat(300), null),
    ),
    [
      ['1', '***', 'Ada', '***'],
      ['2', null, 'Bob', '***'],
      ['3', '***', 'z'.repeat(300), null],
    ],
  );
});

test('uses what a parser of the type accepts: text, JSON, or NULL [masking.postgres-rows]', () => {
  const forms: readonly [type: number, binary: boolean, expected: string | null][] = [
    [25, false, '***'],
    [25, true, '***'],
    [1043, true, '***'],
    [1042, false, '***'],
    [19, true, '***'],
    [142, true, '***'],
    [17, false, '***'],
    [17, true, '***'],
    [114, false, '"***"'],
    [114, true, '"***"'],
    [3802, false, '"***"'],
    [3802, true, '\u0001"***"'],
    [23, false, null],
    [23, true, null],
    [1700, false, null],
    [1082, false, null],
    [2950, true, null],
    [1009, false, null],
    [1009, true, null],
    [2249, false, null],
    [90_000, false, '***'],
    [90_000, true, null],
  ];
  for (const [type, binary, expected] of forms) {
    const plan = planOf({ ...ssn, type, binary });
    assert.deepEqual(masked(plan, row('anything')), [[expected]], `${type} ${binary}`);
  }
  assert.deepEqual(masked(planOf(age, name), row('41', 'Ada')), [[null, 'Ada']]);
});

test('finds values in shown columns of text, and leaves numbers alone [masking.postgres-rows]', () => {
  const city: Column = { name: 'city', table: 104, attribute: 2 };
  const plan = planOf(
    id,
    city,
    { name: 'n', type: 20 },
    { name: 'j', type: 114 },
    { name: 'tags', type: 1009 },
  );
  assert.deepEqual(
    masked(
      plan,
      row('1', 'Paris', '4111111111111111', '{"a":1}', '{x}'),
      row(
        '2',
        'write to ada@example.com now',
        '5',
        '{"m":"ada\\u0040example.com","c":4111111111111111}',
        '{a@b.co,c@d.org}',
      ),
      row('3', null, null, '{"card":"4111 1111 1111 1111"}', null),
    ),
    [
      ['1', 'Paris', '4111111111111111', '{"a":1}', '{x}'],
      ['2', 'write to *** now', '5', '{"m":"***","c":"***"}', '{***,***}'],
      ['3', null, null, '{"card":"***"}', null],
    ],
  );
});

test('withholds binary values that cannot be rewritten [masking.postgres-rows]', () => {
  const plan = planOf(
    { name: 'tags', type: 1009, binary: true },
    { name: 'doc', type: 3802, binary: true },
    { name: 't', binary: true },
  );
  const array = Buffer.concat([
    int32(1),
    int32(0),
    int32(25),
    int32(1),
    int32(1),
    int32(15),
    Buffer.from('ada@example.com'),
  ]);
  assert.deepEqual(
    masked(plan, row(array, Buffer.from('\u0001{"m":"ada@example.com"}'), 'ada@example.com')),
    [[null, '\u0001{"m":"***"}', '***']],
  );
  const clean = row(Buffer.from([0, 0]), Buffer.from('\u0001{}'), 'x');
  assert.equal(maskRows(clean, 0, clean.length, plan).bytes, null);
});

test('hands clean rows back untouched [masking.postgres-rows]', () => {
  const plan = planOf(id, name);
  const run = Buffer.concat(Array.from({ length: 500 }, (_, i) => row(String(i), `name ${i}`)));
  assert.deepEqual(maskRows(run, 0, run.length, plan), { rows: 500, bytes: null });
});

test('masks any rows as a plain reading of them would [masking.postgres-rows]', () => {
  const value: fc.Arbitrary<Value> = fc.oneof(
    fc.constant(null),
    fc.string({ unit: 'grapheme-ascii', maxLength: 200 }),
    fc.constantFrom('ada@example.com', '123-45-6789', 'x 4111 1111 1111 1111 y', ''),
  );
  const columns = fc.array(fc.constantFrom(id, name, ssn, age, { name: 'expr' }), {
    minLength: 1,
    maxLength: 8,
  });
  const cases = columns.chain((chosen) =>
    fc.tuple(
      fc.constant(chosen),
      fc.array(fc.array(value, { minLength: chosen.length, maxLength: chosen.length }), {
        minLength: 1,
        maxLength: 150,
      }),
    ),
  );
  fc.assert(
    fc.property(cases, ([chosen, rows]) => {
      const expected = rows.map((values) =>
        values.map((text, i) => {
          const column = chosen[i];
          if (text === null || column === age) return null;
          if (column === ssn) return '***';
          const plain = text as string;
          return column === id ? plain : Buffer.from(mask.scrubText(plain)).toString('latin1');
        }),
      );
      assert.deepEqual(masked(planOf(...chosen), ...rows.map((values) => row(...values))), expected);
    }),
    { seed, numRuns: 300 },
  );
});

test('withholds rows that do not fit their description [masking.postgres-malformed]', () => {
  const plan = planOf(id, ssn, name);
  const good = row('1', '123-45-6789', 'Ada');
  const body = (count: number, ...parts: Buffer[]) => message('D', int16(count), ...parts);
  const one = Buffer.concat([int32(1), Buffer.from('1')]);
  const hostile: Record<string, Buffer> = {
    'too few columns': row('1', 'x'),
    'too many columns': row('1', 'x', 'y', 'z'),
    'a negative count': body(-1, one),
    'a length below −1': body(3, one, int32(-2), one),
    'a length past the end': body(3, one, int32(100), Buffer.from('123-45-6789')),
    'the largest length': body(3, one, int32(0x7fffffff), Buffer.from('123-45-6789')),
    'no room for a length': body(3, one, Buffer.from([0, 0])),
    nothing: message('D'),
    'a length of a message below its header': Buffer.concat([Buffer.from('D'), int32(4), int16(3)]),
    'a negative length of a message': Buffer.concat([Buffer.from('D'), int32(-1), int16(3), one, one, one]),
    'a message past the end of the run': Buffer.concat([
      Buffer.from('D'),
      int32(1_000),
      int16(3),
      one,
      one,
      one,
    ]),
    'another message': message('C', 'SELECT 1\0'),
  };
  for (const [what, bytes] of Object.entries(hostile)) {
    const run = Buffer.concat([good, bytes, good]);
    assert.throws(() => maskRows(bytes, 0, bytes.length, plan), WireError, what);
    // At the end of the run, so that a length cannot be satisfied by the rows behind it.
    const cut = Buffer.concat([good, bytes]);
    assert.throws(() => maskRows(cut, 0, cut.length, plan), WireError, `${what}, behind a good row`);
    assert.throws(() => maskRows(run.subarray(0, cut.length), 0, cut.length, plan), WireError, what);
  }
});

test('survives any bytes without reading past its run [masking.postgres-malformed]', () => {
  const plan = planOf(id, ssn, name);
  const good = row('1', '123-45-6789', 'ada@example.com');
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, byte, end) => {
      const changed = Buffer.from(good);
      changed[at] = byte;
      try {
        const { bytes } = maskRows(changed, 0, end, plan);
        if (end > 0) assert.equal((bytes ?? changed.subarray(0, end)).includes('123-45-6789'), false);
      } catch (fault) {
        assert.ok(fault instanceof WireError);
      }
    }),
    { seed, numRuns: 2_000 },
  );
});

process.once('exit', (code) => {
  if (code !== 0) console.error(`replay with SEED=${seed}`);
});
