import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMasking } from './masking.ts';
import { maskingSection } from './section.ts';
import { HELD_BYTES } from './text-scrubber.ts';

const mask = createMasking(maskingSection.parse({})).compile('t', []);
const key =
  '-----BEGIN RSA PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nabcd\n-----END RSA PRIVATE KEY-----';
const text = `{"mail":"ada@example.com","card":"4111 1111 1111 1111"}\n${key} tail
ssn 123-45-6789; t=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl <b>
"SecretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "x": "-----BEGIN CERTIFICATE-----"
db postgres://app:pw{1}@db/x DB_PASSWORD='hunter2;(hunter)|{3}' to DE89 3704 0044 0532 0130 00
<password>Zx81Spectrum</password> ghp_k7Qz9aXw3LmN8rTb2VcY5dHf6JgP1sKe4uRi
`;

function inChunks(cuts: readonly number[], whole: string): string {
  const bytes = Buffer.from(whole);
  const scrubber = mask.textScrubber();
  const shown: Buffer[] = [];
  let at = 0;
  for (const cut of [...cuts, bytes.length]) {
    shown.push(Buffer.from(scrubber.push(bytes.subarray(at, cut))));
    at = cut;
  }
  shown.push(scrubber.finish());
  return Buffer.concat(shown).toString();
}

test('hides the same however a text is cut [masking.stream]', () => {
  const expected = mask.scrubText(text);
  assert.equal(
    expected.includes('example.com') || expected.includes('MIIE') || expected.includes('wJalr'),
    false,
  );
  for (let cut = 0; cut <= text.length; cut += 1)
    assert.equal(inChunks([cut], text), expected, `cut at ${cut}`);
  assert.equal(
    inChunks(
      Array.from({ length: text.length - 1 }, (_, i) => i + 1),
      text,
    ),
    expected,
    'byte by byte',
  );
});

test('hides a private key that never ends to the end of the text [masking.stream]', () => {
  const cut = `before ${key.slice(0, 60)}\nada@example.com`;
  for (let at = 0; at <= cut.length; at += 1) assert.equal(inChunks([at], cut), 'before ***');
});

test('holds back a bounded part of a text without separators, and still hides what is in it [masking.stream]', () => {
  const scrubber = mask.textScrubber();
  let shown = 0;
  const filler = Buffer.alloc(1_000, 'x ');
  for (let i = 0; i < 1_000; i += 1) shown += scrubber.push(filler).length;
  assert.ok(1_000_000 - shown <= HELD_BYTES + filler.length, 'what is held back is bounded');
  assert.ok(scrubber.finish().length > 0);
  const long = `eyJhbGciOiJub25lIn0.eyJhIjoxfQ.${'c'.repeat(3 * HELD_BYTES)} end`;
  const hidden = inChunks(
    Array.from({ length: 190 }, (_, i) => (i + 1) * 1_000),
    long,
  );
  assert.equal(hidden.includes('c'), false);
  assert.ok(hidden.endsWith(' end'));
});
