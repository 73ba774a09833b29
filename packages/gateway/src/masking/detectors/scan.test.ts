import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileScrub } from '../scrub.ts';
import { detectorNames, detectorsOf } from './all.ts';
import { compileScan } from './scan.ts';
import { Spans } from './spans.ts';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const detectors = detectorNames.flatMap((name) => detectorsOf[name]);
const { suspects, scrub } = compileScrub(detectors, Buffer.from('***'));

/** Every part found, merged, `shift` bytes further left. */
function spansOf(found: Spans, shift: number): readonly (readonly [number, number])[] {
  return Array.from({ length: found.merge() }, (_, i) => [found.startOf(i) - shift, found.endOf(i) - shift]);
}

/** Whether a window has its last byte at `at`, taken at its word. */
function windowEndsAt(window: string | Uint8Array, all: Buffer, at: number): boolean {
  return Array.from(typeof window === 'string' ? window : '').every((wanted, place) => {
    const byte = all[at - 3 + place];
    if (wanted === '?') return true;
    if (byte === undefined) return false;
    return wanted === '#' ? byte >= 0x30 && byte <= 0x39 : byte === wanted.charCodeAt(0);
  });
}

const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });
const token = (min: number, max: number) =>
  fc.string({
    unit: fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'),
    minLength: min,
    maxLength: max,
  });
const digits = (min: number, max: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: min, maxLength: max });
const grouped = fc.string({ unit: fc.constantFrom(...'01234567894444 -'), minLength: 8, maxLength: 30 });

/** Things that are found, things that nearly are, and what stands between them. */
const piece = fc.oneof(
  fc.tuple(token(1, 8), token(1, 8), token(1, 4)).map(([a, b, c]) => `${a}@${b}.${c}`),
  fc.constantFrom(
    '4111111111111111',
    '4111 1111-1111 1111',
    '378282246310005',
    '6304000000000000',
    '4222222222222',
  ),
  fc.tuple(digits(3, 3), digits(2, 2), digits(4, 4)).map((parts) => parts.join('-')),
  fc.tuple(token(1, 30), token(1, 30), token(0, 43)).map(([a, b, c]) => `eyJ${a}.eyJ${b}.${c}`),
  token(16, 16).map((id) => `AKIA${id.toUpperCase()}`),
  fc
    .tuple(fc.constantFrom('secret=', 'SECRET_KEY: "', 'aws_secret_access_key = '), token(40, 40))
    .map((parts) => parts.join('')),
  fc
    .tuple(fc.constantFrom('RSA PRIVATE KEY', 'PRIVATE KEY', 'CERTIFICATE'), token(0, 80), fc.boolean())
    .map(
      ([label, body, ends]) => `-----BEGIN ${label}-----\n${body}\n${ends ? `-----END ${label}-----` : ''}`,
    ),
  fc
    .tuple(
      fc.constantFrom(
        '$2b$12$',
        '$1$',
        '$5$',
        '$6$',
        '$y$',
        '$P$',
        '$argon2id$v=19$m=65536,t=3,p=4$',
        '$scrypt$ln=16$',
      ),
      token(8, 60),
    )
    .map((parts) => parts.join('')),
  fc
    .tuple(
      fc.constantFrom('pbkdf2_sha256$', 'pbkdf2:sha256:', 'scrypt:32768:8:1$', 'SCRAM-SHA-256$4096:'),
      token(10, 30),
      token(20, 40),
    )
    .map(([name, salt, hash]) => `${name}${salt}$${hash}`),
  hex(32).map((digest) => `md5${digest}`),
  fc.constantFrom(
    '+44 20 7946 0958',
    '+1 (415) 555-2671',
    '192.0.2.10',
    '2001:db8::1',
    '943 476 5919',
    '111222333',
    '255081416802538',
    '234123412346',
    '529.982.247-25',
    '12345678Z',
    'X1234567L',
    'DE89370400440532013000',
    'GB29 NWBK 6016 1331 9268 19',
    'NO9386011117947',
    'FR76',
  ),
  fc
    .tuple(fc.constantFrom('ghp_', 'sk_live_', 'sk-', 'AIza', 'xoxb-', 'glpat-'), token(10, 40))
    .map((p) => p.join('')),
  fc
    .tuple(fc.constantFrom('http', 'postgres', ''), token(0, 6), token(0, 9), token(0, 6))
    .map(([scheme, user, password, host]) => `${scheme}://${user}:${password}@${host}`),
  fc
    .tuple(
      fc.constantFrom('password', 'DB_PASS', 'api-key', 'accessToken', '--pwd', 'Bearer', 'secret'),
      fc.constantFrom('=', ': ', '": "', ' ', " = '", '>'),
      token(6, 20),
    )
    .map((parts) => parts.join('')),
  grouped,
  digits(1, 24),
  hex(40),
  token(1, 12),
  fc.constantFrom(
    ' ',
    '\n',
    ',',
    '"',
    '@',
    '$',
    '-',
    '.',
    'eyJ',
    'md5',
    '2024-01-01 12:00:00',
    '\0\0\0\x30',
    '\0\0\0\x10',
    'é',
    '€',
  ),
);
const bytes = fc
  .array(
    fc.oneof(
      { weight: 9, arbitrary: piece.map((text) => Buffer.from(text)) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 12 }).map((raw) => Buffer.from(raw)) },
    ),
    { maxLength: 12 },
  )
  .map((pieces) => Buffer.concat(pieces));
