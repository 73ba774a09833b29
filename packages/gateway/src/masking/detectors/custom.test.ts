import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Mask } from '../../protocols/protocol.ts';
import { createMasking } from '../masking.ts';
import { maskingSection } from '../section.ts';

type Custom = readonly Record<string, unknown>[];

function parse(custom: Custom) {
  return maskingSection.safeParse({ detectors: { enabled: [], custom } });
}

function maskOf(custom: Custom, revealed: readonly string[] = []): Mask {
  const parsed = parse(custom);
  assert.ok(parsed.success, parsed.error?.message);
  return createMasking(parsed.data).compile('t', revealed);
}

const employee = { class: 'employee', pattern: 'EMP-[0-9]{5}' };
const projects = { class: 'project', words: ['Falcon', 'Blue Harbour', 'Müller', 'a?#b'] };

test('hides what a pattern of the configuration matches [masking.custom]', () => {
  const mask = maskOf([employee]);
  assert.equal(mask.scrubText('EMP-12345, xEMP-99999\nEMP-1234 é EMP-54321'), '***, x***\nEMP-1234 é ***');
  const row = Buffer.from('\0\0\0\x09EMP-12345');
  assert.equal(mask.suspects(row, 0, row.length), true);
  assert.equal(mask.scrub(row, 0, 12), null, 'it ends outside');
  assert.equal(mask.scrub(Buffer.from([0xff, 0xc3, 0x28, 0xf0]), 0, 4), null, 'no UTF-8');
});

test('suspects bytes any part of which a pattern matches, and not all others [masking.custom]', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['^EMP-[0-9]{5}$', 'EMP-12345'],
    ['\\bEMP\\b', 'EMP'],
    ['(?:^|[^a])x[$^]\\z', 'x$'],
    ['[]^a]{3}', ']^a'],
    ['a\\^b\\$', 'a^b$'],
    ['[[:^alpha:]^]{4}', '1^23'],
    ['\\Qa^b\\E', 'a^b'],
    ['é{2,}', 'éé'],
  ];
  for (const [pattern, value] of cases) {
    const mask = maskOf([{ class: 'x', pattern }]);
    assert.equal(mask.scrubText(value), '***', pattern);
    for (const before of ['', 'EMP', '\n', 'y'.repeat(9_000)]) {
      const row = Buffer.concat([Buffer.from(before), Buffer.from([0xc3]), Buffer.from(`${value}EMP`)]);
      assert.equal(mask.suspects(row, 0, row.length), true, pattern);
    }
  }
  const other = Buffer.from('what is long enough to be one, and is none');
  assert.equal(maskOf([employee]).suspects(other, 0, other.length), false);
});

test('finds a value wherever a long line is cut for a pattern [masking.custom]', () => {
  const mask = maskOf([employee]);
  for (const filler of ['x', 'é', '€']) {
    for (let before = 1_500; before < 2_100; before += 7) {
      const text = `${filler.repeat(before)}EMP-12345${filler.repeat(3_000)}`;
      assert.equal(mask.scrubText(text), text.replace('EMP-12345', '***'));
    }
  }
});

test('hides the rest of a text that holds too many values of a pattern [masking.custom]', () => {
  const shown = maskOf([{ class: 'x', pattern: 'x' }]).scrubText(`${'x,'.repeat(10_500)}\nlast`);
  assert.equal(shown.includes('x') || shown.includes('last'), false);
});

test('hides words of the configuration, whole and in any case [masking.custom]', () => {
  const mask = maskOf([projects]);
  assert.equal(
    mask.scrubText('FALCON falcon falcons afalcon "Falcon" blue harbour. müller MÜller A?#B'),
    '*** *** falcons afalcon "***" ***. *** MÜller ***',
  );
  const row = Buffer.from(`${' '.repeat(700)}5Falcon`);
  assert.equal(mask.suspects(row, 0, row.length), true, 'what stands before may be no text');
});

test('reveals a class of the configuration like any other [masking.custom]', () => {
  const parsed = parse([employee, projects]);
  assert.ok(parsed.success);
  const masking = createMasking(parsed.data);
  assert.ok(masking.classes.includes('employee') && masking.classes.includes('project'));
  assert.equal(masking.compile('t', ['project']).scrubText('Falcon EMP-12345'), 'Falcon ***');
});

test('says what is wrong with a detector of the configuration [masking.custom]', () => {
  const wrong: readonly (readonly [Record<string, unknown>, RegExp])[] = [
    [{ class: 'x', pattern: '(a' }, /missing closing/],
    [{ class: 'x', pattern: '(?=a)' }, /is no pattern RE2 can use/],
    [{ class: 'x', pattern: '(a)\\1' }, /is no pattern RE2 can use/],
    [{ class: 'x', pattern: 'a*' }, /matches where there is nothing/],
    [{ class: 'x', pattern: 'a'.repeat(1_001) }, /1000/],
    [{ class: 'x', words: ['abc'] }, /4 to 200 bytes/],
    [{ class: 'x', words: [] }, /words/],
    [{ class: 'x', pattern: 'a', words: ['abcd'] }, /either a pattern or words/],
    [{ class: 'Not A Class', pattern: 'a' }, /data class/],
  ];
  for (const [entry, expected] of wrong) {
    const parsed = parse([entry]);
    assert.equal(parsed.success, false);
    assert.match(JSON.stringify(parsed.error?.issues), expected);
  }
  const many = Array.from({ length: 2_001 }, (_, i) => `word ${i}`);
  assert.equal(parse([{ class: 'x', words: many }]).success, false);
  assert.equal(parse([0, 1].map(() => ({ class: 'x', words: many.slice(0, 1_500) }))).success, false);
});

test('does not let a text make a pattern take its square [masking.custom]', () => {
  const mask = maskOf([{ class: 'x', pattern: '.*x|a' }]);
  assert.equal(mask.scrubText('a'.repeat(100_000)).includes('a'), false);
});
