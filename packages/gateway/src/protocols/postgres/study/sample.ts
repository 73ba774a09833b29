/** A few rows of every table, for tools that look for what should be classified. All of it is read, nothing is run. */
import type { SampledTable } from '../../protocol.ts';
import { type CatalogQuery, type CatalogSource, quotedName } from '../statement/index.ts';

/** Most tables looked at, columns of one, and characters of one value (L10). */
const TABLES = 10_000;
const COLUMNS = 500;
const CHARACTERS = 1024;
const TIMEOUT_MS = 5000;

/**
 * Only types of the server's own are read as text, and no views, no foreign tables and nothing past row security:
 * code that somebody else wrote must not run as the connector's role.
 */
function fixed(select: string): string {
  return `SET LOCAL transaction_read_only = on;
SET LOCAL search_path = '';
SET LOCAL row_security = off;
SET LOCAL lock_timeout = '1s';
SET LOCAL statement_timeout = '${TIMEOUT_MS}ms';
${select}`;
}

const TABLES_SQL = fixed(`
SELECT n.nspname::text, c.relname::text, json_agg(json_build_array(a.attname, left(coalesce(d.description, ''), ${CHARACTERS}),
    a.attgenerated <> 'v' AND a.atttypid < 16384 AND a.atttypid <> 'bytea'::regtype) ORDER BY a.attnum)::text
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
  LEFT JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = c.oid AND d.objsubid = a.attnum
  WHERE c.relkind IN ('r', 'p', 'm') AND NOT c.relispartition AND c.oid >= 16384 AND n.nspname !~ '^(pg_|information_schema$)'
    AND a.attnum BETWEEN 1 AND ${COLUMNS} AND NOT a.attisdropped
  GROUP BY 1, 2 ORDER BY 1, 2 LIMIT ${TABLES}`);

/**
 * `rows` is the most rows read of one table; with `only`, of one schema's tables. A table that cannot be read says so
 * and has no values.
 */
export async function* sampleTables(
  query: CatalogQuery,
  catalog: CatalogSource,
  rows: number,
  only?: string,
): AsyncGenerator<SampledTable, void> {
  for (const [schema = '', table = '', json = '[]'] of await query(TABLES_SQL)) {
    if (only !== undefined && schema !== only) continue;
    const columns = JSON.parse(json) as readonly (readonly [
      name: string,
      comment: string,
      readable: boolean,
    ])[];
    const list = columns
      .map(([name, , readable]) => (readable ? `left(${quotedName(name)}::text, ${CHARACTERS})` : 'NULL'))
      .join(', ');
    const sql = fixed(
      `SELECT ${list} FROM ${quotedName(schema)}.${quotedName(table)} LIMIT ${Math.trunc(rows)}`,
    );
    let sampled: readonly (readonly string[])[] = [];
    let readable = true;
    try {
      sampled = await query(sql);
    } catch {
      // What the server says may quote values; that it could not be read is all that is passed on.
      readable = false;
    }
    const declared = catalog.snapshot?.relation(schema, table)?.declared;
    yield {
      schema,
      table,
      readable,
      columns: columns.map(([name, comment], at) => ({
        name,
        comment,
        declared: declared?.get(name) ?? null,
        values: sampled.map((row) => row[at] ?? '').filter((value) => value !== ''),
      })),
    };
  }
}
