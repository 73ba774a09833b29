/**
 * What a target database has in it, as far as telling what a statement does needs it: loaded with one query, immutable,
 * shared by every session of the database.
 */

import { createHash } from 'node:crypto';
import { versionOf } from './catalog-rows.ts';
import { snapshotOf } from './catalog-snapshot.ts';
import { CATALOG_PARTS, CATALOG_SQL, catalogSql, withoutDefinitions } from './catalog-sql.ts';
import type { BodyText } from './meaning.ts';

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
  /** Type OIDs of its columns in the same order, for types of the server's own; 0 for any other. Absent when it is the server's own. */
  readonly types?: readonly number[];
  /** Set where nothing but the name is known: the columns may be any. */
  readonly assumed?: true;
  /** The class its comment declares for a column, as it is written there; absent where no comment declares any. */
  readonly declared?: ReadonlyMap<string, string>;
  /** OIDs of the tables it inherits from or is a partition of. */
  readonly parents: readonly number[];
  /** OIDs of what inherits from it, or is a partition of it. */
  readonly children: readonly number[];
  /** For a view: what it reads, transitively, down to what is no view. A null column is the relation as a whole. */
  readonly origins: readonly CatalogOrigin[];
  /** Of an index: the OID of its table. */
  readonly table?: number;
  /** Of a partitioned table: the partition for all that belongs in no other. */
  readonly defaultPartition?: number;
  /** The type of its rows, when it is not the server's own. */
  readonly rowType?: number;
  /** The planner's count of its rows (pg_class.reltuples); null when it was never counted. */
  readonly rows: number | null;
  /** What happens beside the rows moving; undefined when nothing does. */
  readonly behaviour?: RelationBehaviour;
}

export interface CatalogOrigin {
  readonly oid: number;
  readonly column: string | null;
}

/** An event of a relation that something hangs on. */
export type RelationEvent = 'select' | 'insert' | 'update' | 'delete' | 'truncate';

/** What an access to a relation sets off. */
export interface RelationBehaviour {
  /** The query of a view or materialized view. */
  definition: BodyText | null;
  /** A view WITH CHECK OPTION: its query is evaluated for what is written through it. */
  checked: boolean;
  readonly rules: {
    readonly event: RelationEvent;
    readonly instead: boolean;
    readonly body: BodyText;
    readonly disabled: boolean;
  }[];
  readonly triggers: {
    readonly routine: number;
    readonly events: readonly RelationEvent[];
    readonly instead: boolean;
    readonly condition: BodyText | null;
    readonly disabled: boolean;
  }[];
  /** Defaults of columns. */
  readonly defaults: BodyText[];
  /** Generated columns that are stored, and those computed when read. */
  readonly stored: BodyText[];
  readonly virtual: BodyText[];
  /** Each generated column as a query of it, to tell what it is made of. */
  readonly generated: { readonly column: string; readonly query: BodyText }[];
  /** Sequences of its identity columns, and those owned by its columns. */
  readonly identities: number[];
  readonly sequences: number[];
  readonly checks: BodyText[];
  /** Expressions and predicates of its indexes, its partition key, its statistics. */
  readonly indexes: BodyText[];
  /** Definitions of its extended statistics. */
  readonly statistics: BodyText[];
  /** Functions behind operators of exclusion constraints and operator classes of its indexes. */
  readonly indexRoutines: number[];
  /** Its foreign keys: the table each refers to, its name, its own columns. */
  readonly references: { readonly oid: number; readonly name: string; readonly key: readonly string[] }[];
  /** Foreign keys that refer to it. */
  readonly referencedBy: {
    readonly oid: number;
    /** The columns referred to. */
    readonly key: readonly string[];
    readonly onDelete: ReferentialAction;
    readonly onUpdate: ReferentialAction;
  }[];
  readonly policies: { readonly event: RelationEvent | 'all'; readonly body: BodyText }[];
  rowSecurity: boolean;
  /** The server a foreign table is on. */
  server: string | null;
  /** Types of its columns that are not the server's own. */
  readonly types: number[];
}

