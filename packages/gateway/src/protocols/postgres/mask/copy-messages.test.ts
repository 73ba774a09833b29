import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WireError } from '@sallyport/postgres-wire';
import fc from 'fast-check';
import type { Mask } from '../../protocol.ts';
import { copyOut, detectorsOnly, mask, origins, scope } from './catalog.test-support.ts';
import { type CopyPlan, type CopyScope, compileCopyPlan, finishCopy, maskCopyData } from './index.ts';
import { Sink } from './sink.ts';
import { field, int16, message, readCopy, type Value } from './wire.test-support.ts';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

/** In every hidden value, and in no other. */
const SECRET = 'sEcReT';
const PEOPLE: readonly string[] = ['id', 'name', 'ssn', 'age', 'doc'];
const HIDDEN: ReadonlySet<string> = new Set(['ssn', 'age', 'doc']);

function planOf(copy: CopyScope, by: Mask): CopyPlan {
  const plan = compileCopyPlan(scope(['people'], [], { copy }), by, origins);
  assert.equal(plan.withhold, null);
  return plan;
}

/** What is delivered of these messages when so many of them come at once; null when it is withheld. */
function delivered(plan: CopyPlan, bodies: readonly Buffer[], atOnce: number): Buffer | null {
  const parts: Buffer[] = [];
  return orWithheld(() => {
    for (let i = 0; i < bodies.length; i += atOnce) {
      const run = Buffer.concat(bodies.slice(i, i + atOnce).map((body) => message('d', body)));
      // The chunk has other bytes around the run.
      const chunk = Buffer.concat([Buffer.from('Zd'), run, Buffer.from('d\n')]);
      parts.push(maskCopyData(chunk, 2, 2 + run.length, plan) ?? run);
    }
    return readCopy(Buffer.concat([...parts, finishCopy(plan) ?? Buffer.alloc(0)]));
  });
}

/** The same read byte by byte, with no regard to what a message usually is. */
function pushed({ rows }: CopyPlan, bodies: readonly Buffer[]): Buffer | null {
  return orWithheld(() => {
    const sink = new Sink(64);
    for (const body of bodies) rows.push(body, 0, body.length, sink);
    rows.finish(sink);
    return sink.take();
  });
}

function orWithheld(read: () => Buffer): Buffer | null {
  try {
    return read();
  } catch (fault) {
    assert.ok(fault instanceof WireError);
    return null;
  }
}

/** One row as a server writes it. */
function encode(values: readonly Value[], { format, options }: CopyScope): Buffer {
  if (format === 'binary') return Buffer.concat([int16(values.length), ...values.map(field)]);
  const { delimiter, nullText, quote, escape: escaping } = options;
  const fields = values.map((value) => {
    if (value === null) return nullText;
    if (format === 'text')
      return Array.from(value as string, (char) =>
        char === '\n' ? '\\n' : char === '\\' || char === delimiter ? `\\${char}` : char,
      ).join('');
    const inside = Array.from(value as string, (char) =>
      char === quote || char === escaping ? escaping + char : char,
    ).join('');
    const bare = value !== nullText && inside === value && !/[\n\r,;]/.test(inside);
    return bare ? inside : quote + inside + quote;
  });
  return Buffer.from(`${fields.join(delimiter)}\n`);
}

const SIGNATURE = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);

/** The rows, one a message, but for some that share one and some that are cut. */
function messagesOf({ copy, rows, cuts, joins }: Case): Buffer[] {
  const encoded = rows.map((values) => encode(values, copy));
  if (copy.options.header) encoded.unshift(encode(['a@example.com', ...PEOPLE.slice(1)], copy));
  if (copy.format === 'binary') {
    encoded[0] = Buffer.concat([SIGNATURE, encoded[0] ?? Buffer.alloc(0)]);
    encoded.push(int16(-1));
  }
  const all = Buffer.concat(encoded);
  const ends = new Set(cuts.map((cut) => cut % (all.length + 1)));
  let end = 0;
  encoded.forEach((row, i) => {
    end += row.length;
    if (!joins.includes(i)) ends.add(end);
  });
  const sorted = [0, ...ends, all.length].sort((a, b) => a - b);
  return sorted.slice(1).map((to, i) => all.subarray(sorted[i], to));
}

interface Case {
  readonly copy: CopyScope;
  readonly by: Mask;
  readonly rows: readonly (readonly Value[])[];
  readonly cuts: readonly number[];
  readonly joins: readonly number[];
  readonly atOnce: number;
}

const text: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: fc.constantFrom(...Array.from('ab1 \t\n\r\\"\'|,;N.é')), maxLength: 40 }),
  fc.string({ unit: fc.constantFrom('x', '0'), minLength: 100, maxLength: 200 }),
  fc.constantFrom('', '\\N', 'ada@example.com', 'is 123-45-6789', '4111 1111 1111 1111'),
);
const copies: fc.Arbitrary<CopyScope> = fc
  .tuple(
    fc.constantFrom('text', 'csv', 'binary'),
    fc.constantFrom<(readonly string[] | null)[]>(null, ['ssn'], ['name', 'ssn'], ['doc', 'name'], ['name']),
    fc.boolean(),
    fc.boolean(),
  )
  .map(([format, columns, other, header]) => {
    const binary = format === 'binary';
    const csv = other ? { delimiter: ';', quote: "'", escape: '\\' } : {};
    const more = format === 'csv' ? csv : other && !binary ? { delimiter: '|', nullText: '' } : {};
    return copyOut('people', format, { ...more, header: header && !binary && columns === null }, columns);
  });
