import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WireError } from '@sallyport/postgres-wire';
import fc from 'fast-check';
import { createMasking, maskingSection } from '../../../masking/index.ts';
import { origins, scope } from './catalog.test-support.ts';
import { hidingOf, type Rewrite } from './hiding.ts';
import { compileRowPlan, maskRows } from './index.ts';
import { numericBytes, numericText } from './numeric.ts';
import { type Column, description, readRows, row } from './wire.test-support.ts';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const mask = createMasking(
  maskingSection.parse({
    classified: [
      { column: 'public.people.ssn', class: 'last' },
      { column: 'public.people.age', class: 'noise' },
      { column: 'public.people.doc', class: 'hash' },
      { column: 'public.people.name', class: 'full' },
    ],
    classes: {
      last: { strategy: 'partial', keep: 'last-4' },
      hash: { strategy: 'hash' },
      format: { strategy: 'format' },
      noise: { strategy: 'noise', ratio: 0.1, days: 30 },
      null: { strategy: 'null' },
      drop: { strategy: 'drop' },
    },
  }),
  Buffer.alloc(32, 1),
).compile('t', []);
const CLASSES = ['last', 'hash', 'format', 'noise'] as const;

function rewrite(dataClass: string, type: number, binary: boolean): Rewrite | null {
  return hidingOf({ dataClass, derived: false }, type, binary, mask).rewrite;
}

function shown(dataClass: string, type: number, value: string | Buffer, binary = false): Buffer | null {
  const bytes = Buffer.from(value as string);
  const around = Buffer.concat([Buffer.from('<'), bytes, Buffer.from('>')]);
  return rewrite(dataClass, type, binary)?.(around, 1, 1 + bytes.length) ?? null;
}

test('hides whole what is derived, and where the type is not known [masking.strategies]', () => {
  for (const dataClass of [...CLASSES, 'null', 'drop']) {
    const derived = hidingOf({ dataClass, derived: true }, 25, false, mask);
    assert.deepEqual(derived, { form: 'text', rewrite: null });
    if (dataClass === 'null' || dataClass === 'drop') continue;
    assert.deepEqual(hidingOf({ dataClass, derived: false }, null, false, mask), {
      form: 'text',
      rewrite: null,
    });
    assert.deepEqual(hidingOf({ dataClass, derived: false }, null, true, mask), {
      form: 'null',
      rewrite: null,
    });
  }
  for (const dataClass of ['null', 'drop'])
    assert.deepEqual(hidingOf({ dataClass, derived: false }, 25, false, mask), {
      form: 'null',
      rewrite: null,
    });
});

test('has something to show for these types, and NULL for every other [masking.strategy-types]', () => {
  const texts = [19, 25, 114, 705, 1042, 1043, 3802];
  const numbers = [20, 21, 23, 700, 701, 1700];
  const expected: Readonly<Record<(typeof CLASSES)[number], readonly number[]>> = {
    last: texts,
    hash: [...texts, 17, 2950],
    format: [...texts, ...numbers, 2950],
    noise: [...numbers, 1082, 1114, 1184],
  };
  for (const dataClass of CLASSES) {
    const found = Array.from({ length: 6_000 }, (_, type) => type).filter((type) => {
      const both = [rewrite(dataClass, type, false), rewrite(dataClass, type, true)];
      assert.equal(both[0] === null, both[1] === null, `${dataClass} ${type}`);
      return both[0] !== null;
    });
    assert.deepEqual(
      found,
      expected[dataClass].toSorted((a, b) => a - b),
      dataClass,
    );
    assert.equal(rewrite(dataClass, 90_000, true), null);
  }
});

