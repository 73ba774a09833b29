import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { inert } from './index.ts';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

test('shows escapes, controls and direction marks instead of obeying them [recording.inert]', () => {
  assert.equal(inert('plain \u20ac \u{1F600} text'), 'plain \u20ac \u{1F600} text');
  assert.equal(inert('\u001b[2J\u001b]0;x\u0007\r\n'), '\u241b[2J\u241b]0;x\u2407\u240d\u240a');
  assert.equal(inert('\u009b31m \u007f'), '<U+009B>31m <U+007F>');
  assert.equal(inert('a\u202eb\u2066c\u200b\ufeff\u2028'), 'a<U+202E>b<U+2066>c<U+200B><U+FEFF><U+2028>');
  assert.equal(inert('\u{E0041}'), '<U+E0041>');
  assert.equal(inert('\ud800x'), '\ufffdx');
  assert.equal(inert('a\tb\nc\r', { lines: true }), 'a\tb\nc\u240d');
});

test(`lets no control or format character through, whatever the text (seed ${seed}) [recording.inert]`, () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.doesNotMatch(inert(text), /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    }),
    { seed, numRuns: 500 },
  );
});