const cases: fc.Arbitrary<Case> = copies.chain((copy) => {
  const values = (copy.columns ?? PEOPLE).map((column) =>
    fc.option(HIDDEN.has(column) ? text.map((value) => SECRET + value) : text, { freq: 8 }),
  );
  return fc.record({
    copy: fc.constant(copy),
    by: fc.constantFrom(mask, mask, detectorsOnly),
    rows: fc.array(fc.tuple(...values), { minLength: 1, maxLength: 80, size: 'max' }),
    cuts: fc.oneof(fc.constant([]), fc.array(fc.nat(10_000), { maxLength: 5 })),
    joins: fc.oneof(fc.constant([]), fc.array(fc.nat(80), { maxLength: 5 })),
    atOnce: fc.constantFrom(1, 7, 1_000),
  });
});

test('masks COPY alike whether a message is a row, several, or a part of one [masking.postgres-copy]', () => {
  fc.assert(
    fc.property(cases, (given) => {
      const bodies = messagesOf(given);
      const result = delivered(planOf(given.copy, given.by), bodies, given.atOnce);
      assert.deepEqual(result, pushed(planOf(given.copy, given.by), bodies));
      assert.ok(result !== null);
      if (given.by.hidesColumns) assert.equal(result.includes(SECRET), false);
    }),
    { seed, numRuns: 600 },
  );
});

test('withholds the same rows however it reads them [masking.postgres-copy, masking.postgres-malformed]', () => {
  const bytes = fc.constantFrom(...Buffer.from('\t\n\\"\',;|x\0\xff', 'latin1'));
  fc.assert(
    fc.property(
      cases,
      fc.array(fc.tuple(fc.nat(), bytes), { minLength: 1, maxLength: 3 }),
      (given, changes) => {
        const bodies = messagesOf(given);
        for (const [at, byte] of changes) {
          const body = bodies[at % bodies.length];
          if (body !== undefined && body.length > 0) body[at % body.length] = byte;
        }
        const result = delivered(planOf(given.copy, given.by), bodies, given.atOnce);
        assert.deepEqual(result, pushed(planOf(given.copy, given.by), bodies));
      },
    ),
    { seed, numRuns: 600 },
  );
});

test('takes only the first row for the header line [masking.postgres-copy]', () => {
  const copy = copyOut('places', 'csv', { header: true });
  const plan = compileCopyPlan(scope(['places'], [], { copy }), detectorsOnly, origins);
  const bodies = ['id,city\n', '1,Paris\n', '2,ada@example.com\n'].map((line) => Buffer.from(line));
  assert.equal(delivered(plan, bodies, 1)?.toString(), 'id,city\n1,Paris\n2,***\n');
});

test('finds the one value in a long run of COPY [masking.postgres-copy]', () => {
  const lines = Array.from({ length: 300 }, (_, i) => `${i}\tParis in the ${i} rain, as ever\n`);
  for (const at of [0, 150, 299]) {
    const bodies = lines.map((line, i) =>
      Buffer.from(i === at ? line.replace('Paris', 'ada@example.com') : line),
    );
    const expected = lines.map((line, i) => (i === at ? line.replace('Paris', '***') : line)).join('');
    for (const [table, columns] of [
      ['places', null],
      ['people', ['ssn', 'name']],
    ] as const) {
      const copy = copyOut(table, 'text', {}, columns);
      const plan = compileCopyPlan(scope([table], [], { copy }), mask, origins);
      const hidden = columns === null ? expected : expected.replaceAll(/^\d+/gm, '***');
      assert.equal(delivered(plan, bodies, bodies.length)?.toString(), hidden);
    }
  }
});

test('reads on after a message that ends with a newline inside a row [masking.postgres-copy]', () => {
  const of = (format: 'text' | 'csv', ...bodies: string[]) => {
    const copy = copyOut('places', format);
    const plan = compileCopyPlan(scope(['places'], [], { copy }), detectorsOnly, origins);
    const parts = bodies.map((body) => Buffer.from(body));
    return delivered(plan, parts, parts.length)?.toString();
  };
  // Read as the beginning of a row, what follows would be a number, in which nothing is looked for.
  assert.equal(of('text', '1\tParis\\\n', 'ada@example.com\n'), '1\tParis\\\n***\n');
  assert.equal(of('csv', '1,"Paris\n', 'ada@example.com"\n'), '1,"Paris\n***"\n');
});

test('withholds rows behind the end of binary ones [masking.postgres-copy, masking.postgres-malformed]', () => {
  const row = encode(['x', 'y'], copyOut(null, 'binary'));
  for (const copy of [copyOut(null, 'binary'), copyOut('people', 'binary', {}, ['ssn', 'name'])]) {
    for (const known of [mask, detectorsOnly]) {
      assert.ok(delivered(planOf(copy, known), [SIGNATURE, row, int16(-1)], 9) !== null);
      assert.equal(delivered(planOf(copy, known), [SIGNATURE, row, int16(-1), row], 9), null);
      assert.equal(delivered(planOf(copy, known), [SIGNATURE, int16(-1), int16(-1)], 1), null);
      assert.equal(delivered(planOf(copy, known), [row, int16(-1)], 1), null);
    }
  }
});

process.once('exit', (code) => {
  if (code !== 0) console.error(`replay with SEED=${seed}`);
});
