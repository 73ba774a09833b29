/** The corpora that need nothing but a server: TPC-H, and generated statements. */
import { actionsOf } from '../bypass/postgres/world.ts';
import { type AskedSession, startWorld, type World } from './asked.ts';
import { GENERATED_SCHEMA } from './generated/schema.ts';
import { generatedCases } from './generated/statements.ts';
import { Tally } from './tally.ts';
import { TPCH_QUERIES } from './tpch/queries.ts';
import { TPCH_SCHEMA, TPCH_TABLES } from './tpch/schema.ts';
import type { Major } from './versions.ts';

/** The schema, table by table, then the 22 queries, and the two refresh functions as single statements. */
export async function askTpch(major: Major): Promise<Tally> {
  const world = await startWorld(major, 'tpch', TPCH_SCHEMA);
  try {
    const tally = new Tally();
    const session = await world.session();
    for (const [at, texts] of TPCH_QUERIES.entries()) {
      for (const sql of texts) await tallied(session, tally, `query ${at + 1}`, sql, true);
    }
    for (const table of TPCH_TABLES)
      await tallied(session, tally, table, `SELECT count(*) FROM ${table}`, true);
    for (const sql of [
      "INSERT INTO orders VALUES (900, 1, 'O', 1, '1998-01-01', '1-URGENT', 'Clerk#1', 0, '')",
      `INSERT INTO lineitem SELECT 900, 1, 1, 1, 1, 1, 0, 0, 'N', 'O', '1998-01-02', '1998-01-03', '1998-01-04', 'NONE', 'AIR', ''`,
      'DELETE FROM lineitem WHERE l_orderkey = 900',
      'DELETE FROM orders WHERE o_orderkey = 900',
    ]) {
      await tallied(session, tally, 'refresh', sql, true);
    }
    session.close();
    return tally;
  } finally {
    await world.close();
  }
}

export async function askGenerated(
  major: Major,
  seed: number,
  count: number,
  told: (done: number, tally: Tally) => void = () => undefined,
): Promise<Tally> {
  const world = await startWorld(major, 'generated', GENERATED_SCHEMA);
  try {
    return await askCases(world, seed, count, told);
  } finally {
    await world.close();
  }
}

async function askCases(
  world: World,
  seed: number,
  count: number,
  told: (done: number, tally: Tally) => void,
): Promise<Tally> {
  const tally = new Tally();
  const session = await world.session();
  try {
    for (const [at, { before, sql }] of generatedCases(seed, count).entries()) {
      // One transaction that is rolled back: every case begins with the same database.
      await session.renew();
      await session.oracle.session.ask('BEGIN');
      for (const text of before) await session.pass(text);
      const { meaning, outcome } = await session.ask(sql, false);
      tally.add(`seed ${seed}, case ${at}`, [...before, sql].join('; '), outcome, actionsOf(meaning));
      told(at + 1, tally);
    }
  } finally {
    session.close();
  }
  return tally;
}

async function tallied(
  session: AskedSession,
  tally: Tally,
  where: string,
  sql: string,
  keep: boolean,
): Promise<void> {
  const { meaning, outcome } = await session.ask(sql, keep);
  tally.add(where, sql, outcome, actionsOf(meaning));
}
