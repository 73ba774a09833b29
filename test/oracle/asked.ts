/** A server and our binder over the same database: every statement is put to both. */
import {
  applyEffects,
  createParser,
  createStatementBinder,
  initialSessionState,
  type KeptCatalog,
  keepCatalog,
  type Parser,
  type SessionState,
  type StatementBinder,
  type StatementMeaning,
} from '../../packages/gateway/src/protocols/postgres/statement/index.ts';
import { type PostgresServer, startPostgres } from '../fixtures/postgres-server.ts';
import { type Agreement, compare } from './compare.ts';
import { OracleSession } from './session.ts';
import { HIDE_PLANTED, type Observation, ServerOracle } from './touched.ts';
import { type Major, serverOf } from './versions.ts';

export type Outcome =
  | Agreement
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'unobservable' };

export interface Asked {
  readonly meaning: StatementMeaning;
  readonly observation: Observation;
  readonly outcome: Outcome;
}

const SETTINGS = {
  track_functions: 'all',
  max_prepared_transactions: '4',
  autovacuum: 'off',
  statement_timeout: '15s',
  jit: 'off',
};

export interface World {
  readonly server: PostgresServer;
  readonly major: Major;
  /** A fresh session, of the server's and of ours. */
  session(): Promise<AskedSession>;
  close(): Promise<void>;
}

export async function startWorld(major: Major, database: string, initSql = ''): Promise<World> {
  const server = await startPostgres({ version: await serverOf(major), settings: SETTINGS, auth: 'trust' });
  const parser = createParser();
  try {
    await server.query(`CREATE DATABASE ${database} TEMPLATE template0`);
    if (initSql !== '') await server.query(initSql, database);
    const binding = await OurSide.open(server, database, parser);
    return {
      server,
      major,
      session: async () => new AskedSession(await ServerOracle.open(server, database), binding),
      async close() {
        binding.close();
        await parser.close();
        await server.stop();
      },
    };
  } catch (fault) {
    await parser.close();
    await server.stop();
    throw fault;
  }
}

/** The binder, over a catalog read by a connection of its own. */
class OurSide {
  readonly binder: StatementBinder;
  readonly catalog: KeptCatalog;
  readonly #reader: OracleSession;

  private constructor(database: string, parser: Parser, reader: OracleSession) {
    this.#reader = reader;
    const one = async (sql: string): Promise<readonly (readonly string[])[]> => {
      await reader.ask(`BEGIN; ${HIDE_PLANTED}`);
      const { rows, error } = await reader.ask(sql);
      await reader.ask('ROLLBACK');
      if (error !== null) throw new Error(error.message);
      return rows.map((row) => row.map((value) => value ?? ''));
    };
    // The catalog is looked at while it is loaded: one after the other, or they get each other's answers.
    let last: Promise<unknown> = Promise.resolve();
    const query = (sql: string) => {
      const answer = last.then(() => one(sql));
      last = answer.catch(() => undefined);
      return answer;
    };
    this.catalog = keepCatalog(query, { now: () => Date.now(), elapsed: () => performance.now() });
    this.binder = createStatementBinder({ database, parser, catalog: this.catalog });
  }

  static async open(server: PostgresServer, database: string, parser: Parser): Promise<OurSide> {
    return new OurSide(database, parser, await OracleSession.open(server, database));
  }

  close(): void {
    this.#reader.close();
  }
}

export class AskedSession {
  readonly oracle: ServerOracle;
  readonly #ours: OurSide;
  #state: SessionState;

  constructor(oracle: ServerOracle, ours: OurSide) {
    this.oracle = oracle;
    this.#ours = ours;
    this.#state = initialSessionState({ session_authorization: 'postgres' });
  }

  /** As a session that has just begun; what is open at the server is rolled back. */
  async renew(): Promise<void> {
    if (this.oracle.session.status !== 'idle') await this.oracle.session.ask('ROLLBACK');
    await this.oracle.session.ask('DISCARD ALL');
    await this.oracle.relearn();
    this.#state = initialSessionState({ session_authorization: 'postgres' });
  }

  /** Puts one text to both; `keep` commits what it does at the server. */
  async ask(sql: string, keep: boolean, rows: string | null = null): Promise<Asked> {
    const meaning = await this.#ours.binder.bind(sql, this.#state);
    const observation = await this.oracle.observe(sql, keep, rows);
    this.#remember(meaning, observation);
    return { meaning, observation, outcome: this.#judged(sql, meaning, observation) };
  }

  /** Runs what begins or ends a transaction; nothing of it is compared. */
  async pass(sql: string): Promise<void> {
    const meaning = await this.#ours.binder.bind(sql, this.#state);
    await this.oracle.session.ask(sql);
    applyEffects(this.#state, meaning);
    // What a transaction made may be gone, or be there for others now.
    this.#ours.catalog.changed();
  }

  close(): void {
    this.oracle.close();
  }

  #judged(sql: string, meaning: StatementMeaning, observation: Observation): Outcome {
    if (observation.kind === 'failed') return { kind: 'failed', why: observation.message };
    if (observation.kind === 'unobservable') return observation;
    return compare(sql, meaning, observation.touched, (oid) => this.oracle.relation(oid));
  }

  #remember(meaning: StatementMeaning, observation: Observation): void {
    applyEffects(this.#state, meaning);
    if (meaning.effects.some(({ kind }) => kind === 'catalog-changed')) this.#ours.catalog.changed();
    if (meaning.undetermined === null) return;
    // The gateway would have refused it; what it did to the session here must not be held against what follows.
    this.#ours.catalog.changed();
    if (observation.kind === 'touched') this.#state.rememberSearchPath(observation.touched.searchPath);
  }
}
