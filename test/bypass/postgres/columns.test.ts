import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { StatementMeaning } from '../../../packages/gateway/src/protocols/postgres/statement/index.ts';
import { type DescribedColumn, startColumnOracle } from './column-oracle.ts';
import { COLUMN_STATEMENTS, QueryGenerator } from './column-queries.ts';
import { startStatementWorld } from './world.ts';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const ROUNDS = Number(process.env.COLUMN_ROUNDS ?? 400);

const world = await startStatementWorld();
const oracle = await startColumnOracle(world.server);
after(async () => {
  await oracle.close();
  await world.close();
});

/** Columns the meaning says are used, as `schema.table.column`; those under views are among them. */
function usedBy({ columns }: StatementMeaning): ReadonlySet<string> {
  const uses = columns?.uses ?? [];
  return new Set(uses.map(({ schema, table, column }) => `${schema}.${table}.${column}`));
}

/** The same by the facts of the evaluations about what the statement names itself. */
function factsOf({ evaluations }: StatementMeaning): ReadonlySet<string> {
  const named = evaluations.filter(({ facts }) => (facts?.via ?? []).length === 0);
  return new Set(
    named.flatMap(({ resource, facts }) =>
      (facts?.columns ?? []).map((column) => [...resource.path.slice(1), column].join('.')),
    ),
  );
}

function missing(used: ReadonlySet<string>, named: Iterable<string>): string[] {
  return [...named].filter((name) => !used.has(name) && !used.has(name.replace(/[^.]*$/, '*')));
}

test('misses no column the server says a statement depends on [postgres.columns-sound]', async (t) => {
  let exact = 0;
  for (const statement of COLUMN_STATEMENTS) {
    const depends = await oracle.depends(statement);
    assert.ok(depends !== null, `not accepted: ${statement}`);
    const meaning = await world.understand(statement);
    const used = factsOf(meaning);
    assert.equal(meaning.columns?.complete, true);
    assert.deepEqual(missing(usedBy(meaning), depends), [], statement);
    assert.deepEqual(missing(used, depends), [], statement);
    if (used.size === depends.size) exact += 1;
    else t.diagnostic(`more: ${statement}: ${[...used].filter((one) => !depends.has(one)).join(' ')}`);
  }
  t.diagnostic(`exact for ${exact} of ${COLUMN_STATEMENTS.length} statements`);
});

test('misses no column of generated queries [postgres.columns-sound]', async (t) => {
  const generator = new QueryGenerator(seed);
  let [accepted, exact] = [0, 0];
  for (let round = 0; round < ROUNDS; round += 1) {
    const query = generator.query();
    const depends = await oracle.depends(query);
    if (depends === null) continue;
    accepted += 1;
    const meaning = await world.understand(query);
    const used = factsOf(meaning);
    assert.deepEqual(missing(usedBy(meaning), depends), [], `seed ${seed}: ${query}`);
    assert.deepEqual(missing(used, depends), [], `seed ${seed}: ${query}`);
    if (used.size === depends.size) exact += 1;
    else if (process.env.SHOW !== undefined)
      t.diagnostic(`more: ${query}: ${[...used].filter((one) => !depends.has(one)).join(' ')}`);
  }
  t.diagnostic(`seed ${seed}: exact for ${exact} of ${accepted} accepted of ${ROUNDS} queries`);
  assert.ok(accepted > ROUNDS / 5, `seed ${seed}: the server accepted ${accepted} of ${ROUNDS}`);
});

/** Compares what the server says of an answer's columns with the outputs; the number compared. */
async function compareOutputs(statement: string, context: string): Promise<number> {
  const described = await oracle.describes(statement);
  if (described === null) return 0;
  const { outputs }: StatementMeaning = await world.understand(statement);
  if (outputs === null || outputs === undefined) return 0;
  assert.equal(outputs.length, described.length, context);
  for (const [at, output] of outputs.entries()) {
    const { name, origin }: DescribedColumn = described[at] ?? { name: '', origin: null };
    if (output.name !== null) assert.equal(output.name, name, context);
    const inputs = output.inputs?.map(({ schema, table, column }) => `${schema}.${table}.${column}`);
    if (origin !== null && inputs !== undefined) assert.ok(inputs.includes(origin), `${context}: ${name}`);
    if (output.direct && inputs?.length === 1 && origin !== null) assert.equal(inputs[0], origin, context);
  }
  return described.length;
}

test('agrees with the server where the columns of an answer come from [postgres.columns-outputs]', async (t) => {
  let columns = 0;
  for (const statement of COLUMN_STATEMENTS) columns += await compareOutputs(statement, statement);
  const generator = new QueryGenerator(seed);
  for (let round = 0; round < ROUNDS; round += 1) {
    const query = generator.query();
    columns += await compareOutputs(query, `seed ${seed}: ${query}`);
  }
  t.diagnostic(`seed ${seed}: ${columns} columns compared`);
  assert.ok(columns > ROUNDS / 5);
});