/** What happens to referencing rows; `default` is an update to the defaults of columns. */
export type ReferentialAction = 'none' | 'delete' | 'update' | 'default';

/** A function, procedure or aggregate that is not the server's own. */
export interface CatalogRoutine {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly language: string;
  readonly volatility: 'immutable' | 'stable' | 'volatile';
  /** The role it runs as, when it is SECURITY DEFINER. */
  readonly definer: string | null;
  /** Settings it runs under, as `name=value`. */
  readonly settings: readonly string[];
  /** The extension it came with. */
  readonly extension: string | null;
  /** What a call of it runs; null when nobody but its language knows. */
  readonly body: BodyText | null;
  /** Of a function in language internal: what it is of the server's own code. */
  readonly internal: string;
  /** Whether an argument can be a row, so that `x.name` can be a call. */
  readonly takesRow: boolean;
  /** Defaults of its arguments. */
  readonly defaults: BodyText | null;
  /** Types of its arguments and result that are not the server's own. */
  readonly types: readonly number[];
  /** For an aggregate: the functions it is made of. */
  readonly parts: readonly FunctionRef[];
}

/** What making, comparing or converting a value of a type runs. */
export interface TypeBehaviour {
  readonly schema: string;
  readonly name: string;
  readonly routines: readonly FunctionRef[];
  readonly checks: readonly BodyText[];
}

/** An operator or cast over the server's own types that runs a function of somebody's. */
export interface CatalogOperator {
  readonly schema: string;
  readonly name: string;
  readonly routine: FunctionRef;
}

/** What goes along with something that is dropped, or loses a part of itself. */
export interface CatalogDependents {
  readonly relations: ReadonlySet<CatalogRelation>;
  readonly routines: ReadonlySet<CatalogRoutine>;
}

/** A function that something else calls: somebody's by its OID, one of the server's own by its name. */
export type FunctionRef = number | string;

/** A database's names at one moment. */
export interface CatalogSnapshot {
  /** Grows with every load that found something else than the one before. */
  readonly version: number;
  /** Of all that is in it. */
  readonly digest: string;
  readonly schemas: ReadonlySet<string>;
  /** Whether the comment of any column declares a class. */
  readonly declares: boolean;
  /** The search path a fresh session of the connector's role has, `$user` as it is. */
  readonly searchPath: readonly string[];
  /** Kinds of definitions the target could not give: what depends on one cannot be told. */
  readonly unread: ReadonlySet<string>;
  /** Definitions by the version of the row they are in: one that cannot be read again is still known by it. */
  readonly definitions: ReadonlyMap<string, readonly string[]>;
  /** Whether some were taken from an earlier load, or are missing: something was locked, or is broken. */
  readonly partial: boolean;
  relation(schema: string, name: string): CatalogRelation | undefined;
  relationByOid(oid: number): CatalogRelation | undefined;
  /** Every relation and routine name of one schema. */
  contents(schema: string): {
    readonly relations: readonly CatalogRelation[];
    readonly routines: readonly string[];
    readonly types: readonly number[];
  };
  /** Every relation that is not the server's own. */
  ownRelations(): Iterable<CatalogRelation>;
  /** Relations with columns of this type, and functions with arguments or results of it. */
  usersOfType(type: number): CatalogDependents;
  /** What is defined with something of this name, or with anything in the schema when the name is null. */
  madeWith(schema: string, name: string | null): CatalogDependents;
  /** Views that read this relation directly. */
  readersOf(oid: number): readonly CatalogRelation[];
  /** Whether a function, procedure or aggregate of this name exists in the schema. */
  hasRoutine(schema: string, name: string): boolean;
  /** Whether any schema but pg_catalog has a function of this name, or pg_catalog one that is not the server's own. */
  hasOwnRoutine(name: string): boolean;
  /** All of this name that are not the server's own. */
  routines(schema: string, name: string): readonly CatalogRoutine[];
  routineByOid(oid: number): CatalogRoutine | undefined;
  /** Types that run something, with all that is in a value of each; empty in most databases. */
  readonly activeTypes: ReadonlyMap<number, readonly TypeBehaviour[]>;
  typesNamed(name: string): readonly { readonly schema: string; readonly oid: number }[];
  /** Whether a schema other than pg_catalog has an operator of this name. */
  hasOperator(schema: string, name: string): boolean;
  /** Operators over the server's own types that are not its own, by name. */
  readonly ownOperators: ReadonlyMap<string, readonly CatalogOperator[]>;
  /** Functions of casts between the server's own types. */
  readonly castRoutines: readonly FunctionRef[];
  readonly eventTriggers: readonly {
    readonly name: string;
    readonly routine: number;
    readonly disabled: boolean;
  }[];
  /** Functions of operator classes that are not the server's own, by name. */
  readonly operatorClasses: ReadonlyMap<string, readonly CatalogOperator[]>;
  /** Relations whose indexes run something. */
  readonly computedIndexes: readonly CatalogRelation[];
}

