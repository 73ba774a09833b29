import type { Mask } from '../../protocol.ts';
import { holdsValues, isSystemSchema, returnsValues } from '../statistics.ts';
import type { ReplyScope } from './reply-scope.ts';

/** A relation as the target's catalog has it. */
export interface OriginRelation {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** pg_class.relkind, where it is known: v is a view, m a materialized one. */
  readonly kind?: string;
  /** Column names by attribute number minus one; null where a column was dropped. */
  readonly columns: readonly (string | null)[];
  /** Type OIDs in the same order, 0 for one that is not known; COPY has no other way to know them. */
  readonly types?: readonly number[];
  /** The class the target itself declares for a column, by the column's name; absent where it declares none. */
  readonly declared?: ReadonlyMap<string, string>;
  /** What it inherits from or is a partition of. */
  readonly parents: readonly number[];
  /** What inherits from it, or is a partition of it: its rows are among those of this one. */
  readonly children?: readonly number[];
  /** What hangs on it, of which the columns it computes of others count here. */
  readonly behaviour?: { readonly generated: readonly { readonly column: string }[] };
  /** For a view: the columns it reads, transitively, down to tables. A null column is the relation as a whole. */
  readonly origins: readonly { readonly oid: number; readonly column: string | null }[];
}

/** Where columns come from: the target's catalog as it was last read. */
export interface ColumnOrigins {
  /** Changes when any answer below could. */
  readonly version: number;
  /** Whether the target declares a class for any column. */
  readonly declares: boolean;
  relation(oid: number): OriginRelation | undefined;
  named(schema: string, table: string): OriginRelation | undefined;
}

/** The class for what may be classified data of an unknown class: as good a reason to hide as any. */
export const UNKNOWN_CLASS = 'unknown';

/** Deepest chain of inheritance followed (L10); PostgreSQL has no cycles, a hostile catalog might. */
const MAX_DEPTH = 32;

/** Whether any column at all could be hidden, by configuration or by what the target declares. */
export function mayHide(mask: Mask, origins: ColumnOrigins): boolean {
  return mask.hidesColumns || (mask.hidesDeclared && origins.declares);
}

/** The class to hide in this column, or null. */
export function columnClass(
  relation: OriginRelation,
  column: string,
  mask: Mask,
  origins: ColumnOrigins,
  depth = 0,
): string | null {
  const own = namedClass(relation, column, mask, origins, depth);
  const follows = own === null && relation.origins.length > 0 && !isSystemSchema(relation.schema);
  return follows ? viewColumnClass(relation, column, mask, origins, depth) : own;
}

/** The class of a column by its own name: of a view, what is under it is left aside. */
export function namedClass(
  relation: OriginRelation,
  column: string,
  mask: Mask,
  origins: ColumnOrigins,
  depth = 0,
): string | null {
  if (!mayHide(mask, origins)) return null;
  if (isSystemSchema(relation.schema)) {
    return holdsValues(relation.schema, relation.name, column) ? UNKNOWN_CLASS : null;
  }
  if (holdsValues(relation.schema, relation.name, column)) return UNKNOWN_CLASS;
  const declared = relation.declared?.get(column) ?? null;
  const own = mask.columnClass(relation.schema, relation.name, column, declared);
  if (own !== null || depth > MAX_DEPTH) return own ?? UNKNOWN_CLASS;
  for (const oid of relation.parents) {
    // A partition holds rows of its parent, so what is classified there is classified here.
    const parent = origins.relation(oid);
    const inherited = parent === undefined ? null : columnClass(parent, column, mask, origins, depth + 1);
    if (inherited !== null) return inherited;
  }
  return childClass(relation, column, mask, origins, depth + 1);
}

/** The class a child alone gives the column: its rows come with those of its parent. */
function childClass(
  relation: OriginRelation,
  column: string,
  mask: Mask,
  origins: ColumnOrigins,
  depth: number,
): string | null {
  for (const oid of depth > MAX_DEPTH ? [] : (relation.children ?? [])) {
    const child = origins.relation(oid);
    if (child === undefined) continue;
    const declared = child.declared?.get(column) ?? null;
    const own = mask.columnClass(child.schema, child.name, column, declared);
    const below = own ?? childClass(child, column, mask, origins, depth + 1);
    if (below !== null) return below;
  }
  return null;
}