test('writes texts, JSON, bytes and identifiers as their types are written [masking.strategy-types]', () => {
  const text = (dataClass: string, type: number, value: string) => shown(dataClass, type, value)?.toString();
  const token = text('hash', 25, 'ada@example.com');
  assert.equal(text('hash', 1042, 'ada@example.com     '), token, 'blanks of a char(n) are no part of it');
  assert.equal(text('last', 1042, '123-45-6789     '), '***6789');
  assert.equal(text('hash', 114, '"ada\\u0040example.com"'), `"${token}"`, 'a string is what it says');
  assert.match(text('hash', 3802, '{"a": 1}') ?? '', /^"msk_[a-z2-7]{20}"$/);
  assert.equal(shown('hash', 3802, '\u0001"ada@example.com"', true)?.toString(), `\u0001"${token}"`);
  assert.equal(text('last', 114, '"1\\"2345678"'), '"***5678"');
  for (const json of ['{"a": "123456789"}', '123456789', '"unfinished', `"${'x'.repeat(70_000)}"`, ''])
    assert.equal(shown('last', 114, json), null, json.slice(0, 20));
  assert.equal(shown('last', 3802, '\u0002"123456789"', true), null, 'a version nobody knows');
  const uuid = '0e37df36-f698-11e6-8dd4-cb9ced3df976';
  assert.match(
    text('hash', 2950, uuid) ?? '',
    /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  assert.match(
    text('format', 2950, uuid) ?? '',
    /^[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  const raw = Buffer.from(uuid.replaceAll('-', ''), 'hex');
  for (const dataClass of ['hash', 'format'])
    assert.equal(
      shown(dataClass, 2950, raw, true)?.toString('hex'),
      text(dataClass, 2950, uuid)?.replaceAll('-', ''),
    );
  assert.equal(shown('hash', 17, 'secret', true)?.toString(), shown('hash', 25, 'secret')?.toString());
  assert.equal(text('hash', 17, '\\x736563726574'), `\\x${shown('hash', 25, 'secret')?.toString('hex')}`);
  assert.equal(shown('hash', 17, 'sec\\000ret'), null, 'the older format');
});

test('shows the same for a value in text and in binary [masking.strategy-types]', () => {
  const agree = (
    dataClass: string,
    type: number,
    text: string,
    bytes: Buffer,
    read: (bytes: Buffer) => string,
  ) => {
    const one = shown(dataClass, type, text)?.toString() ?? null;
    const other = shown(dataClass, type, bytes, true);
    assert.equal(one, other === null ? null : read(other), `${dataClass} ${type} ${text}`);
    assert.notEqual(dataClass === 'noise' ? one : null, text);
  };
  const written = (size: number, write: (bytes: Buffer) => void) => {
    const bytes = Buffer.alloc(size);
    write(bytes);
    return bytes;
  };
  const kind = fc.constantFrom('format', 'noise');
  const day = fc.integer({ min: -730_119, max: 2_921_939 });
  const iso = (ms: number) => new Date(ms + Date.UTC(2000, 0)).toISOString();
  fc.assert(
    fc.property(
      kind,
      fc.integer(),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      (by, small, large) => {
        agree(
          by,
          23,
          String(small),
          written(4, (b) => b.writeInt32BE(small)),
          (b) => String(b.readInt32BE()),
        );
        const short = small >> 16;
        agree(
          by,
          21,
          String(short),
          written(2, (b) => b.writeInt16BE(short)),
          (b) => String(b.readInt16BE()),
        );
        agree(
          by,
          20,
          String(large),
          written(8, (b) => b.writeBigInt64BE(large)),
          (b) => String(b.readBigInt64BE()),
        );
      },
    ),
    { seed, numRuns: 1_000 },
  );
  fc.assert(
    fc.property(kind, fc.double(), fc.float({ noNaN: true }), (by, double, single) => {
      agree(
        by,
        701,
        String(double),
        written(8, (b) => b.writeDoubleBE(double)),
        (b) => String(b.readDoubleBE()),
      );
      const other =
        shown(
          by,
          700,
          written(4, (b) => b.writeFloatBE(single)),
          true,
        )?.readFloatBE() ?? null;
      const text = shown(by, 700, String(single))?.toString() ?? null;
      assert.equal(text === null ? null : Math.fround(Number(text)), other, String(single));
    }),
    { seed, numRuns: 1_000 },
  );
  fc.assert(
    fc.property(day, fc.integer({ min: 0, max: 86_399_999 }), (days, ms) => {
      const date = iso(days * 86_400_000).slice(0, 10);
      agree(
        'noise',
        1082,
        date,
        written(4, (b) => b.writeInt32BE(days)),
        (b) => iso(b.readInt32BE() * 86_400_000).slice(0, 10),
      );
      const at = days * 86_400_000 + ms;
      const text = (value: number) =>
        iso(value)
          .replace('T', ' ')
          .replace(/\.?0*Z$/, '');
      const bytes = written(8, (b) => b.writeBigInt64BE(BigInt(at) * 1000n));
      const back = (b: Buffer) => b.readBigInt64BE();
      const one = shown('noise', 1114, text(at))?.toString() ?? null;
      const other = shown('noise', 1114, bytes, true);
      assert.equal(one === null, other === null);
      if (one === null || other === null) return;
      const micros = BigInt(Date.parse(`${one.slice(0, 19).replace(' ', 'T')}Z`) - Date.UTC(2000, 0)) * 1000n;
      assert.equal(micros + BigInt((one.split('.')[1] ?? '').padEnd(6, '0')), back(other));
      assert.deepEqual(shown('noise', 1184, `${text(at)}+00`)?.toString(), `${one}+00`);
      assert.notEqual(back(other), back(bytes));
    }),
    { seed, numRuns: 1_000 },
  );
});

test('moves a moment alike in every time zone [masking.noise]', () => {
  const moment = (text: string) => {
    const [, clock = '', zone = ''] =
      /^(.{19})(.*)$/.exec(shown('noise', 1184, text)?.toString() ?? '') ?? [];
    const colons = zone.length === 3 ? `${zone}:00` : zone;
    return Date.parse(clock.replace(' ', 'T') + colons);
  };
  const utc = moment('2024-03-01 00:30:00+00');
  for (const same of ['2024-02-29 19:30:00-05', '2024-03-01 06:00:00+05:30', '2024-03-01 14:30:00+14'])
    assert.equal(moment(same), utc, same);
  for (const none of [
    'infinity',
    '0044-03-15 00:00:00+00 BC',
    'Fri Mar 01 00:30:00 2024 UTC',
    '2024-03-01 00:30:00',
  ])
    assert.equal(shown('noise', 1184, none), null, none);
});

test('reads and writes numeric as the server does [masking.strategy-types]', () => {
  const decimal = fc
    .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 60n }), fc.nat(40))
    .map(([negative, digits, scale]) => {
      const text = String(digits).padStart(scale + 1, '0');
      const point = text.length - scale;
      return `${negative && digits > 0n ? '-' : ''}${text.slice(0, point)}${scale === 0 ? '' : '.'}${text.slice(point)}`;
    });
  fc.assert(
    fc.property(decimal, (text) => {
      const bytes = numericBytes(text);
      assert.equal(numericText(bytes, 0, bytes.length), text);
      for (const dataClass of ['format', 'noise']) {
        const one = shown(dataClass, 1700, text)?.toString() ?? null;
        const other = shown(dataClass, 1700, bytes, true);
        assert.equal(other === null ? null : numericText(other, 0, other.length), one, text);
        if (one === null) continue;
        assert.equal(one.split('.')[1]?.length, text.split('.')[1]?.length, 'as many places');
        assert.ok(one.length <= text.length, `${one} ${text}`);
      }
    }),
    { seed, numRuns: 1_000 },
  );
  // 12345.678 and -0.0001 as numeric_send writes them.
  assert.deepEqual(numericBytes('12345.678').toString('hex'), '0003000100000003000109291a7c');
  assert.deepEqual(numericBytes('-0.0001').toString('hex'), '0001ffff400000040001');
  assert.deepEqual(numericBytes('0.00').toString('hex'), '0000000000000002');
});