/** Largest catalog that is loaded, in rows of the query: relations with their columns, functions, schemas, dependencies. */
const CATALOG_ROWS = 2_000_000;

/**
 * Loads a database's names; gives `known` when nothing in them changed, so that what was understood stays understood.
 * Rejects when the query does, or when the catalog is larger than can be held.
 */
export async function loadCatalog(
  query: CatalogQuery,
  known: CatalogSnapshot | null = null,
): Promise<CatalogSnapshot> {
  const unread = new Set<string>();
  let partial = false;
  const rows = await query(CATALOG_SQL).catch(() => {
    partial = true;
    return loadInParts(query, unread, known?.definitions ?? new Map());
  });
  if (rows.length > CATALOG_ROWS) throw new RangeError(`the catalog has more than ${CATALOG_ROWS} entries`);
  const digest = digestOf(rows, unread);
  return digest === known?.digest
    ? known
    : snapshotOf(rows, (known?.version ?? 0) + 1, { unread, digest, partial });
}

/**
 * Rows in another order count as a change, and so do counts of rows that have doubled: smaller ones change all the time.
 * What sessions keep for themselves does not count: others cannot reach it, and it comes and goes.
 */
function digestOf(rows: readonly (readonly string[])[], unread: ReadonlySet<string>): string {
  const digest = createHash('sha256').update(JSON.stringify([...unread]));
  const temporary = new Set<string>();
  for (const [what, a = '', b = ''] of rows) if (what === 'r' && TEMPORARY.test(b)) temporary.add(a);
  const counted = rows.filter(([what = '', a = '', b = '']) => {
    if (what === 's') return !TEMPORARY.test(b);
    return !(temporary.size > 0 && 'raim'.includes(what) && temporary.has(a));
  });
  for (let at = 0; at < counted.length; at += 1000)
    digest.update(JSON.stringify(counted.slice(at, at + 1000).map(coarse)));
  return digest.digest('base64url');
}

/** Schemas of temporary relations, one for each session that has any. */
const TEMPORARY = /^pg_(?:toast_)?temp_/;

function coarse(row: readonly string[]): readonly unknown[] {
  const [what, , , , , counted] = row;
  return what === 'r' ? row.with(5, `${Math.ceil(Math.log2(Number(counted) + 2))}`) : row;
}

/**
 * One broken object, or one that is locked, makes the server refuse the whole query: then each kind of definition is
 * asked for by itself, and what is not to be had is as it was if nobody changed its row since.
 */
async function loadInParts(
  query: CatalogQuery,
  unread: Set<string>,
  known: CatalogSnapshot['definitions'],
): Promise<readonly (readonly string[])[]> {
  const all: (readonly string[])[] = [];
  for (const { kind, essential, sql } of CATALOG_PARTS) {
    try {
      for (const row of await query(catalogSql(sql))) all.push(row);
    } catch (fault) {
      if (essential) throw fault;
      // Without the definitions: what there is is known, and what it does cannot be told.
      const bare = await query(catalogSql(withoutDefinitions(sql))).catch(() => null);
      if (bare === null) unread.add(kind);
      else for (const row of bare) all.push(known.get(versionOf(row) ?? '') ?? row);
    }
  }
  return all;
}
