import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WireError } from '@sallyport/postgres-wire';
import { createMasking, maskingSection } from '../../../masking/index.ts';
import type { Mask } from '../../protocol.ts';
import { copyOut, detectorsOnly, mask, origins, scope } from './catalog.test-support.ts';
import { type CopyScope, compileCopyPlan, finishCopy, maskCopyData } from './index.ts';
import { field, int16, int32, message, readCopy, type Value } from './wire.test-support.ts';

/** What the client gets of these bytes, sent as messages of these pieces. */
function copied(copy: CopyScope, pieces: readonly Buffer[], by: Mask = mask): Buffer {
  const table = copy.relation?.table;
  const plan = compileCopyPlan(scope(table === undefined ? [] : [table], [], { copy }), by, origins);
  assert.equal(plan.withhold, null);
  const parts = pieces.map((piece) => {
    const data = message('d', piece);
    return maskCopyData(data, 0, data.length, plan) ?? data;
  });
  return readCopy(Buffer.concat([...parts, finishCopy(plan) ?? Buffer.alloc(0)]));
}

/** As one message, as a message per line, and cut at every byte: always the same. */
function however(copy: CopyScope, text: string, expected: string, by: Mask = mask): void {
  const bytes = Buffer.from(text);
  assert.equal(copied(copy, [bytes], by).toString(), expected, 'in one message');
  for (let cut = 1; cut < bytes.length; cut += 1) {
    const parts = [bytes.subarray(0, cut), bytes.subarray(cut)];
    assert.equal(copied(copy, parts, by).toString(), expected, `cut at ${cut}`);
  }
  assert.equal(
    copied(
      copy,
      Array.from(bytes, (byte) => Buffer.from([byte])),
      by,
    ).toString(),
    expected,
    'byte by byte',
  );
}

test('masks hidden columns of COPY in text format [masking.postgres-copy]', () => {
  const copy = copyOut('people', 'text');
  however(
    copy,
    '1\tAda\t123-45-6789\t41\t{"a":1}\n2\ttab\\there\\nline\t\\N\t\\N\t\\N\n3\tback\\\\\tx\\\ty\t1\t{}\n',
    '1\tAda\t***\t\\N\t"***"\n2\ttab\\there\\nline\t\\N\t\\N\t\\N\n3\tback\\\\\t***\t\\N\t"***"\n',
  );
  however(
    copyOut('people', 'text', { delimiter: '|', nullText: 'NULL', header: true }, ['ssn', 'name']),
    'ssn|name\n1|Ada\nNULL|Bob\n',
    'ssn|name\n***|Ada\nNULL|Bob\n',
  );
});

test('masks hidden columns of COPY in CSV, quotes and line ends inside them included [masking.postgres-copy]', () => {
  however(
    copyOut('people', 'csv', { header: true }, ['id', 'ssn', 'name']),
    'id,ssn,name\n1,"12,3\n45""6","A, ""da""\n"\n2,,Bob\n3,"",""\n4,x,"""q"""\n',
    'id,ssn,name\n1,***,"A, ""da""\n"\n2,,Bob\n3,***,""\n4,***,"""q"""\n',
  );
  however(
    copyOut('people', 'csv', { escape: '\\', quote: "'" }, ['ssn', 'doc', 'age']),
    "'a\\'b,\\\\',1,2\nx,'\\\\',3\n",
    '***,\'"***"\',\n***,\'"***"\',\n',
  );
  however(copyOut('people', 'csv', { nullText: '***' }, ['ssn', 'name']), '1,a\n***,b\n', '"***",a\n***,b\n');
});

test('finds values in shown columns of COPY [masking.postgres-copy]', () => {
  however(
    copyOut('places', 'text'),
    '1\tada@example.com\n2\tParis\n4111111111111111\tx\n',
    '1\t***\n2\tParis\n4111111111111111\tx\n',
    detectorsOnly,
  );
  however(
    copyOut('places', 'csv'),
    '1,"mail ada@example.com, please"\n2,Paris\n',
    '1,"mail ***, please"\n2,Paris\n',
    detectorsOnly,
  );
  however(copyOut(null, 'text'), '4111111111111111\tx\n', '***\tx\n');
  const clean = message('d', '1\tParis\n');
  const plan = compileCopyPlan(scope(['places'], [], { copy: copyOut('places', 'text') }), mask, origins);
  assert.equal(maskCopyData(clean, 0, clean.length, plan), null, 'what is clean is not copied');
});

const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');
const tuple = (...values: readonly Value[]): Buffer =>
  Buffer.concat([int16(values.length), ...values.map(field)]);
const binary = (...tuples: readonly Buffer[]): Buffer =>
  Buffer.concat([SIGNATURE, int32(0), int32(0), ...tuples, int16(-1)]);

test('masks COPY in binary format, however messages cut the rows [masking.postgres-copy]', () => {
  const given = binary(
    tuple(int32(1), 'Ada', '123-45-6789', int32(41), '\u0001{}'),
    tuple(int32(2), 'ada@example.com', null, null, null),
  );
  const expected = binary(
    tuple(int32(1), 'Ada', '***', null, '\u0001"***"'),
    tuple(int32(2), '***', null, null, null),
  );
  const copy = copyOut('people', 'binary');
  assert.deepEqual(copied(copy, [given]), expected);
  for (let cut = 1; cut < given.length; cut += 1) {
    assert.deepEqual(copied(copy, [given.subarray(0, cut), given.subarray(cut)]), expected, `cut at ${cut}`);
  }
  assert.deepEqual(
    copied(
      copy,
      Array.from(given, (byte) => Buffer.from([byte])),
    ),
    expected,
  );
});

