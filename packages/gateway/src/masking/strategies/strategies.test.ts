import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Disguise } from '../../protocols/protocol.ts';
import { createMasking } from '../masking.ts';
import { maskingSection } from '../section.ts';
import type { StrategyConfig } from './section.ts';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const KEY = Buffer.alloc(32, 7);

/** What is shown for values of a class that is hidden so. */
function disguise(config: StrategyConfig, { key = KEY, tenant = 'a', dataClass = 'x' } = {}): Disguise {
  const section = maskingSection.parse({ classes: { [dataClass]: config }, tenant });
  const strategy = createMasking(section, key).compile('t', []).strategy(dataClass);
  assert.ok(strategy.kind === 'disguise');
  return strategy.disguise;
}

function shown(of: Disguise, text: string): string | null {
  return of.text?.(Buffer.from(text))?.toString() ?? null;
}

const lastFour = disguise({ strategy: 'partial', keep: 'last-4' });
const domain = disguise({ strategy: 'partial', keep: 'domain' });
const hash = disguise({ strategy: 'hash' });
const format = disguise({ strategy: 'format' });
const noise = disguise({ strategy: 'noise', ratio: 0.1, days: 30 });

test('hides whole by default, and where a strategy has no key to draw by [masking.strategies]', () => {
  const section = maskingSection.parse({
    classes: { a: { strategy: 'hash' }, b: { strategy: 'drop' }, c: { strategy: 'full' } },
  });
  const kinds = (key: Buffer | null) => {
    const mask = createMasking(section, key).compile('t', []);
    return ['a', 'b', 'c', 'd', 'unknown'].map((dataClass) => mask.strategy(dataClass).kind);
  };
  assert.deepEqual(kinds(KEY), ['disguise', 'null', 'full', 'full', 'full']);
  assert.deepEqual(kinds(null), ['full', 'null', 'full', 'full', 'full']);
});

test('keeps the last four characters of a value that has twice as many [masking.partial]', () => {
  assert.equal(shown(lastFour, '123-45-6789'), '***6789');
  assert.equal(shown(lastFour, `${'x'.repeat(5_000)}yzäö`), '***yzäö');
  assert.equal(shown(lastFour, '12345678'), '***5678');
  for (const short of ['', '1234', '1234567', 'äöüäöüä']) assert.equal(shown(lastFour, short), null, short);
  const bytes = Buffer.from([0x41, 0xff, 0xfe, 0x80, 0x81, 0x82, 0x83, 0x84]);
  assert.deepEqual(lastFour.text?.(bytes), Buffer.from([0x2a, 0x2a, 0x2a, 0x81, 0x82, 0x83, 0x84]));
});

test('keeps the domain of an address and of nothing that is none [masking.partial]', () => {
  assert.equal(shown(domain, 'ada.lovelace@mail.example.com'), '***@mail.example.com');
  assert.equal(shown(domain, '"a@b"@example.org'), '***@example.org');
  const none = [
    '@ada',
    'ada',
    'ada@',
    'ada@localhost',
    'x@y.',
    'see @home. My PIN: 1',
    'a@.b',
    `a@${'b'.repeat(300)}.c`,
  ];
  for (const text of ['', ...none]) assert.equal(shown(domain, text), null, text);
});

test('never shows more of a value than it says [masking.partial]', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
      const last = shown(lastFour, text);
      const characters = [...text];
      assert.equal(last, characters.length < 8 ? null : `***${characters.slice(-4).join('')}`);
      const rest = shown(domain, text);
      if (rest !== null) assert.match(rest, /^\*{3}@[\w.-]+\.[\w.-]+$/);
    }),
    { seed, numRuns: 2_000 },
  );
});

test('gives the same value the same token, and nobody else’s [masking.hash-joins]', () => {
  const others = [
    disguise({ strategy: 'hash' }, { key: Buffer.alloc(32, 8) }),
    disguise({ strategy: 'hash' }, { tenant: 'b' }),
    disguise({ strategy: 'hash' }, { dataClass: 'y' }),
  ];
  const again = disguise({ strategy: 'hash' });
  const seen = new Map<string, string>();
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (text) => {
      const token = shown(hash, text) ?? '';
      assert.match(token, /^msk_[a-z2-7]{20}$/);
      assert.equal(shown(again, text), token);
      assert.equal(seen.get(token) ?? text, text);
      seen.set(token, text);
      for (const other of others) assert.notEqual(shown(other, text), token);
    }),
    { seed, numRuns: 1_000 },
  );
  assert.equal(shown(hash, 'ada@example.com'), 'msk_ligep7s7fow23immnavt', 'tokens outlive a release');
});

