import type { Mask } from '../../protocol.ts';
import {
  anyColumnClass,
  type ColumnOrigins,
  columnClass,
  computesFromHidden,
  mayHide,
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

/** What is hidden in one column of a result. */
export interface FieldClass {
  readonly dataClass: string;
  /** It may be made of the classified value in any way: it is hidden whole, whatever the strategy of its class. */
  readonly derived: boolean;
}

/** What is hidden in each column of a result; null where it is shown. */
export function fieldClasses(
  fields: readonly Field[],
  scope: ReplyScope,
  mask: Mask,
  origins: ColumnOrigins,
): readonly (FieldClass | null)[] {
  if (!mayHide(mask, origins)) return fields.map(() => null);
  const computed = computesFromHidden(scope, mask, origins)
    ? { dataClass: UNKNOWN_CLASS, derived: true }
    : null;
  return fields.map((field) => fieldClass(field, computed, mask, origins));
}

function fieldClass(
  field: Field,
  computed: FieldClass | null,
  mask: Mask,
  origins: ColumnOrigins,
): FieldClass | null {
  // Origin zero: an expression, a cast, a set operation, a function's column. Its label is the client's own choice.
  if (field.table === 0) return computed;
  const relation = origins.relation(field.table);
  if (relation === undefined) return whole(UNKNOWN_CLASS);
  if (field.attribute === 0) return whole(anyColumnClass(relation, mask, origins));
  // System columns (ctid, xmin, tableoid, …) hold nothing of the row's own.
  if (field.attribute < 0) return null;
  const column = relation.columns[field.attribute - 1];
  if (typeof column !== 'string') return whole(UNKNOWN_CLASS);
  const dataClass = columnClass(relation, column, mask, origins);
  return dataClass === null ? null : { dataClass, derived: relation.origins.length > 0 };
}

function whole(dataClass: string | null): FieldClass | null {
  return dataClass === null ? null : { dataClass, derived: true };
}