const keeping = createMasking(
  maskingSection.parse({
    classified: [
      { column: 'public.people.ssn', class: 'ssn' },
      { column: 'public.people.age', class: 'age' },
      { column: 'public.people.doc', class: 'document' },
    ],
    classes: {
      ssn: { strategy: 'partial', keep: 'last-4' },
      age: { strategy: 'drop' },
      document: { strategy: 'partial', keep: 'domain' },
    },
  }),
).compile('t', []);

test('shows in COPY what a strategy keeps, written as the format wants it [masking.postgres-copy, masking.strategies]', () => {
  however(
    copyOut('people', 'text'),
    '1\tAda\t12345\\tab\t41\t"a@b.example"\n2\t\\N\t12345\\\\\\n\\\t\\b\t\\N\t{}\n3\tx@y.example\tshort\t1\t\\N\n',
    '1\tAda\t***5\\tab\t\\N\t"***@b.example"\n2\t\\N\t***\\\\\\n\\t\\b\t\\N\t"***"\n3\t***\t***\t\\N\t\\N\n',
    keeping,
  );
  however(
    copyOut('people', 'csv', { header: true }, ['id', 'ssn', 'doc']),
    'id,ssn,doc\n1,"1234,""\n5""","""a@b.example"""\n2,,{}\n3,123456789,\n4,"a"b"cdefghi",{}\n',
    'id,ssn,doc\n1,"***""\n5""","""***@b.example"""\n2,,"""***"""\n3,"***6789",\n4,***,"""***"""\n',
    keeping,
  );
  const latin = copyOut('people', 'text', { encoding: 'latin1' }, ['ssn']);
  however(latin, '123456789\n', '***\n', keeping);
  const copy = copyOut('people', 'binary', {}, ['id', 'ssn', 'age', 'doc']);
  const given = binary(
    tuple(int32(1), '123-45-6789', int32(41), '\u0001"a@b.example"'),
    tuple(int32(2), null, null, null),
    tuple(int32(3), 'x', int32(1), '\u0001{}'),
  );
  const expected = binary(
    tuple(int32(1), '***6789', null, '\u0001"***@b.example"'),
    tuple(int32(2), null, null, null),
    tuple(int32(3), '***', null, '\u0001"***"'),
  );
  assert.deepEqual(copied(copy, [given], keeping), expected);
  for (let cut = 1; cut < given.length; cut += 1)
    assert.deepEqual(
      copied(copy, [given.subarray(0, cut), given.subarray(cut)], keeping),
      expected,
      `cut at ${cut}`,
    );
});

test('refuses COPY of a query over classified data before any row [masking.postgres-copy-query]', () => {
  const refusal = (tables: string[], columns: string[], copy: CopyScope, more = {}, by = mask) =>
    compileCopyPlan(scope(tables, columns, { copy, ...more }), by, origins).withhold;
  const query = copyOut(null, 'text');
  assert.match(refusal(['people'], ['ssn'], query) ?? '', /masked columns/);
  assert.match(refusal(['people'], [], query, { anyColumn: true }) ?? '', /masked columns/);
  assert.equal(refusal(['people'], ['name'], query), null);
  assert.equal(refusal(['people'], ['ssn'], query, {}, detectorsOnly), null);
  assert.match(refusal([], [], copyOut('nowhere', 'text')) ?? '', /catalog/);
  assert.match(refusal(['people'], [], copyOut('people', 'text', { encoding: 'SJIS' })) ?? '', /encoding/);
  assert.match(refusal(['people'], [], copyOut('people', 'csv', { quote: '*' })) ?? '', /quote/);
  assert.match(compileCopyPlan(scope([]), mask, origins).withhold ?? '', /copies nothing/);
});

test('withholds COPY rows that do not fit the table [masking.postgres-copy, masking.postgres-malformed]', () => {
  const text = copyOut('people', 'text', {}, ['ssn', 'name']);
  for (const hostile of ['1\n', '1\t2\t3\n', '\n', '\\.\n', '123-45-6789']) {
    assert.throws(() => copied(text, [Buffer.from(hostile)]), WireError, hostile);
  }
  assert.throws(
    () => copied(copyOut('people', 'csv', {}, ['ssn', 'name']), [Buffer.from('"a,b\n')]),
    WireError,
  );
  const rows = copyOut('people', 'binary', {}, ['ssn', 'name']);
  const start = Buffer.concat([SIGNATURE, int32(0), int32(0)]);
  const hostile: Record<string, Buffer> = {
    'no signature': Buffer.alloc(30),
    'an unknown flag': Buffer.concat([SIGNATURE, int32(1 << 16), int32(0)]),
    'a negative extension': Buffer.concat([SIGNATURE, int32(0), int32(-1)]),
    'another column count': Buffer.concat([start, tuple('x')]),
    'a negative count': Buffer.concat([start, int16(-2)]),
    'a negative length': Buffer.concat([start, int16(2), int32(-5)]),
    'a huge length': Buffer.concat([start, int16(2), int32(0x7fffffff)]),
    'a row that is cut': Buffer.concat([start, int16(2), field('x')]),
    'bytes after the end': Buffer.concat([binary(tuple('x', 'y')), Buffer.from('z')]),
  };
  for (const [what, bytes] of Object.entries(hostile))
    assert.throws(() => copied(rows, [bytes]), WireError, what);
  const plan = compileCopyPlan(scope(['people'], [], { copy: text }), mask, origins);
  for (const bytes of [
    message('D', 'x'),
    Buffer.from('d'),
    Buffer.concat([Buffer.from('d'), int32(3)]),
    Buffer.concat([Buffer.from('d'), int32(99), Buffer.from('x')]),
  ]) {
    assert.throws(() => maskCopyData(bytes, 0, bytes.length, plan), WireError);
  }
});
