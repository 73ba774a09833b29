import {
  applyEffects,
  createParser,
  createStatementBinder,
  initialSessionState,
  type KeptCatalog,
  keepCatalog,
  type Parser,
  type ParserLimits,
  type SessionState,
  type StatementBinder,
  type StatementMeaning,
} from '../../../packages/gateway/src/protocols/postgres/statement/index.ts';
import { type PostgresServer, startPostgres } from '../../fixtures/postgres-server.ts';

/** A real database, and a binder over its catalog. */
export interface StatementWorld {
  readonly server: PostgresServer;
  readonly catalog: KeptCatalog;
  readonly binder: StatementBinder;
  readonly parser: Parser;
  session(facts?: Readonly<Record<string, string>>): SessionState;
  /** Understands texts one after the other in a session of their own, as if each had been forwarded. */
  understand(...texts: readonly string[]): Promise<StatementMeaning>;
  close(): Promise<void>;
}

const SCHEMA = `
CREATE SCHEMA monitoring;
CREATE SCHEMA secret;
CREATE TABLE public.customers (id int PRIMARY KEY, name text, ssn text, email text);
CREATE TABLE public.t (a int, b int, c text);
CREATE TABLE public.orders (id int, customer int, total numeric, status text);
CREATE TABLE public.status (status text, label text);
CREATE TABLE monitoring.metrics (at timestamptz, value float8);
CREATE TABLE secret.t (a int, b int, c text);
CREATE TABLE secret.vault (secret text);
CREATE SEQUENCE public.seq;
CREATE VIEW public.people AS SELECT id, ssn AS number FROM public.customers;
CREATE VIEW public.people_of_people AS SELECT number FROM public.people;
CREATE MATERIALIZED VIEW public.totals AS SELECT customer, sum(total) AS total FROM public.orders GROUP BY customer;
CREATE TABLE public.parts (id int) PARTITION BY RANGE (id);
CREATE TABLE public.parts_1 PARTITION OF public.parts FOR VALUES FROM (0) TO (10);
CREATE FUNCTION public.leak(public.customers) RETURNS text LANGUAGE sql AS 'SELECT ($1).ssn';
CREATE FUNCTION public.act(int) RETURNS int LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION secret.lower(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
CREATE PROCEDURE public.work() LANGUAGE sql AS 'DELETE FROM public.t';
CREATE FUNCTION public.fire() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
`;

/** `schema` is what the database has in it, beside nothing. */
export async function startStatementWorld(
  limits?: ParserLimits,
  schema: string = SCHEMA,
): Promise<StatementWorld> {
  const server = await startPostgres({ auth: 'trust', initSql: schema });
  const query = async (sql: string) => {
    const rows = await server.query(sql);
    return rows.map((row) => Object.values(row).map((value) => (typeof value === 'string' ? value : '')));
  };
  const catalog = keepCatalog(query, { now: () => Date.now(), elapsed: () => performance.now() });
  const parser = createParser(limits);
  const binder = createStatementBinder({ database: 'shop', parser, catalog });
  const session = (facts: Readonly<Record<string, string>> = { session_authorization: 'reader' }) =>
    initialSessionState(facts);
  return {
    server,
    catalog,
    binder,
    parser,
    session,
    understand: async (...texts) => {
      const state = session();
      let meaning: StatementMeaning | null = null;
      for (const text of texts) {
        meaning = await binder.bind(text, state);
        applyEffects(state, meaning);
      }
      if (meaning === null) throw new TypeError('no text to understand');
      return meaning;
    },
    close: async () => {
      await parser.close();
      await server.stop();
    },
  };
}

/** Evaluations as lines such as `select public.t via public.v`, sorted; the database name is left out. */
export function actionsOf(meaning: StatementMeaning): readonly string[] {
  return meaning.evaluations
    .map(({ action, resource, facts }) => {
      const via = facts?.via ?? [];
      const way = via.length === 0 ? '' : ` via ${via.join('+')}`;
      return `${action} ${resource.path.filter((part) => part !== 'shop').join('.')}`.trim() + way;
    })
    .sort();
}
