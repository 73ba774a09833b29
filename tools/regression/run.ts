/** Runs regression files with psql, each once on a server of its own and once through the gateway to another. */
import { spawn } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startGateway } from '../../test/fixtures/gateway.ts';
import { startPostgres } from '../../test/fixtures/postgres-server.ts';
import type { RegressionSources } from './sources.ts';

const DATABASE = 'regression';
/** The role of both servers, and the name of the target: what psql shows as its user is then the same. */
const ROLE = 'postgres';
/** Longest time for one file on one side, in milliseconds. */
const FILE_MS = 300_000;
const ALLOW_ALL = resolve(import.meta.dirname, '../../test/fixtures/policies/allow-all');
/** The first as pg_regress has it; the second because what autovacuum has seen by chance changes plans. */
const SETTINGS = { max_prepared_transactions: '2', autovacuum: 'off' };

/** As pg_regress creates its database: what every file expects of the settings. */
const CREATE_DATABASE = `
  CREATE DATABASE ${DATABASE} TEMPLATE template0;
  ALTER DATABASE ${DATABASE} SET lc_messages TO 'C';
  ALTER DATABASE ${DATABASE} SET lc_monetary TO 'C';
  ALTER DATABASE ${DATABASE} SET lc_numeric TO 'C';
  ALTER DATABASE ${DATABASE} SET lc_time TO 'C';
  ALTER DATABASE ${DATABASE} SET bytea_output TO 'hex';
  ALTER DATABASE ${DATABASE} SET timezone_abbreviations TO 'Default';
`;

export interface FileRun {
  readonly name: string;
  /** What psql printed, both streams as they came. */
  readonly direct: string;
  readonly gateway: string;
  /** How long each took, in milliseconds. */
  readonly directMs: number;
  readonly gatewayMs: number;
}

export interface Stand {
  run(name: string): Promise<FileRun>;
  /** Faults the gateway reported of itself so far. */
  readonly faults: readonly unknown[];
  close(): Promise<void>;
}

/** Two fresh servers, one of them behind a gateway that allows everything. */
export async function startStand(sources: RegressionSources): Promise<Stand> {
  const place = workingCopy(sources);
  const [direct, through] = await Promise.all([
    startPostgres({ version: 'system', settings: SETTINGS }),
    startGateway({
      postgres: { version: 'system', settings: SETTINGS },
      policies: { directory: ALLOW_ALL },
      targetName: ROLE,
    }),
  ]);
  for (const server of [direct, through.server]) {
    for (const statement of CREATE_DATABASE.split(';\n')) await server.query(statement);
  }
  const stand = { psql: join(sources.binaries, 'psql'), place, timeZone: sources.timeZone };
  const directly = {
    PGHOST: direct.host,
    PGPORT: String(direct.port),
    PGUSER: ROLE,
    PGPASSWORD: direct.password,
  };
  const throughGateway = { ...(await through.clientEnvironment()), PGUSER: ROLE };
  return {
    faults: through.faults,
    async run(name) {
      const first = await runFile({ ...stand, name }, directly);
      const second = await runFile({ ...stand, name }, throughGateway);
      return {
        ...{ name, direct: first.output, gateway: second.output },
        ...{ directMs: first.milliseconds, gatewayMs: second.milliseconds },
      };
    },
    async close() {
      await Promise.all([direct.stop(), through.close()]);
      rmSync(place, { recursive: true, force: true });
    },
  };
}

/** The files where the server, who runs as somebody else, can read them and write results. */
function workingCopy({ folder, binaries }: RegressionSources): string {
  const place = mkdtempSync(join(tmpdir(), 'sallyport-regress-'));
  chmodSync(place, 0o755);
  for (const part of ['sql', 'data', 'lib'].filter((name) => existsSync(join(folder, name)))) {
    cpSync(join(folder, part), join(place, part), { recursive: true });
  }
  mkdirSync(join(place, 'lib'), { recursive: true });
  // Two modules that come with the server are looked for beside the library of the files.
  for (const module of ['autoinc.so', 'refint.so']) {
    const from = join(binaries, '../lib', module);
    if (existsSync(from)) cpSync(from, join(place, 'lib', module));
  }
  mkdirSync(join(place, 'results'));
  chmodSync(join(place, 'results'), 0o777);
  return place;
}

/** One file as pg_regress runs it. */
async function runFile(
  { psql, place, timeZone, name }: { psql: string; place: string; timeZone: string; name: string },
  connection: Readonly<Record<string, string>>,
): Promise<{ output: string; milliseconds: number }> {
  const started = performance.now();
  const printed = join(place, 'printed');
  const [input, output] = [openSync(join(place, 'sql', `${name}.sql`), 'r'), openSync(printed, 'w')];
  const flags = ['-X', '-a', '-q', '-v', 'HIDE_TABLEAM=on', '-v', 'HIDE_TOAST_COMPRESSION=on'];
  const child = spawn(psql, flags, {
    stdio: [input, output, output],
    cwd: place,
    timeout: FILE_MS,
    env: {
      PATH: process.env.PATH,
      ...surroundings(place, timeZone, name),
      ...connection,
      PGDATABASE: DATABASE,
    },
  });
  await new Promise((resolve) => child.once('close', resolve));
  closeSync(input);
  closeSync(output);
  return { output: readFileSync(printed, 'latin1'), milliseconds: performance.now() - started };
}

/** What pg_regress puts in the environment of psql. */
function surroundings(place: string, timeZone: string, name: string): Record<string, string> {
  return {
    ...{ PGTZ: timeZone, PGDATESTYLE: 'Postgres, MDY', PGOPTIONS: '-c intervalstyle=postgres_verbose' },
    PGAPPNAME: `pg_regress/${name}`,
    ...{ PG_ABS_SRCDIR: place, PG_ABS_BUILDDIR: place, PG_LIBDIR: join(place, 'lib'), PG_DLSUFFIX: '.so' },
    ...{ LANG: 'C', LC_MESSAGES: 'C' },
  };
}
