/** PostgreSQL's own regression files, statement by statement. */
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { actionsOf } from '../../test/bypass/postgres/world.ts';
import { type AskedSession, startWorld } from '../../test/oracle/asked.ts';
import { statementsOf } from '../../test/oracle/psql-script.ts';
import { Tally } from '../../test/oracle/tally.ts';
import type { Major } from '../../test/oracle/versions.ts';
import type { RegressionSources } from '../regression/sources.ts';

/** Files whose statements would disturb the oracle itself. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  event_trigger: 'it makes and drops event triggers of its own, and takes those of the oracle away',
  test_setup: 'it is run to make the tables, and counted in none',
};

/** What ends or begins a transaction is run as it is. */
const TRANSACTIONS =
  /^(begin|start\s+transaction|commit|end|rollback|abort|savepoint|release|prepare\s+transaction|set\s+(local\s+)?transaction|set\s+session\s+characteristics|set\s+constraints)\b/i;

export async function askRegression(
  major: Major,
  sources: RegressionSources,
  only: readonly string[],
  told: (file: string, tally: Tally) => void,
): Promise<Tally> {
  const place = workingCopy(sources);
  const world = await startWorld(major, 'regression');
  const total = new Tally();
  const environment = {
    PG_ABS_SRCDIR: place,
    PG_LIBDIR: join(place, 'lib'),
    PG_DLSUFFIX: '.so',
    PG_ABS_BUILDDIR: place,
  };
  const files = sources.schedule.filter(
    (name) => only.length === 0 || name === 'test_setup' || only.includes(name),
  );
  try {
    for (const name of files) {
      if (LEFT_OUT[name] !== undefined && name !== 'test_setup') continue;
      const tally = name === 'test_setup' ? new Tally() : total;
      const session = await world.session();
      try {
        await session.oracle.session.ask(
          "SET datestyle = 'Postgres, MDY'; SET intervalstyle = postgres_verbose",
        );
        for (const statement of statementsOf(
          readFileSync(join(place, 'sql', `${name}.sql`), 'utf8'),
          environment,
        )) {
          await askOne(session, `${name}:${statement.line}`, statement, tally);
        }
      } catch (fault) {
        process.stderr.write(`${name}: ${String(fault).slice(0, 300)}\n`);
      } finally {
        session.close();
      }
      told(name, total);
    }
  } finally {
    await world.close();
    rmSync(place, { recursive: true, force: true });
  }
  return total;
}

async function askOne(
  session: AskedSession,
  where: string,
  { sql, rows }: { readonly sql: string; readonly rows: string | null },
  tally: Tally,
): Promise<void> {
  if (TRANSACTIONS.test(sql)) {
    await session.pass(sql);
    return;
  }
  const { meaning, outcome } = await session.ask(sql, true, rows);
  tally.add(where, sql, outcome, actionsOf(meaning));
}

/** The files where the server, who runs as somebody else, can read them and write results. */
function workingCopy({ folder }: RegressionSources): string {
  const place = mkdtempSync(join(tmpdir(), 'sallyport-oracle-'));
  chmodSync(place, 0o755);
  for (const part of ['sql', 'data', 'lib'].filter((name) => existsSync(join(folder, name)))) {
    cpSync(join(folder, part), join(place, part), { recursive: true });
  }
  mkdirSync(join(place, 'results'));
  chmodSync(join(place, 'results'), 0o777);
  return place;
}
