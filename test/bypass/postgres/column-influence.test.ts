/**
 * What a column's values do to an answer, seen by changing them: a column that is not used changes nothing, and one that
 * is in no condition changes only the output columns that are said to be made of it.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { OutputColumn } from '../../../packages/gateway/src/protocols/postgres/statement/columns/index.ts';
import type { StatementMeaning } from '../../../packages/gateway/src/protocols/postgres/statement/index.ts';
import { startColumnOracle } from './column-oracle.ts';
import { QueryGenerator } from './column-queries.ts';
import { startStatementWorld } from './world.ts';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const ROUNDS = Number(process.env.COLUMN_ROUNDS ?? 150);

const world = await startStatementWorld();
await world.server.query(`
INSERT INTO customers SELECT i, chr(96 + i), i::text, chr(100 - i) FROM generate_series(1, 4) i;
INSERT INTO t SELECT i, i % 3, chr(96 + i) FROM generate_series(1, 5) i;
INSERT INTO secret.t SELECT i, i + 1, i::text FROM generate_series(0, 3) i;
INSERT INTO orders SELECT i, i % 4, i, chr(97 + i % 2) FROM generate_series(1, 5) i;
INSERT INTO status VALUES ('a', 'x'), ('b', '2'), ('c', 'a');
`);
const oracle = await startColumnOracle(world.server);
after(async () => {
  await oracle.close();
  await world.close();
});

const COLUMNS: Readonly<Record<string, Readonly<Record<string, 'int' | 'text'>>>> = {
  'public.customers': { id: 'int', name: 'text', ssn: 'text', email: 'text' },
  'public.t': { a: 'int', b: 'int', c: 'text' },
  'secret.t': { a: 'int', b: 'int', c: 'text' },
  'public.orders': { id: 'int', customer: 'int', status: 'text' },
  'public.status': { status: 'text', label: 'text' },
};
const CONDITIONS: readonly string[] = ['filter', 'join', 'group', 'order', 'limit'];

type Rows = readonly (readonly unknown[])[];

/** Rows without some of their columns, in an order of their own. */
function without(
  rows: Rows,
  outputs: readonly OutputColumn[],
  made: (output: OutputColumn) => boolean,
): string[] {
  return rows.map((row) => JSON.stringify(row.filter((_, at) => !made(outputs[at] as OutputColumn)))).sort();
}

/** Compares the answer with the one after a change of one column's values; whether there was anything to compare. */
async function compare(query: string, before: Rows, meaning: StatementMeaning, name: string, type: string) {
  const [schema, table, column] = name.split('.');
  const { columns, outputs = null } = meaning;
  if (outputs === null) return false;
  const used = columns?.uses.find(
    (use) => use.schema === schema && use.table === table && use.column === column,
  );
  if (used?.roles.some((role) => CONDITIONS.includes(role)) === true) return false;
  const value = type === 'int' ? `${column} + 100` : `${column} || 'q'`;
  const changed = await oracle.rows(query, `UPDATE ${schema}.${table} SET ${column} = ${value}`);
  if (changed === null) return false;
  const made = (output: OutputColumn): boolean =>
    output.inputs === null ||
    output.inputs.some((one) => one.schema === schema && one.table === table && one.column === column);
  const context = `seed ${seed}: ${name} in ${query}`;
  if (used === undefined) assert.ok(!outputs.some(made), context);
  assert.deepEqual(without(changed, outputs, made), without(before, outputs, made), context);
  return true;
}

test('finds no influence of a column but where it says so [postgres.columns-sound, postgres.columns-outputs]', async (t) => {
  const generator = new QueryGenerator(seed);
  let compared = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const query = generator.query();
    const before = await oracle.rows(query);
    if (before === null || before.length === 0) continue;
    const meaning = await world.understand(query);
    for (const [relation, columns] of Object.entries(COLUMNS)) {
      for (const [column, type] of Object.entries(columns)) {
        if (await compare(query, before, meaning, `${relation}.${column}`, type)) compared += 1;
      }
    }
  }
  t.diagnostic(`seed ${seed}: ${compared} changes of a column compared`);
  assert.ok(compared > ROUNDS, `seed ${seed}: ${compared} compared`);
});
