/**
 * What a target database has in it, as far as names and column origins need it: loaded with one query, immutable,
 * shared by every session of the database.
 */

import { splitSearchPath } from './settings.ts';

/** Runs the gateway's own SQL on a connection of its own and returns rows as text; null is the empty string. */
export type CatalogQuery = (sql: string) => Promise<readonly (readonly string[])[]>;

/** One relation. */
export interface CatalogRelation {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** pg_class.relkind: r table, p partitioned table, v view, m materialized view, f foreign table, S sequence, i index … */
  readonly kind: string;
  /** Column names by attribute number minus one; null where a column was dropped. */
  readonly columns: readonly (string | null)[];
  /** OIDs of the tables it inherits from or is a partition of. */
  readonly parents: readonly number[];
  /** For a view: what it reads, transitively, down to what is no view. A null column is the relation as a whole. */
  readonly origins: readonly CatalogOrigin[];
}

export interface CatalogOrigin {
  readonly oid: number;
  readonly column: string | null;
}

/** A database's names at one moment. */
export interface CatalogSnapshot {
  /** Grows with every load. */
  readonly version: number;
  readonly schemas: ReadonlySet<string>;
  /** The search path a fresh session of the connector's role has, `$user` as it is. */
  readonly searchPath: readonly string[];
  relation(schema: string, name: string): CatalogRelation | undefined;
  relationByOid(oid: number): CatalogRelation | undefined;
  /** Whether a function, procedure or aggregate of this name exists in the schema. */
  hasRoutine(schema: string, name: string): boolean;
  /** Whether any schema but pg_catalog has a function of this name. */
  hasOwnRoutine(name: string): boolean;
}

/** Largest catalog that is loaded, in rows of the query: relations with their columns, functions, schemas, dependencies. */
const CATALOG_ROWS = 2_000_000;

/**
 * One query, so that all of it is from one snapshot. Works on PostgreSQL 12 to 18 for any role; every row has seven
 * columns, the first of which says what it is. Names are qualified because the role's search_path is not ours.
 */
export const CATALOG_SQL = `
SELECT 's' AS what, n.oid::pg_catalog.text AS a, n.nspname::pg_catalog.text AS b, '' AS c, '' AS d, '' AS e, '' AS f
  FROM pg_catalog.pg_namespace n
UNION ALL
SELECT 'p', pg_catalog.current_setting('search_path'), '', '', '', '', ''
UNION ALL
SELECT 'r', c.oid::pg_catalog.text, n.nspname::pg_catalog.text, c.relname::pg_catalog.text, c.relkind::pg_catalog.text, '', ''
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
  WHERE c.relkind OPERATOR(pg_catalog.<>) 't'
UNION ALL
SELECT 'a', a.attrelid::pg_catalog.text, a.attnum::pg_catalog.text,
       CASE WHEN a.attisdropped THEN '' ELSE a.attname::pg_catalog.text END, '', '', ''
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) a.attrelid
  WHERE a.attnum OPERATOR(pg_catalog.>) 0
    AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,v,m,f}'::pg_catalog."char"[])
UNION ALL
SELECT DISTINCT 'f', '', n.nspname::pg_catalog.text, p.proname::pg_catalog.text, '', '', ''
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
UNION ALL
SELECT 'i', i.inhrelid::pg_catalog.text, i.inhparent::pg_catalog.text, '', '', '', ''
  FROM pg_catalog.pg_inherits i
UNION ALL
SELECT DISTINCT 'd', w.ev_class::pg_catalog.text, d.refobjid::pg_catalog.text, d.refobjsubid::pg_catalog.text, '', '', ''
  FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_rewrite w ON w.oid OPERATOR(pg_catalog.=) d.objid
  WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_rewrite'::pg_catalog.regclass
    AND d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
    AND d.refobjid OPERATOR(pg_catalog.<>) w.ev_class
`;

