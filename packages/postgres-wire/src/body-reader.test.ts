import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BodyReader } from './body-reader.ts';
import { FrameWriter } from './frame-writer.ts';
import { WireError, type WireErrorCode } from './wire-error.ts';

const fails = (code: WireErrorCode) => (error: unknown) => error instanceof WireError && error.code === code;

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const int16 = fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 });
const text = fc.string({ unit: 'grapheme' }).map((value) => value.replaceAll('\0', ''));
const value = fc.option(fc.uint8Array({ maxLength: 50 }));

test('reads back every kind of field, and nothing is left [wire.round-trip]', () => {
  fc.assert(
    fc.property(int32, int16, text, value, (long, short, string, bytes) => {
      const body = writeFields(long, short, string, bytes);
      const reader = new BodyReader(body);
      assert.equal(reader.int32(), long);
      assert.equal(reader.int16(), short);
      assert.equal(reader.string(), string);
      assert.deepEqual(reader.value(), bytes === null ? null : Buffer.from(bytes));
      reader.finish();
    }),
  );
});

test('a message cut short at any byte is refused, whatever lies behind it in the buffer [wire.bounds]', () => {
  fc.assert(
    fc.property(int32, int16, text, value, fc.nat(), (long, short, string, bytes, at) => {
      const body = writeFields(long, short, string, bytes);
      const end = at % body.length;
      const reader = new BodyReader(body, 0, end);
      assert.throws(
        () => [reader.int32(), reader.int16(), reader.string(), reader.value()],
        (error) => error instanceof WireError,
      );
    }),
  );
});

test('never reads outside its part of the buffer, whatever is asked of it [wire.bounds]', () => {
  const asks = fc.array(fc.constantFrom('uint8', 'int16', 'int32', 'uint32', 'string', 'value'), {
    maxLength: 20,
  });
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 60 }),
      fc.nat(20),
      fc.nat(20),
      asks,
      (bytes, skip, drop, calls) => {
        const start = Math.min(skip, bytes.length);
        const end = Math.max(start, bytes.length - drop);
        const reader = new BodyReader(Buffer.from(bytes), start, end);
        for (const call of calls) {
          try {
            reader[call as 'uint8']();
          } catch (error) {
            assert.ok(error instanceof WireError);
          }
          assert.ok(reader.remaining >= 0 && reader.remaining <= end - start);
        }
      },
    ),
  );
});

const malformed: readonly (readonly [string, number[], (reader: BodyReader) => unknown, WireErrorCode])[] = [
  ['a string without NUL', [0x61, 0x62], (reader) => reader.string(), 'string-not-terminated'],
  ['a string that is not UTF-8', [0xc3, 0x28, 0], (reader) => reader.string(), 'invalid-utf8'],
  ['an overlong encoding', [0xc0, 0x80, 0], (reader) => reader.string(), 'invalid-utf8'],
  ['half a surrogate pair', [0xed, 0xa0, 0x80, 0], (reader) => reader.string(), 'invalid-utf8'],
];

for (const [what, bytes, read, code] of malformed) {
  test(`refuses ${what} [wire.text]`, () => {
    assert.throws(() => read(new BodyReader(Buffer.from(bytes))), fails(code));
  });
}

test('a string must end inside its message, not in the next one [wire.text]', () => {
  const reader = new BodyReader(Buffer.from('ab\0'), 0, 2);
  assert.throws(() => reader.string(), fails('string-not-terminated'));
});

test('a value may not claim a negative length other than NULL, nor more than is there [wire.bounds]', () => {
  assert.throws(() => new BodyReader(Buffer.from([0xff, 0xff, 0xff, 0xfe])).value(), fails('read-past-end'));
  assert.throws(
    () => new BodyReader(Buffer.from([0x7f, 0xff, 0xff, 0xff, 1])).value(),
    fails('read-past-end'),
  );
});

test('bytes left over are an error [wire.bounds]', () => {
  assert.throws(() => new BodyReader(Buffer.from([1])).finish(), fails('trailing-bytes'));
});

test('a byte order mark is text like any other [wire.text]', () => {
  assert.equal(new BodyReader(Buffer.from('\ufeffa\0')).string(), '\ufeffa');
});

function writeFields(long: number, short: number, string: string, bytes: Uint8Array | null): Buffer {
  const writer = new FrameWriter().int32(long).int16(short).string(string);
  if (bytes === null) return writer.int32(-1).take();
  return writer.int32(bytes.length).bytes(bytes).take();
}
