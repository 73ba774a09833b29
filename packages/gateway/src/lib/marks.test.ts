import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MarkFinder, markIn, markInBytes } from './marks.ts';

const TOKEN = `msk_${'abcdefghij234567klmn'}`;

test('knows a mark, what holds one, and neither [masking.write-back]', () => {
  for (const whole of ['***', TOKEN, `Dear ${TOKEN},`, '{"ssn":"***"}', "UPDATE t SET a = '***'"])
    assert.equal(markIn(whole), 'whole', whole);
  for (const part of ['***1234', '***@corp.example', '**** bold ****'])
    assert.equal(markIn(part), 'part', part);
  for (const none of ['', '**', 'a * b ** c', 'msk_', 'msk_short', 'plain'])
    assert.equal(markIn(none), null, none);
  assert.equal(markInBytes(Buffer.concat([Buffer.of(1), Buffer.from('{"a":"***"}')])), 'whole');
  assert.equal(markInBytes(Buffer.of(0xff, 42, 42, 42)), 'part');
});

/** Whether any cut of the rows hides a mark in them. */
function find(rows: Buffer, cuts: readonly number[], separators = '\t'): boolean {
  const finder = new MarkFinder(separators);
  let found = false;
  let from = 0;
  for (const cut of [...cuts.map((one) => one % (rows.length + 1)).sort((a, b) => a - b), rows.length]) {
    found = finder.push(rows, from, cut) || found;
    from = cut;
  }
  return finder.finish() || found;
}

const HOLDING = [
  '***',
  '1\t***\t2\n',
  'a\n***\n',
  '***\tx',
  'x\t***',
  `1\t${TOKEN}x\n`,
  `${'y'.repeat(99)}\n***\n`,
];
const CLEAN = ['', '1\ta***\t2\n', '*** \t1', 'x***', '****', '**\t*\n', 'y'.repeat(200)];

test('finds a mark that is a field, however the rows are cut [masking.write-back]', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(200), { maxLength: 6 }), (cuts) => {
      for (const rows of HOLDING) assert.ok(find(Buffer.from(rows), cuts), rows);
      for (const rows of CLEAN) assert.ok(!find(Buffer.from(rows), cuts), rows);
    }),
  );
  assert.ok(find(Buffer.from('1,"***",2\n'), [5], ',"'));
  assert.ok(find(Buffer.concat([Buffer.of(0, 1, 0, 0, 0, 3), Buffer.from('***')]), [4]), 'in binary');
});
