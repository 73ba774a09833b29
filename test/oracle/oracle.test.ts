/** The quick part of `npm run oracle`: PostgreSQL 18, TPC-H, a few hundred generated statements, and the oracle itself. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { StatementMeaning } from '../../packages/gateway/src/protocols/postgres/statement/index.ts';
import { type AskedSession, startWorld, type World } from './asked.ts';
import { compare } from './compare.ts';
import { askGenerated, askTpch } from './corpora.ts';
import { GENERATED_SCHEMA } from './generated/schema.ts';
import { generatedCases } from './generated/statements.ts';
import { knownGap } from './known.ts';
import type { Tally } from './tally.ts';
import type { Touched } from './touched.ts';

const SEED = Number(process.env.ORACLE_SEED ?? 1);
const STATEMENTS = 250;

function missedOf(tally: Tally): readonly string[] {
  return tally.misses
    .filter(({ sql }) => knownGap(sql) === null)
    .map(({ where, sql, missed }) => `${where}: ${missed.join(', ')} — ${sql}`);
}

test('names all that TPC-H touches [oracle.agrees]', async () => {
  const tally = await askTpch(18);
  assert.deepEqual(missedOf(tally), []);
  assert.equal(tally.counts.undetermined, 0);
  assert.equal(tally.counts.failed, 0);
});

test('names all that generated statements touch, or says it cannot tell [oracle.agrees]', async (context) => {
  context.diagnostic(`ORACLE_SEED=${SEED}`);
  const tally = await askGenerated(18, SEED, STATEMENTS);
  assert.deepEqual(missedOf(tally), [], `replay with ORACLE_SEED=${SEED}`);
  assert.ok(tally.compared > STATEMENTS / 2, `only ${tally.compared} ran`);
  // Saying "cannot tell" of everything would agree as well.
  assert.ok(tally.counts.undetermined < tally.compared / 4, `${tally.counts.undetermined} undetermined`);
});

test('makes the same statements from the same seed [oracle.agrees]', () => {
  assert.deepEqual(generatedCases(7, 50), generatedCases(7, 50));
  assert.notDeepEqual(generatedCases(7, 50), generatedCases(8, 50));
});

describe('what the server says', () => {
  let world: World;
  let session: AskedSession;
  before(async () => {
    world = await startWorld(18, 'generated', GENERATED_SCHEMA);
    session = await world.session();
  });
  after(async () => {
    session.close();
    await world.close();
  });

  /** Relations as `schema.name`, those that were written with their rows, and functions. */
  async function said(sql: string): Promise<readonly string[]> {
    const { observation } = await session.ask(sql, false);
    assert.equal(observation.kind, 'touched', JSON.stringify(observation));
    const { relations, functions } = (observation as { touched: Touched }).touched;
    const told = relations
      .filter(({ relation }) => 'rpvm'.includes(relation.kind) && !/^pg_/.test(relation.schema))
      .map(({ relation, inserted, updated, deleted }) => {
        const rows = inserted + updated + deleted > 0 ? ` ${inserted}/${updated}/${deleted}` : '';
        return `${relation.schema}.${relation.name}${rows}`;
      });
    return [...told, ...functions.map((name) => `${name}()`)].sort();
  }

  const cases: readonly (readonly [sql: string, ...touched: string[]])[] = [
    ['SELECT 1'],
    ['SELECT word FROM api.words', 'api.words', 'hidden.secrets'],
    ['SELECT * FROM app.animals', 'app.animals', 'app.dogs', 'hidden.wolves'],
    ['SELECT * FROM ONLY app.animals', 'app.animals'],
    ['SELECT app.reads_plpgsql(1)', 'app.reads_plpgsql()', 'hidden.secrets'],
    ['SELECT app.reads_plpgsql(0)', 'app.reads_plpgsql()'],
    ["SELECT 'a' <<>> 'b'", 'app.same_word()', 'hidden.secrets'],
    ["INSERT INTO app.inbox VALUES (1, 'x')", 'app.inbox 1/0/0', 'hidden.audit 1/0/0'],
    [
      "INSERT INTO app.events VALUES (1, '2025-02-02', 'a')",
      'app.events',
      'app.events_2025',
      'hidden.events_2025_a 1/0/0',
    ],
    [
      'UPDATE api.renamed SET name = name WHERE id = 1',
      'api.renamed',
      'app.customers 0/1/0',
      'hidden.write_people()',
    ],
    [
      'INSERT INTO app.orders (customer) VALUES (1)',
      'app.customers',
      'app.orders 1/0/0',
      'hidden.audit 1/0/0',
      'hidden.log_change()',
    ],
    ['LOCK TABLE api.people IN SHARE MODE', 'api.people', 'app.customers'],
    ['TRUNCATE app.customers CASCADE', 'app.customers', 'app.lines', 'app.notes', 'app.orders'],
  ];
  for (const [sql, ...touched] of cases) {
    test(`is all of what this touches: ${sql} [oracle.server]`, async () => {
      assert.deepEqual(await said(sql), touched);
    });
  }

  test('is no less than what EXPLAIN says it would touch [oracle.server]', async () => {
    let plans = 0;
    for (const { before: earlier, sql } of generatedCases(SEED, 120)) {
      if (earlier.length > 0 || !/^(SELECT|INSERT|UPDATE|DELETE|MERGE|WITH)\b/.test(sql)) continue;
      const { observation } = await session.ask(`EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON) ${sql}`, false);
      if (observation.kind !== 'touched') continue;
      await session.oracle.session.ask('BEGIN');
      const { rows } = await session.oracle.session.ask(`EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON) ${sql}`);
      await session.oracle.session.ask('ROLLBACK');
      const planned = named(JSON.parse(rows.map(([line]) => line).join('\n')));
      const locked = new Set(
        observation.touched.relations.map(({ relation: { schema, name } }) => `${schema}.${name}`),
      );
      assert.deepEqual(
        [...planned].filter((one) => !locked.has(one)),
        [],
        sql,
      );
      plans += 1;
    }
    assert.ok(plans > 20, `${plans}`);
  });

  test('includes what was defined and dropped [oracle.server]', async () => {
    const made = await session.ask(
      "CREATE FUNCTION app.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
      false,
    );
    const gone = await session.ask('DROP FUNCTION app.known(text) CASCADE', false);
    const definitions = [made, gone].flatMap(({ observation }) =>
      observation.kind === 'touched' ? observation.touched.definitions : [],
    );
    assert.ok(definitions.includes('CREATE FUNCTION|function|app|app.f(integer)'), definitions.join());
    assert.ok(definitions.includes('DROP|function|app|app.known(pg_catalog.text)|t'), definitions.join());
  });

  test('is held against us when we say less [oracle.server]', async () => {
    const { meaning, observation } = await session.ask('SELECT count(*) FROM app.customers', false);
    assert.equal(observation.kind, 'touched');
    const { touched } = observation as { touched: Touched };
    const relationOf = (oid: number) => session.oracle.relation(oid);
    const claiming = (claims: Partial<StatementMeaning>) =>
      compare('SELECT', { ...meaning, ...claims }, touched, relationOf).kind;
    assert.equal(claiming({}), 'exactly');
    assert.equal(claiming({ evaluations: [] }), 'missed');
    assert.equal(claiming({ evaluations: [], undetermined: 'why' }), 'undetermined');
    const written = await session.ask('DELETE FROM app.keyed', false);
    const reads = meaning.evaluations.map((one) => ({
      ...one,
      resource: { ...one.resource, path: ['generated', 'app', 'keyed'] },
    }));
    assert.equal(written.observation.kind, 'touched');
    const deleted = (written.observation as { touched: Touched }).touched;
    assert.equal(compare('DELETE', { ...meaning, evaluations: reads }, deleted, relationOf).kind, 'missed');
  });
});

/** Relations a plan names, and those whose triggers fired, as `schema.name`; catalogs apart. */
function named(plan: unknown, found: Set<string> = new Set()): ReadonlySet<string> {
  if (typeof plan !== 'object' || plan === null) return found;
  const { 'Relation Name': relation, Schema: schema } = plan as Record<string, unknown>;
  if (typeof relation === 'string' && typeof schema === 'string' && !/^pg_/.test(schema)) {
    found.add(`${schema}.${relation}`);
  }
  for (const value of Object.values(plan)) named(value, found);
  return found;
}
