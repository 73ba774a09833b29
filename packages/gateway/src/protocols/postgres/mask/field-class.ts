import type { Mask } from '../../protocol.ts';
import {
  anyColumnClass,
  type ColumnOrigins,
  columnClass,
  computesFromHidden,
  mayHide,
  type OriginRelation,
  UNKNOWN_CLASS,
} from './hidden-columns.ts';
import type { ReplyScope } from './reply-scope.ts';

/** One field of a RowDescription. */
export interface Field {
  readonly table: number;
  readonly attribute: number;
  readonly type: number;
  readonly binary: boolean;
}

/** What a column of a result holds. `derived`: not, or not surely, the values of one classified column unchanged. */
export interface HiddenClass {
  readonly dataClass: string;
  readonly derived: boolean;
}

/** The class to hide in each column of a result; null where it is shown. */
export function fieldClasses(
  fields: readonly Field[],
  scope: ReplyScope,
  mask: Mask,
  origins: ColumnOrigins,
): readonly (HiddenClass | null)[] {
  if (!mayHide(mask, origins)) return fields.map(() => null);
  const computed = computesFromHidden(scope, mask, origins) ? UNKNOWN_CLASS : null;
  return fields.map((field) => {
    const dataClass = fieldClass(field, computed, mask, origins);
    if (dataClass === null) return null;
    const own = field.attribute > 0 && holdsOwnValues(origins.relation(field.table), dataClass);
    return { dataClass, derived: !own };
  });
}

/**
 * Whether the column of this class is the table's own. A view's may be made of anything; so may what has no table, and
 * what nobody knows the class of.
 */
export function holdsOwnValues(relation: OriginRelation | undefined, dataClass: string): boolean {
  if (relation === undefined || relation.origins.length > 0 || dataClass === UNKNOWN_CLASS) return false;
  // One that reads no table, only what a function returns.
  return relation.kind !== 'v' && relation.kind !== 'm';
}

function fieldClass(
  field: Field,
  computed: string | null,
  mask: Mask,
  origins: ColumnOrigins,
): string | null {
  // Origin zero: an expression, a cast, a set operation, a function's column. Its label is the client's own choice.
  if (field.table === 0) return computed;
  const relation = origins.relation(field.table);
  if (relation === undefined) return UNKNOWN_CLASS;
  if (field.attribute === 0) return anyColumnClass(relation, mask, origins);
  // System columns (ctid, xmin, tableoid, …) hold nothing of the row's own.
  if (field.attribute < 0) return null;
  const column = relation.columns[field.attribute - 1];
  return typeof column === 'string' ? columnClass(relation, column, mask, origins) : UNKNOWN_CLASS;
}