test('takes any bytes for any type, in either format, without failing [masking.strategy-types]', () => {
  const types = [17, 19, 20, 21, 23, 25, 114, 700, 701, 1042, 1082, 1114, 1184, 1700, 2950, 3802, 90_000];
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.stringMatching(/^[-0-9.:+ eN"\\x]{0,40}$/).map((text) => Buffer.from(text)),
    fc.integer({ min: 0, max: 3_000 }).map((length) => Buffer.alloc(length, '9')),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...CLASSES),
      fc.constantFrom(...types),
      fc.boolean(),
      bytes,
      (by, type, binary, value) => {
        const other = shown(by, type, Buffer.from(value), binary);
        assert.ok(other === null || other.length < 10_000);
      },
    ),
    { seed, numRuns: 10_000 },
  );
});

const ssn: Column = { name: 'ssn', table: 100, attribute: 4 };
const age: Column = { name: 'age', table: 100, attribute: 5, type: 23 };
const name: Column = { name: 'name', table: 100, attribute: 2 };
const city: Column = { name: 'city', table: 104, attribute: 2 };

test('writes rows whose values have another length, and keeps the rest [masking.strategies]', () => {
  const bytes = description(city, ssn, name, ssn, age, { name: 'expr' });
  const plan = compileRowPlan(bytes, 0, bytes.length, scope(['people'], ['ssn']), mask, origins);
  const long = 'z'.repeat(5_000);
  const run = Buffer.concat([
    row('Paris', '123-45-6789', 'Ada', long, '100000', '123-45-6789'),
    row('a@b.example', null, null, '1', '3', null),
    row(long, 'x'.repeat(9), 'y', '', null, 'z'),
  ]);
  const masked = maskRows(Buffer.concat([Buffer.from('Zjunk'), run]), 5, 5 + run.length, plan);
  const found = readRows(masked.bytes ?? run);
  const moved = Number(found[0]?.[4]);
  assert.ok(moved !== 100_000 && Math.abs(moved - 100_000) <= 10_000);
  assert.deepEqual(found, [
    ['Paris', '***6789', '***', '***zzzz', String(moved), '***'],
    ['***', null, null, '***', null, null],
    [long, '***xxxx', '***', '***', null, '***'],
  ]);
});

test('withholds rows that do not fit, also where values are rewritten [masking.postgres-malformed]', () => {
  const bytes = description(city, ssn, age);
  const plan = compileRowPlan(bytes, 0, bytes.length, scope(['people']), mask, origins);
  const good = row('Paris', '123-45-6789', '41000');
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, byte, end) => {
      const changed = Buffer.from(good);
      changed[at] = byte;
      try {
        const { bytes: shownBytes } = maskRows(changed, 0, end, plan);
        if (end > 0) assert.equal(shownBytes?.includes('45-6789'), false);
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
