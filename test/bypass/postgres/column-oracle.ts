/**
 * What a real server says of the columns a statement uses: PostgreSQL notes every column that the body of a function
 * depends on (pg_depend), and describes the columns of an answer by table and attribute number (RowDescription).
 */
import { createRequire } from 'node:module';
import type { PostgresServer } from '../../fixtures/postgres-server.ts';

const pg = createRequire(import.meta.url)('pg') as typeof import('pg');

/** One column of an answer as the server describes it; `origin` is `schema.table.column`, or null for none. */
export interface DescribedColumn {
  readonly name: string;
  readonly origin: string | null;
}

export interface ColumnOracle {
  /** The columns a statement depends on, as `schema.table.column`; null when the server does not accept it. */
  depends(statement: string): Promise<ReadonlySet<string> | null>;
  /** Runs the statement and takes it back; null when the server does not accept it. */
  describes(statement: string): Promise<readonly DescribedColumn[] | null>;
  /** The rows of a query, after `change` has been made and before it is taken back; null when either is not accepted. */
  rows(query: string, change?: string): Promise<readonly (readonly unknown[])[] | null>;
  close(): Promise<void>;
}

const DEPENDS = `
SELECT DISTINCT n.nspname || '.' || c.relname || '.' || a.attname AS name
  FROM pg_depend d
  JOIN pg_proc p ON p.oid = d.objid AND d.classid = 'pg_proc'::regclass AND p.proname = 'column_oracle'
  JOIN pg_class c ON c.oid = d.refobjid AND d.refclassid = 'pg_class'::regclass
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid`;

const COLUMNS = `
SELECT a.attrelid || '.' || a.attnum AS id, n.nspname || '.' || c.relname || '.' || a.attname AS name
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname !~ '^pg_toast'`;

export async function startColumnOracle(server: PostgresServer): Promise<ColumnOracle> {
  const client = new pg.Client({
    host: server.socketDir,
    port: server.port,
    user: 'postgres',
    database: 'postgres',
  });
  await client.connect();
  const columns = await client.query<{ id: string; name: string }>(COLUMNS);
  const names = new Map(columns.rows.map(({ id, name }) => [id, name]));
  const undone = async <T>(act: () => Promise<T>): Promise<T | null> => {
    await client.query('BEGIN');
    try {
      return await act();
    } catch (error) {
      if (error instanceof pg.DatabaseError) return null;
      throw error;
    } finally {
      await client.query('ROLLBACK');
    }
  };
  return {
    depends: (statement) =>
      undone(async () => {
        await client.query(
          `CREATE FUNCTION public.column_oracle() RETURNS void BEGIN ATOMIC ${statement}; END`,
        );
        const { rows } = await client.query<{ name: string }>(DEPENDS);
        return new Set(rows.map(({ name }) => name));
      }),
    describes: (statement) =>
      undone(async () => {
        const { fields } = await client.query(statement);
        return fields.map(({ name, tableID, columnID }) => {
          return { name, origin: names.get(`${tableID}.${columnID}`) ?? null };
        });
      }),
    rows: (query, change = '') =>
      undone(async () => {
        await client.query(change);
        return (await client.query<unknown[]>({ text: query, rowMode: 'array' })).rows;
      }),
    close: () => client.end(),
  };
}
