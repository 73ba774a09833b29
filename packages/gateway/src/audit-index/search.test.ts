import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { EntryFields } from '@sallyport/audit-log';
import fc from 'fast-check';
import { INDEX_FILE } from './database.ts';
import type { SearchFilter } from './filter.ts';
import { IndexFile, type IndexPlaces } from './index-file.ts';
import {
  allPages,
  caughtUp,
  places,
  type Scanned,
  scan,
  scanOperations,
  scanSessions,
  writeLog,
} from './linear-scan.fixture.ts';

/** SQL, search syntax, what strings can hold that text cannot, and things that look alike. */
const HOSTILE = [
  "'; DROP TABLE operation; --",
  '" OR 1=1 --',
  'NEAR(a b) OR c* NOT "d',
  'a\u0000b',
  'a',
  '\u0000',
  '\ud800',
  '\udfff',
  '\ufffd',
  '%_',
  '*',
  '🙂',
  'É',
  'E\u0301',
  'İ',
  'subject:a',
  'x'.repeat(70_000),
];
const TABLES = [
  'db.public.a',
  'db.public.b',
  'db.shop.a',
  'x.shop."odd.name"',
  'db.*.*',
  'db.public.%_',
  "d.p.o'x",
];
const ASKED_TABLES = [
  'a',
  'public.a',
  'db.public.a',
  'shop.a',
  '"odd.name"',
  'b',
  'none',
  'db.public',
  '%_',
  '*',
];

const value = fc.constantFrom(...HOSTILE);
const optional = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined, freq: 1 });
const sessionId = fc.constantFrom('s1', 's2', 's3', 's\u0000', '\ud800');
const who = {
  sessionId: optional(sessionId),
  subject: optional(value),
  actor: fc.option(value),
  task: fc.option(value),
  target: optional(value),
};
const form = fc.array(value, { maxLength: 4 }).map((parts) => parts.join(' '));
const decision = fc.record({
  type: fc.constant('decision'),
  ...who,
  effect: fc.constantFrom('permit', 'deny'),
  form: optional(form),
  actions: optional(fc.array(fc.constantFrom('select', 'insert', 'a'), { maxLength: 3 })),
  tables: optional(fc.array(fc.constantFrom(...TABLES), { maxLength: 3 })),
  policies: optional(fc.array(value, { maxLength: 2 })),
});
const other = fc.record({
  type: fc.constantFrom(
    ...['session-started', 'session-ended', 'admin', 'recording-chunk'],
    ...['authenticated', 'authentication-failed'],
  ),
  ...who,
});
const entries = fc.array(fc.oneof({ weight: 4, arbitrary: decision }, other), { maxLength: 40 });
const filter: fc.Arbitrary<SearchFilter> = fc.record(
  {
    ...{ subject: value, actor: value, task: value, target: value, policy: value },
    effect: fc.constantFrom('permit', 'deny'),
    action: fc.constantFrom('select', 'insert', 'a', 'none'),
    table: fc.constantFrom(...ASKED_TABLES),
    text: form,
    since: fc.integer({ min: 995_000, max: 1_050_000 }),
    until: fc.integer({ min: 995_000, max: 1_050_000 }),
  },
  { requiredKeys: [] },
);
/** Most filters ask for little: of all at once nothing would be found. */
const mild = fc
  .tuple(filter, fc.subarray(Object.keys(HOSTILE), { maxLength: 2 }))
  .chain(([whole]) =>
    fc
      .subarray(Object.keys(whole), { maxLength: 2 })
      .map((kept) => Object.fromEntries(Object.entries(whole).filter(([name]) => kept.includes(name)))),
  );

function expectSame(index: IndexFile, all: readonly Scanned[], asked: SearchFilter, limit: number): void {
  const operations = allPages((before) => index.operations(asked, { limit, before }));
  assert.deepEqual(
    operations.map(({ seq }) => seq),
    scanOperations(all, asked),
  );
  for (const found of operations) assert.equal(found.form, all[found.seq]?.form ?? null);
  const sessions = allPages((before) => index.sessions(asked, { limit, before }));
  assert.deepEqual(
    sessions.map(({ id }) => id),
    scanSessions(all, asked),
  );
  for (const { id, permitted, denied } of sessions) {
    const own = all.filter((one) => one.type === 'decision' && one.sessionId === id);
    assert.equal(permitted, own.filter(({ effect }) => effect === 'permit').length);
    assert.equal(denied, own.length - permitted);
  }
}