/** Loads a database's names. Rejects when the query does, or when the catalog is larger than can be held. */
export async function loadCatalog(query: CatalogQuery, version: number): Promise<CatalogSnapshot> {
  const rows = await query(CATALOG_SQL);
  if (rows.length > CATALOG_ROWS) throw new RangeError(`the catalog has more than ${CATALOG_ROWS} entries`);
  return snapshotOf(rows, version);
}

interface Draft {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
  readonly columns: (string | null)[];
  readonly parents: number[];
  readonly reads: { readonly oid: number; readonly attribute: number }[];
  origins: readonly CatalogOrigin[] | null;
}

/** The snapshot of rows as CATALOG_SQL returns them. */
export function snapshotOf(rows: readonly (readonly string[])[], version: number): CatalogSnapshot {
  const schemas = new Set<string>();
  const relations = new Map<number, Draft>();
  let searchPath: readonly string[] = [];
  const routines = new Map<string, Set<string>>();
  for (const [what, a = '', b = '', c = '', d = ''] of rows) {
    if (what === 's') schemas.add(b);
    else if (what === 'p') searchPath = splitSearchPath(a) ?? [];
    else if (what === 'f') routines.set(c, (routines.get(c) ?? new Set<string>()).add(b));
    else if (what === 'r') {
      const oid = Number(a);
      relations.set(oid, {
        oid,
        schema: b,
        name: c,
        kind: d,
        columns: [],
        parents: [],
        reads: [],
        origins: null,
      });
    }
  }
  for (const [what, a = '', b = '', c = ''] of rows) {
    const relation = what === 'a' || what === 'i' || what === 'd' ? relations.get(Number(a)) : undefined;
    if (relation === undefined) continue;
    if (what === 'a') relation.columns[Number(b) - 1] = c === '' ? null : c;
    else if (what === 'i') relation.parents.push(Number(b));
    else relation.reads.push({ oid: Number(b), attribute: Number(c) });
  }
  const byName = new Map<string, Map<string, CatalogRelation>>();
  const byOid = new Map<number, CatalogRelation>();
  for (const draft of relations.values()) {
    const relation = finished(draft, relations);
    byOid.set(draft.oid, relation);
    const named = byName.get(draft.schema) ?? new Map<string, CatalogRelation>();
    byName.set(draft.schema, named.set(draft.name, relation));
  }
  return {
    version,
    schemas,
    searchPath,
    relation: (schema, name) => byName.get(schema)?.get(name),
    relationByOid: (oid) => byOid.get(oid),
    hasRoutine: (schema, name) => routines.get(name)?.has(schema) === true,
    hasOwnRoutine: (name) => {
      const where = routines.get(name);
      return where !== undefined && (where.size > 1 || !where.has('pg_catalog'));
    },
  };
}

function finished(draft: Draft, relations: ReadonlyMap<number, Draft>): CatalogRelation {
  const { oid, schema, name, kind, parents } = draft;
  const columns = Array.from(draft.columns, (column) => column ?? null);
  return { oid, schema, name, kind, columns, parents, origins: originsOf(draft, relations, new Set()) };
}

/** Views over views, followed to the end. The server allows no cycle; a torn catalog is cut. */
function originsOf(
  draft: Draft,
  relations: ReadonlyMap<number, Draft>,
  path: Set<number>,
): readonly CatalogOrigin[] {
  if (draft.origins !== null) return draft.origins;
  if (path.has(draft.oid)) return [];
  path.add(draft.oid);
  const found = new Map<string, CatalogOrigin>();
  for (const { oid, attribute } of draft.reads) {
    const read = relations.get(oid);
    if (read === undefined) continue;
    const own = { oid, column: attribute === 0 ? null : (read.columns[attribute - 1] ?? null) };
    const further = read.kind === 'v' || read.kind === 'm' ? originsOf(read, relations, path) : [];
    for (const origin of [own, ...further]) found.set(`${origin.oid}.${origin.column}`, origin);
  }
  path.delete(draft.oid);
  draft.origins = [...found.values()];
  return draft.origins;
}