test('keeps the shape of a value and none of its letters and digits [masking.format]', () => {
  const shape = (text: string) =>
    [...text]
      .map((one) => {
        if (/\p{Lu}|\p{Lt}/u.test(one)) return 'A';
        if (/\p{N}/u.test(one)) return '0';
        return /[\0-\x7f]|\p{P}|\p{Z}|\p{Sc}/u.test(one) && !/[a-z]/.test(one) ? one : 'a';
      })
      .join('');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
      const other = shown(format, text);
      if (other === null) return assert.doesNotMatch(text, /[a-z0-9]|\p{L}|\p{N}/iu);
      assert.equal(shape(other), shape(text));
      assert.equal(shown(format, text), other);
      assert.match(other, /^(?:[\0-\x7f]|\p{P}|\p{Z}|\p{Sc})*$/u, 'no letter beyond ASCII stays');
    }),
    { seed, numRuns: 2_000 },
  );
  const card = shown(format, '4111 1111 1111 1111') ?? '';
  assert.match(card, /^\d{4} \d{4} \d{4} \d{4}$/);
  assert.notEqual(card, shown(disguise({ strategy: 'format' }, { tenant: 'b' }), '4111 1111 1111 1111'));
  assert.notEqual(card.slice(0, 15), shown(format, '4111 1111 1111 1112')?.slice(0, 15));
  assert.equal(shown(format, '--- !'), null);
  assert.equal(shown(format, 'x'.repeat(65_537)), null);
});

test('gives a number another one of as many digits, within its type [masking.format]', () => {
  const int32 = fc.oneof(fc.integer(), fc.constantFrom(0, 2_147_483_647, -2_147_483_648, 9, -9));
  fc.assert(
    fc.property(int32, (value) => {
      const other = format.integer?.(BigInt(value), -2_147_483_648n, 2_147_483_647n) ?? 0n;
      assert.equal(String(other).length, String(value).length);
      assert.equal(other < 0n, value < 0);
      assert.ok(other >= -2_147_483_648n && other <= 2_147_483_647n);
    }),
    { seed, numRuns: 2_000 },
  );
  for (const [text, like] of [
    ['1234.5', /^[1-9]\d{3}(\.[1-9])?$/],
    ['-0.05', /^-0\.0[1-9]$/],
    ['1.25e+300', /^[1-9](\.\d+)?e\+300$/],
  ] as const)
    assert.match(String(format.float?.(Number(text), text)), like);
});

test('moves a number within its bounds, never by nothing and never past zero [masking.noise]', () => {
  const [least, most] = [-(2n ** 63n), 2n ** 63n - 1n];
  fc.assert(
    fc.property(fc.bigInt({ min: least, max: most }), (value) => {
      const other = noise.integer?.(value, least, most) ?? null;
      const size = value < 0n ? -value : value;
      if (other === null) return assert.ok(size < 10n, String(value));
      assert.notEqual(other, value);
      assert.ok((other < value ? value - other : other - value) * 10n <= size);
      assert.equal(other < 0n, value < 0n);
      assert.ok(other >= least && other <= most);
      assert.equal(noise.integer?.(value, least, most), other);
    }),
    { seed, numRuns: 2_000 },
  );
  fc.assert(
    fc.property(fc.double({ noNaN: true, min: -1e300, max: 1e300 }), (value) => {
      const other = noise.float?.(value, String(value)) ?? Number.NaN;
      assert.ok(Math.abs(other - value) <= Math.abs(value) * 0.100_000_1);
      assert.equal(Math.sign(other), Math.sign(value));
    }),
    { seed, numRuns: 2_000 },
  );
  const few = disguise({ strategy: 'noise', days: 3 });
  assert.deepEqual([few.integer, few.float], [undefined, undefined], 'no ratio, no number');
});

test('moves a time within its days, whole seconds by whole seconds [masking.noise]', () => {
  const day = 86_400_000_000n;
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n }), fc.boolean(), (at, whole) => {
      const value = whole ? (at / 1_000_000n) * 1_000_000n : at;
      const other = noise.instant?.(value) ?? value;
      assert.notEqual(other, value);
      assert.ok((other < value ? value - other : other - value) <= 30n * day);
      if (whole) assert.equal(other % 1_000_000n, 0n);
      const moved = noise.days?.(at / day) ?? 0n;
      const by = moved - at / day;
      assert.ok(by !== 0n && by >= -30n && by <= 30n, String(by));
    }),
    { seed, numRuns: 2_000 },
  );
});

test('draws evenly: every digit and every step comes about as often [masking.format, masking.noise]', () => {
  const digits = new Array<number>(10).fill(0);
  const steps = new Map<bigint, number>();
  for (let i = 0; i < 2_000; i += 1) {
    for (const digit of shown(format, String(100_000 + i)) ?? '')
      digits[Number(digit)] = (digits[Number(digit)] ?? 0) + 1;
    const step = (noise.days?.(BigInt(i)) ?? 0n) - BigInt(i);
    steps.set(step, (steps.get(step) ?? 0) + 1);
  }
  // The key is fixed, so this never changes: 1,200 and 33 are expected.
  for (const count of digits) assert.ok(count > 1_050 && count < 1_350, String(digits));
  assert.equal(steps.size, 60);
  for (const count of steps.values()) assert.ok(count > 12 && count < 60, String(count));
});

process.once('exit', (code) => {
  if (code !== 0) console.error(`replay with SEED=${seed}`);
});
