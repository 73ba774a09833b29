/** A database in which everything that is not meant for agents says one word. Whatever shows the word has leaked. */
import pg from 'pg';
import { startGateway, type TestGateway } from '../../fixtures/gateway.ts';
import { fieldsOf, query, RawClient, type RawMessage } from '../../fixtures/raw-postgres.ts';

export const PLANTED = 'zanzibar7431';

/** Statements below never hold the word, so that it can only come from the database. */
const SETUP = `
CREATE SCHEMA monitoring;
CREATE TABLE monitoring.checks (id int primary key, host text);
INSERT INTO monitoring.checks VALUES (1, 'web-1'), (2, 'web-2');
CREATE SCHEMA vault;
CREATE TABLE vault.entries (id int primary key, word text, amount int);
INSERT INTO vault.entries SELECT n, '${PLANTED}', 1 FROM generate_series(1, 200) AS n;
CREATE VIEW vault.shown AS SELECT * FROM vault.entries;
CREATE MATERIALIZED VIEW vault.kept AS SELECT * FROM vault.entries;
CREATE FUNCTION vault.tell() RETURNS text LANGUAGE sql AS 'SELECT word FROM vault.entries LIMIT 1';
CREATE FUNCTION vault.join_words(int, int) RETURNS text LANGUAGE sql AS 'SELECT vault.tell()';
CREATE OPERATOR vault.+ (FUNCTION = vault.join_words, LEFTARG = int, RIGHTARG = int);
CREATE TABLE public.notes (word text);
INSERT INTO public.notes SELECT word FROM vault.entries;
CREATE STATISTICS vault.pairs ON word, amount FROM vault.entries;
ANALYZE vault.entries; ANALYZE public.notes;
SELECT lo_from_bytea(424242, '${PLANTED}');
ALTER DATABASE postgres SET app.secret = '${PLANTED}';
CREATE ROLE robot LOGIN PASSWORD '${PLANTED}';
ALTER ROLE robot SET app.token = '${PLANTED}';
CREATE EXTENSION postgres_fdw;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '${PLANTED}');
CREATE USER MAPPING FOR CURRENT_USER SERVER elsewhere OPTIONS (user 'u', password '${PLANTED}');
CREATE FOREIGN TABLE vault.remote (x int) SERVER elsewhere OPTIONS (table_name '${PLANTED}');
`;

/** Each on its own: these run in no transaction. */
const SETTINGS = [
  `ALTER SYSTEM SET primary_conninfo = 'host=elsewhere password=${PLANTED}'`,
  `ALTER SYSTEM SET archive_command = 'upload --key ${PLANTED}'`,
  'SELECT pg_reload_conf()',
];

export interface PlantedWorld {
  readonly gateway: TestGateway;
  /** Runs one text as an agent, in a session of its own, and gives everything that came back as one text. */
  ask(text: string): Promise<string>;
  close(): Promise<void>;
}

export async function startPlanted(): Promise<PlantedWorld> {
  const gateway = await startGateway({
    postgres: { initSql: SETUP, settings: { max_prepared_transactions: '4' } },
    config: 'approval: { expiry_seconds: 1 }',
  });
  for (const statement of SETTINGS) await gateway.server.query(statement);
  // Somebody else's session, whose last statement is what others must not read.
  const { host, port, superuser, password } = gateway.server;
  const neighbour = new pg.Client({ host, port, user: superuser, password, database: 'postgres' });
  neighbour.on('error', () => undefined);
  await neighbour.connect();
  await neighbour.query(`BEGIN; SELECT '${PLANTED}' AS held`);
  return {
    gateway,
    async ask(text) {
      const login = { port: gateway.port, user: 'db', password: await gateway.token('agent') };
      const { client } = await RawClient.open(login);
      try {
        return shown(await client.ask(query(text)));
      } finally {
        client.close();
      }
    },
    async close() {
      await neighbour.end().catch(() => undefined);
      await gateway.close();
    },
  };
}

/** Rows, COPY data, notices and errors, as a client could read them. */
function shown(messages: readonly RawMessage[]): string {
  return messages
    .map((message) => {
      const { type, body } = message;
      if (type === 'E' || type === 'N') return `${type} ${Object.values(fieldsOf(message)).join(' ')}`;
      return `${type} ${body.toString('latin1')}`;
    })
    .join('\n');
}
