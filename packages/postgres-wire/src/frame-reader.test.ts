import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameReader } from './frame-reader.ts';
import { FrameWriter } from './frame-writer.ts';
import { WireError, type WireErrorCode } from './wire-error.ts';

const LIMIT = 1000;

interface Frame {
  readonly type: number;
  readonly body: Buffer;
}

const frames = fc.array(
  fc.record({ type: fc.integer({ min: 0, max: 255 }), body: fc.uint8Array({ maxLength: LIMIT - 5 }) }),
  { maxLength: 12 },
);

function encode(list: readonly { readonly type: number; readonly body: Uint8Array }[]): Buffer {
  return Buffer.concat(
    list.map(({ type, body }) => {
      const header = Buffer.from([type, 0, 0, 0, 0]);
      header.writeInt32BE(body.length + 4, 1);
      return Buffer.concat([header, body]);
    }),
  );
}

function readAll(chunks: readonly Buffer[], limit = LIMIT): Frame[] {
  const reader = new FrameReader(limit);
  const read: Frame[] = [];
  for (const chunk of chunks) {
    // The memory of a chunk is used again, so a view that outlives the call must not matter.
    const memory = Buffer.from(chunk);
    reader.push(memory, (type, bytes, start, end) => {
      read.push({ type, body: Buffer.from(bytes.subarray(start, end)) });
    });
    memory.fill(0xee);
  }
  return read;
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [...new Set(at.map((place) => place % (bytes.length + 1)))].toSorted((a, b) => a - b);
  return [...places, bytes.length].map((place, index) => bytes.subarray(places[index - 1] ?? 0, place));
}

test('cuts a stream into the same messages however it is split [wire.split]', () => {
  const splits = fc.array(fc.nat(), { maxLength: 40 });
  fc.assert(
    fc.property(frames, splits, (list, at) => {
      const expected = list.map(({ type, body }) => ({ type, body: Buffer.from(body) }));
      assert.deepEqual(readAll(cut(encode(list), at)), expected);
    }),
  );
});

test('cuts a stream into the same messages when split at every byte [wire.split]', () => {
  const list = [
    { type: 0x5a, body: Buffer.from('I') },
    { type: 0x6e, body: Buffer.alloc(0) },
    { type: 0x44, body: Buffer.alloc(40, 7) },
  ];
  const bytes = encode(list);
  for (let at = 0; at <= bytes.length; at++) {
    assert.deepEqual(readAll([bytes.subarray(0, at), bytes.subarray(at)]), list);
  }
  assert.deepEqual(readAll([...bytes].map((byte) => Buffer.from([byte]))), list);
});

test('holds back only the message that is not whole [wire.split]', () => {
  const reader = new FrameReader(LIMIT);
  const bytes = encode([
    { type: 1, body: Buffer.alloc(10) },
    { type: 2, body: Buffer.alloc(10) },
  ]);
  reader.push(bytes.subarray(0, 22), () => {});
  assert.equal(reader.pendingBytes, 7);
  reader.push(bytes.subarray(22), () => {});
  assert.equal(reader.pendingBytes, 0);
});

const header = (length: number): Buffer => {
  const bytes = Buffer.from([0x51, 0, 0, 0, 0]);
  bytes.writeInt32BE(length, 1);
  return bytes;
};

const refusals: readonly (readonly [number, WireErrorCode])[] = [
  [0, 'length-below-minimum'],
  [3, 'length-below-minimum'],
  [-1, 'length-below-minimum'],
  [-(2 ** 31), 'length-below-minimum'],
  [LIMIT, 'length-over-limit'],
  [2 ** 31 - 1, 'length-over-limit'],
];

for (const [length, code] of refusals) {
  test(`refuses a message that says it has ${length} bytes, whole or byte by byte [wire.length]`, () => {
    const chunks = [[header(length)], [...header(length)].map((byte) => Buffer.from([byte]))];
    for (const list of chunks) {
      assert.throws(
        () => readAll(list),
        (error) => error instanceof WireError && error.code === code,
      );
    }
  });
}

test('accepts a message of exactly the limit [wire.length]', () => {
  assert.equal(readAll([encode([{ type: 1, body: Buffer.alloc(LIMIT - 5) }])]).length, 1);
});

test('reads what the writer wrote [wire.round-trip]', () => {
  fc.assert(
    fc.property(frames, (list) => {
      const writer = new FrameWriter(1);
      for (const { type, body } of list) writer.begin(type).bytes(body).end();
      assert.deepEqual(writer.take(), encode(list));
    }),
  );
});