/**
 * A column of a view over classified data is shown only when its name is that of a column the view reads, and of no
 * classified column under it. Every other is hidden: it may be renamed, computed, or made of a whole row, of which
 * the server's catalog keeps no trace. To show it anyway, permit reveal of the class.
 */
function viewColumnClass(
  view: OriginRelation,
  column: string,
  mask: Mask,
  origins: ColumnOrigins,
  depth: number,
): string | null {
  let hidden: string | null = null;
  let shown = false;
  for (const origin of view.origins) {
    const base = origins.relation(origin.oid);
    if (base === undefined) return UNKNOWN_CLASS;
    if (base.oid === view.oid) continue;
    for (const name of base.columns) {
      if (name === null) continue;
      const dataClass = columnClass(base, name, mask, origins, depth + 1);
      if (dataClass !== null && name === column) return dataClass;
      hidden ??= dataClass;
      if (dataClass === null && name === column && (origin.column === null || origin.column === column))
        shown = true;
    }
  }
  return shown ? null : hidden;
}

/** The first class hidden in any column of the relation, or null: what a whole row of it must hide. */
export function anyColumnClass(relation: OriginRelation, mask: Mask, origins: ColumnOrigins): string | null {
  if (!mayHide(mask, origins)) return null;
  for (const column of relation.columns) {
    const dataClass = column === null ? null : columnClass(relation, column, mask, origins);
    if (dataClass !== null) return dataClass;
  }
  return null;
}

/** Whether a value computed by the operation may be made of classified data: its origin cannot be told, so it must be hidden. */
export function computesFromHidden(scope: ReplyScope, mask: Mask, origins: ColumnOrigins): boolean {
  if (!mayHide(mask, origins)) return false;
  if (readsAnything(scope) || callsTellingCode(scope)) return true;
  return scope.relations.some(({ schema, table }) => {
    const relation = origins.named(schema, table);
    // A relation the catalog does not have is a temporary or a new one: what its columns hold cannot be told.
    if (relation === undefined) return true;
    return relation.columns.some(
      (column) =>
        column !== null &&
        (scope.anyColumn || scope.columnNames.has(column)) &&
        columnClass(relation, column, mask, origins) !== null,
    );
  });
}

/** What was found for an operation, and by what: errors come in floods, and their cost is chosen by the client. */
const handled = new WeakMap<
  ReplyScope,
  { mask: Mask; maskVersion: number; originsVersion: number; answer: boolean }
>();

/**
 * Whether rows of classified data pass through the operation at all: an error may then quote any column of one.
 * `scope` is null for what belongs to no operation.
 */
export function handlesHidden(scope: ReplyScope | null, mask: Mask, origins: ColumnOrigins): boolean {
  if (!mayHide(mask, origins)) return false;
  if (scope === null || readsAnything(scope) || callsTellingCode(scope)) return true;
  const known = handled.get(scope);
  if (
    known?.mask === mask &&
    known.maskVersion === mask.version &&
    known.originsVersion === origins.version
  ) {
    return known.answer;
  }
  const answer = scope.relations.some(({ schema, table }) => {
    const relation = origins.named(schema, table);
    return relation === undefined || anyColumnClass(relation, mask, origins) !== null;
  });
  handled.set(scope, { mask, maskVersion: mask.version, originsVersion: origins.version, answer });
  return answer;
}

/** A function that is not the server's own reads what it likes, and so does what could not be understood. */
function readsAnything(scope: ReplyScope): boolean {
  if ((scope.undetermined ?? null) !== null) return true;
  return scope.evaluations.some(
    ({ resource }) => resource.type === 'Function' && !isSystemSchema(resource.path.at(-2) ?? ''),
  );
}

/**
 * A function of the server's own that returns what statistics.ts lists, such as lo_get or pg_stat_get_activity: it is
 * evaluated as reading the relation, which the text does not name.
 */
function callsTellingCode(scope: ReplyScope): boolean {
  return scope.evaluations.some(({ action, resource: { type, path } }) => {
    const name = path.at(-1) ?? '';
    if (path.at(-2) !== 'pg_catalog') return false;
    if (type === 'Function') return returnsValues(name);
    if (type !== 'Table' || action !== 'select' || !holdsValues('pg_catalog', name, '*')) return false;
    return !scope.relations.some(({ schema, table }) => schema === 'pg_catalog' && table === name);
  });
}