test('a search answers what reading the whole log would, whatever is in it and whatever is asked [audit.index-answers, audit.index-hostile]', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      entries,
      fc.array(mild, { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 9 }),
      async (written, filters, limit) => {
        const where = places(t);
        await writeLog(where.log, written as EntryFields[], undefined, 2_000);
        const index = caughtUp(new IndexFile(where, 7));
        const all = scan(where.log);
        for (const asked of filters) expectSame(index, all, asked, limit);
        index.close();
      },
    ),
    { numRuns: 60 },
  );
});

describe('in a log of several blocks', () => {
  const cleaning: (() => void)[] = [];
  let where: IndexPlaces;
  let index: IndexFile;
  let all: readonly Scanned[];
  before(async () => {
    where = places({ after: (clean) => void cleaning.push(clean as () => void) });
    await writeLog(where.log, busyLog(40_000), 0);
    index = caughtUp(new IndexFile(where));
    all = scan(where.log);
  });
  after(() => {
    index.close();
    for (const clean of cleaning) clean();
  });

  const asked: fc.Arbitrary<SearchFilter> = fc.record(
    {
      subject: fc.integer({ min: 0, max: 6 }).map((at) => `person-${at}`),
      actor: fc.constantFrom('agent-0', 'agent-1'),
      table: fc.integer({ min: 0, max: 120 }).map((at) => `public.t${at}`),
      effect: fc.constantFrom('permit', 'deny'),
      text: fc.constantFrom('select', 't7 where', 'rare_word', 'from t100'),
      since: fc.integer({ min: 0, max: 41_000_000 }),
      until: fc.integer({ min: 0, max: 41_000_000 }),
    },
    { requiredKeys: [] },
  );

  test('pages of any filters put together are the linear scan [audit.index-answers]', () => {
    fc.assert(
      fc.property(asked, fc.integer({ min: 400, max: 500 }), (filters, limit) => {
        const operations = allPages((before) => index.operations(filters, { limit, before }));
        assert.deepEqual(
          operations.map(({ seq }) => seq),
          scanOperations(all, filters),
        );
        const sessions = index.sessions(filters, { limit: 10_000 });
        assert.deepEqual(
          sessions.found.map(({ id }) => id),
          scanSessions(all, filters),
        );
      }),
      { numRuns: 40 },
    );
  });

  test('nothing an entry says stands in the files of the index [audit.index-private]', () => {
    const words = ['person-1', 'agent-0', 't100', 'rare_word', 'session-', 'public'];
    for (const suffix of ['', '-wal']) {
      const bytes = readFileSync(join(where.directory, INDEX_FILE + suffix));
      for (const word of words) {
        assert.ok(!bytes.includes(word), `${word} in ${suffix}`);
        assert.ok(!bytes.includes(Buffer.from(word, 'utf16le')), `${word} in ${suffix}`);
      }
    }
  });
});

/** Sessions of ten decisions each, three of them open at once. */
function* busyLog(decisions: number): Generator<EntryFields> {
  for (let at = 0; at < decisions; at += 1) {
    const session = Math.floor(at / 30) * 3 + (at % 3);
    const person = session % 7;
    const ids = {
      sessionId: `session-${session}`,
      subject: `person-${person}`,
      actor: `agent-${session % 2}`,
    };
    if (at % 30 < 3) yield { type: 'session-started', ...ids, facts: { client: 'psql', facet: 'db' } };
    // People of one kind never touch what the others do.
    const table = ((at * 7) % 60) * 2 + (person % 2);
    yield {
      type: 'decision',
      ...ids,
      effect: at % 11 === 0 ? 'deny' : 'permit',
      form: `SELECT ${at % 5_003 === 0 ? 'rare_word' : 'x'} FROM t${table} WHERE id = $1`,
      tables: [`db.public.t${table}`],
      actions: ['select'],
      policies: [],
    };
    if (at % 30 >= 27) yield { type: 'session-ended', ...ids, reason: 'closed' };
  }
}

test('a value of any length or kind finds what has it and nothing else [audit.index-hostile]', async (t) => {
  const where = places(t);
  const values = [...HOSTILE, 'y'.repeat(500_000)];
  await writeLog(
    where.log,
    values.map((subject) => ({ type: 'decision', subject, effect: 'permit', form: subject })),
  );
  const index = caughtUp(new IndexFile(where));
  t.after(() => index.close());
  for (const [seq, subject] of values.entries()) {
    assert.deepEqual(
      index.operations({ subject }, { limit: 10 }).found.map((found) => found.seq),
      [seq],
    );
    for (const not of [`${subject}\u0000`, `${subject} `, `${subject}'`, subject.repeat(20)])
      assert.deepEqual(index.operations({ subject: not }, { limit: 10 }).found, []);
  }
  for (const text of ['"', '* * *', "' = ''", '(', '\u0000', '-- ; --'])
    assert.deepEqual(index.operations({ text }, { limit: 10 }).found, []);
});
