import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { changesOf, LISTED_NAMES, listedFacts, listingIn, listingOf, type Named } from './listing.ts';

const digest = (digit: string) => digit.repeat(64);
const named = (names: readonly string[], digit = 'a'): Named[] =>
  names.map((name) => ({ name, sha256: digest(digit) }));

const things = fc.uniqueArray(
  fc.record({
    name: fc.string({
      minLength: 1,
      maxLength: 8,
      unit: fc.constantFrom('a', 'b', ' ', '\n', '"', 'é', '\ud800'),
    }),
    sha256: fc.constantFrom(digest('0'), digest('1'), null),
  }),
  { selector: ({ name }) => name, maxLength: 20 },
);

test('what changed from list to list is what changed, whatever the names hold, also read back from an entry [audit.listing]', () => {
  fc.assert(
    fc.property(things, things, (before, now) => {
      const entry = JSON.parse(JSON.stringify({ facts: listedFacts('files', listingOf(before)) }));
      const was = new Map(before.map(({ name, sha256 }) => [name, sha256 ?? 'unread']));
      const is = new Map(now.map(({ name, sha256 }) => [name, sha256 ?? 'unread']));
      const { added, changed, removed } = changesOf(
        listingIn(entry, 'files') ?? assert.fail(),
        listingOf(now),
      );
      const sorted = (lines: string[]) => lines.sort();
      assert.deepEqual(
        sorted([...added]),
        sorted([...is].flatMap(([name, to]) => (was.has(name) ? [] : [`${to} ${name}`]))),
      );
      assert.deepEqual(
        sorted([...removed]),
        sorted([...was].flatMap(([name, from]) => (is.has(name) ? [] : [`${from} ${name}`]))),
      );
      assert.deepEqual(
        sorted([...changed]),
        sorted(
          [...is].flatMap(([name, to]) =>
            was.has(name) && was.get(name) !== to ? [`${was.get(name)} ${to} ${name}`] : [],
          ),
        ),
      );
    }),
  );
});

test('what does not fit is counted, and never told to have come, gone or changed [audit.listing]', () => {
  const many = Array.from({ length: LISTED_NAMES + 40 }, (_, n) => `f${String(n).padStart(4, '0')}`);
  const cut = listingOf(named(many));
  assert.deepEqual([cut.lines.length, cut.leftOut], [LISTED_NAMES, 40]);
  const none = { added: [], changed: [], removed: [] };
  assert.deepEqual(changesOf(cut, listingOf(named(many))), none);
  const [first = '', ...others] = many;
  const fewer = changesOf(cut, listingOf(named(others)));
  assert.deepEqual(fewer, { ...none, removed: [`${digest('a')} ${first}`] });
  // Those that were not listed before are not news now.
  assert.deepEqual(changesOf(cut, listingOf(named([...many, 'z']))), none);
  assert.deepEqual(changesOf(listingOf(named(many.slice(0, 3))), cut).added.length, LISTED_NAMES - 3);
  const long = listingOf(named([`a${'x'.repeat(70_000)}`, 'b']));
  assert.deepEqual([long.lines, long.leftOut], [[], 2]);
  assert.deepEqual(changesOf(long, long), none);
});

test('a list that is none of ours is no list [audit.listing]', () => {
  for (const facts of [undefined, null, [], {}, { files: 'a' }, { files: ['agents.cedar'] }, { files: [7] }])
    assert.equal(listingIn({ facts } as never, 'files'), null);
  assert.equal(listingIn(null, 'files'), null);
});
