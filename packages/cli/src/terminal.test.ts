import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { replayLines } from './replay-lines.ts';
import { table } from './table.ts';
import { createPaint, oneLine, shorten, someLines, widthOf, wrap } from './terminal.ts';
import { moment, offset, span } from './time.ts';

const plain = { columns: 80, paint: createPaint(false) };
/** Everything that could move a cursor, hide text or turn it around. */
const ACTIVE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

test('any text becomes one line that can do nothing to a terminal [cli.inert]', () => {
  assert.equal(oneLine('a\n\x1b[2Jb\u202e'), 'a ␛[2Jb<U+202E>');
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !ACTIVE.test(oneLine(text))));
});

test('any recording is shown without an active character [cli.inert]', () => {
  const hostile = fc.string({ unit: 'binary' });
  const event = fc.record({
    kind: fc.constantFrom('header', 'operation', 'reply', 'result', 'note', 'truncated', 'end', 'unfinished'),
    at: fc.oneof(fc.nat(), hostile),
    header: fc.record({
      sessionId: hostile,
      identity: fc.record({ displayName: hostile, actor: hostile }),
      target: hostile,
    }),
    operation: fc.record({
      text: hostile,
      effect: hostile,
      policies: fc.array(hostile),
      reason: hostile,
      parameters: fc.array(hostile),
    }),
    lines: fc.array(
      fc.record({
        kind: fc.constantFrom('columns', 'row', 'notice', 'error', 'text'),
        names: fc.array(hostile),
        values: fc.array(hostile),
        text: hostile,
      }),
    ),
    result: fc.record({ outcome: hostile, status: hostile, rows: fc.oneof(hostile, fc.nat()) }),
    text: hostile,
    reason: hostile,
  });
  fc.assert(fc.property(event, (one) => replayLines(one, plain).every((line) => !ACTIVE.test(line))));
});

test('newlines of a statement stay lines, other controls do not [cli.inert]', () => {
  assert.deepEqual(someLines('SELECT 1\r\nFROM\tx\x07'), ['SELECT 1', 'FROM  x␇']);
});

test('tables are aligned and give way at the last column [cli.help]', () => {
  const rows = [
    ['1', '日本', 'long enough to be cut'],
    ['22', 'ab', 'short'],
  ];
  assert.deepEqual(table({ ...plain, columns: 24 }, ['ID', 'NAME', 'WHAT'], rows), [
    'ID  NAME  WHAT',
    '1   日本  long enough t…',
    '22  ab    short',
  ]);
});

test('text is cut and wrapped by the cells it takes [cli.help]', () => {
  assert.equal(shorten('日本語', 5), '日本…');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 4, max: 40 }), (text, width) => {
      const line = oneLine(text);
      assert.ok(widthOf(shorten(line, width)) <= width);
      const wrapped = wrap(line, width);
      assert.ok(wrapped.every((part) => widthOf(part) <= width));
      assert.equal(wrapped.join('').replaceAll(' ', ''), line.replaceAll(' ', ''));
    }),
  );
});

test('colours are only there when asked for [cli.help]', () => {
  assert.equal(createPaint(false).bad('x'), 'x');
  assert.equal(createPaint(true).bad('x'), '\x1b[31mx\x1b[0m');
});

test('times are for people [cli.help]', () => {
  assert.deepEqual([0, 45_000, 725_000, 12_000_000, 187_200_000].map(span), [
    '0s',
    '45s',
    '12m 5s',
    '3h 20m',
    '2d 4h',
  ]);
  assert.equal(moment('2026-03-01T12:00:05.123Z'), '2026-03-01 12:00:05');
  assert.equal(offset(62_345), '01:02.345');
});