const ranged = bytes.chain((text) =>
  fc
    .tuple(fc.constant(text), fc.nat(text.length), fc.nat(text.length))
    .map(([all, a, b]) => ({ all, start: Math.min(a, b), end: Math.max(a, b) })),
);

test('never fails to suspect bytes any part of which holds a value [masking.suspects]', () => {
  fc.assert(
    fc.property(ranged, ({ all, start, end }) => {
      if (scrub(all, start, end, start) === null) return;
      assert.equal(suspects(all, start, end), true, 'the part itself');
      assert.equal(suspects(all, 0, all.length), true, 'the whole');
      // The same bytes at every alignment, in a text long enough for the ways meant for bulk.
      const shift = (start + end) % 13;
      const bulk = Buffer.concat([
        Buffer.alloc(600 + shift, 'x'),
        all.subarray(start, end),
        Buffer.alloc(600, '_'),
      ]);
      assert.equal(suspects(bulk, 0, bulk.length), true, 'in bulk');
    }),
    { seed, numRuns: 3_000 },
  );
});

test('suspects each class by itself as it does among all [masking.suspects]', () => {
  fc.assert(
    fc.property(ranged, fc.constantFrom(...detectorNames), ({ all, start, end }, name) => {
      const alone = compileScrub(detectorsOf[name], Buffer.from('***'));
      if (alone.scrub(all, start, end, start) === null) return;
      assert.equal(alone.suspects(all, 0, all.length), true);
    }),
    { seed, numRuns: 2_000 },
  );
});

test('meets every anchor that walking byte by byte meets [masking.suspects]', () => {
  const found = new Spans();
  fc.assert(
    fc.property(bytes, fc.constantFrom(...detectors), fc.nat(700), (all, detector, shift) => {
      if (detector.kind !== 'window') return;
      found.clear(1);
      for (let at = 2; at < all.length; at += 1)
        if (detector.windows.some((window) => windowEndsAt(window, all, at)))
          detector.finds(all, 0, all.length, at, found);
      const expected = spansOf(found, 0);
      compileScan([detector]).finds(all, 0, all.length, found);
      assert.deepEqual(spansOf(found, 0), expected);
      if (detector.dataClass === 'private-key') return;
      // The same in bulk; what surrounds it is in no other value.
      const bulk = Buffer.concat([Buffer.alloc(shift, '\n'), all, Buffer.alloc(600, '\n')]);
      compileScan([detector]).finds(bulk, 0, bulk.length, found);
      assert.deepEqual(spansOf(found, shift), expected);
    }),
    { seed, numRuns: 3_000 },
  );
});

test('agrees with plain expressions about what is a value [masking.detectors]', () => {
  const plain: Record<string, RegExp> = {
    ssn: /(?<![0-9])(?<![0-9]-)(?!000|666|9)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}(?!-?[0-9])/,
    'aws-key': /(?<![A-Z0-9])A[KS]IA[A-Z0-9]{16}(?![A-Z0-9])/,
    jwt: /(?<![\w-])eyJ[\w-]+\.eyJ[\w-]+\./,
    'password-hash': /(?<![A-Za-z0-9])md5[0-9a-fA-F]{32}(?![0-9A-Za-z])/,
  };
  fc.assert(
    fc.property(bytes, (all) => {
      const text = all.toString('latin1');
      for (const [dataClass, expression] of Object.entries(plain)) {
        const value = expression.exec(text)?.[0];
        if (value === undefined) continue;
        const found = scrub(all, 0, all.length, 0);
        assert.notEqual(found, null, dataClass);
        if (text.split(value).length === 2)
          assert.equal(found?.toString('latin1').includes(value), false, dataClass);
      }
    }),
    { seed, numRuns: 2_000 },
  );
});

test('keeps valid UTF-8 valid [masking.detectors]', () => {
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string({ unit: 'grapheme' })), { maxLength: 8 }), (pieces) => {
      const text = Buffer.from(pieces.join('').toWellFormed());
      utf8.decode(scrub(text, 0, text.length, 0) ?? text);
    }),
    { seed, numRuns: 1_000 },
  );
});

test('gets through hostile texts that would cost a backtracking matcher its square [masking.detectors]', () => {
  const size = 1 << 18;
  for (const unit of [
    'a@',
    'a@a',
    '@',
    'a.',
    'pbkdf2:',
    'scrypt:',
    '-----BEGIN ',
    '-----',
    'eyJ.',
    '.eyJ',
    'eyJa.eyJa',
    '$1$',
    '$',
    'secret',
    'AKIA',
    '1 ',
    '4-',
    '0',
    '123-45-',
    'SCRAM-SHA-256$',
    'md5',
    ' ',
    'DE89',
    'DE89 ',
    'sk-',
    'ghp_',
    'xoxb-',
    'a://b:',
    '://',
    'password=',
    "token='",
    'secret: ',
    'Bearer ',
    '+1 ',
    '+1234567',
    '1.',
    ':',
    'a:',
    '1.2.3.',
    '12345678Z',
  ]) {
    const text = Buffer.from(unit.repeat(size / unit.length));
    suspects(text, 0, text.length);
    scrub(text, 0, text.length, 0);
  }
});

process.once('exit', (code) => {
  if (code !== 0) console.error(`replay with SEED=${seed}`);
});
