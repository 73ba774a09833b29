import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Mask } from '../../protocols/protocol.ts';
import { createMasking } from '../masking.ts';
import { maskingSection } from '../section.ts';
import type { DetectorName } from './all.ts';

/** A mask that looks with one detector only. */
export function only(name: DetectorName): Mask {
  return createMasking(maskingSection.parse({ detectors: { enabled: [name] } })).compile('t', []);
}

/** Tests a detector on texts with what must be hidden in «», and on texts that hold nothing of it. */
export function testDetector(
  name: DetectorName,
  found: readonly string[],
  clean: readonly string[],
  mask: Mask = only(name),
): void {
  test(`finds every form of ${name} and hides all of it [masking.detectors]`, () => {
    for (const marked of found) {
      const text = marked.replace(/[«»]/g, '');
      const expected = marked.replace(/«[^»]*»/g, '***');
      assert.equal(mask.scrubText(text), expected, text);
      // Inside a longer text, and after bytes that are not UTF-8.
      const around = Buffer.concat([Buffer.from([0xff, 0x0a]), Buffer.from(text), Buffer.from('\n ok')]);
      assert.equal(mask.suspects(around, 0, around.length), true, text);
      const hidden = mask.scrub(around, 0, around.length);
      const cut = name === 'private-key' && !/[ -]END /.test(text);
      const wanted = Buffer.concat([Buffer.from([0xff, 0x0a]), Buffer.from(expected + (cut ? '' : '\n ok'))]);
      assert.deepEqual(hidden, wanted, text);
    }
  });

  test(`leaves what only looks like ${name} [masking.detectors]`, () => {
    for (const text of clean) assert.equal(mask.scrubText(text), text);
  });
}
