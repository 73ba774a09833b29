/**
 * What is hidden in each column of a result. Two tell where a column comes from: the statement, followed to the columns
 * its outputs are made of, and the server, which names the table of a column that is one unchanged. Neither is enough:
 * a statement may be too much to follow, and a hostile server names any table. A column is shown when neither objects.
 */
import type { Mask } from '../../protocol.ts';
import {
  anyColumnClass,
  type ColumnOrigins,
  columnClass,
  computesFromHidden,
  mayHide,
  namedClass,
  type OriginRelation,
  UNKNOWN_CLASS,
} from './hidden-columns.ts';
import type { OutputLineage, ReplyScope } from './reply-scope.ts';

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
  /** Where only members of the column's own JSON are classified: see `Mask.members`. */
  readonly members?: ReturnType<Mask['members']>;
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
  const outputs = scope.outputs ?? null;
  // Other columns than the statement has, such as those of a rule that was put there a moment ago: nobody knows of what.
  const disputed = outputs !== null && outputs.length !== fields.length;
  return fields.map((field, at) => {
    const output = disputed ? undefined : outputs?.[at];
    if (output === undefined || output.inputs === null) {
      const named = originClass(field, computed, mask, origins);
      return named ?? (disputed ? whole(UNKNOWN_CLASS) : null);
    }
    return lineageClass(output, mask, origins) ?? whole(namedByServer(field, mask, origins));
  });
}

/** Hidden as what may be made of it in any way. */
function whole(dataClass: string | null): HiddenClass | null {
  return dataClass === null ? null : { dataClass, derived: true };
}

/**
 * Whether the column of this class is the table's own. A view's may be made of anything; so may what has no table, and
 * what nobody knows the class of.
 */
function holdsOwnValues(relation: OriginRelation | undefined, dataClass: string): boolean {
  if (relation === undefined || relation.origins.length > 0 || dataClass === UNKNOWN_CLASS) return false;
  // One that reads no table, only what a function returns.
  return relation.kind !== 'v' && relation.kind !== 'm';
}

/** The class of what a column is made of, or null: the first there is. It is derived when there are several. */
export function lineageClass(
  { inputs, direct }: OutputLineage,
  mask: Mask,
  origins: ColumnOrigins,
): HiddenClass | null {
  const classes = new Set<string>();
  const members: ReturnType<Mask['members']>[] = [];
  for (const { schema, table, column } of inputs ?? []) {
    const relation = origins.named(schema, table);
    // What the catalog does not have may be a view, or hold anything.
    if (relation === undefined) return whole(UNKNOWN_CLASS);
    const dataClass =
      column === '*' ? anyColumnClass(relation, mask, origins) : namedClass(relation, column, mask, origins);
    if (dataClass === null) continue;
    classes.add(dataClass);
    members.push(membersOf(relation, column, mask));
  }
  const [first, ...others] = classes;
  if (first === undefined) return null;
  const derived = !direct || others.length > 0 || first === UNKNOWN_CLASS;
  // Of two columns, what is shown of the one may be hidden in the other.
  return members.length === 1
    ? { dataClass: first, derived, members: members[0] ?? null }
    : { dataClass: first, derived };
}

function membersOf(relation: OriginRelation, column: string, mask: Mask): ReturnType<Mask['members']> {
  return mask.members(relation.schema, relation.name, column, relation.declared?.get(column) ?? null);
}

/** The class of the column the server names, where what the statement makes it of is known. */
function namedByServer({ table, attribute }: Field, mask: Mask, origins: ColumnOrigins): string | null {
  if (table === 0) return null;
  const relation = origins.relation(table);
  if (relation === undefined) return UNKNOWN_CLASS;
  const column = columnOf(relation, attribute);
  return column === null ? null : namedClass(relation, column, mask, origins);
}

/** The class of a column of which nothing is known but what the server names. */
function originClass(
  { table, attribute }: Field,
  computed: string | null,
  mask: Mask,
  origins: ColumnOrigins,
): HiddenClass | null {
  // Origin zero: an expression, a cast, a set operation, a function's column. Its label is the client's own choice.
  if (table === 0) return whole(computed);
  const relation = origins.relation(table);
  if (relation === undefined) return whole(UNKNOWN_CLASS);
  if (attribute === 0) return whole(anyColumnClass(relation, mask, origins));
  // System columns (ctid, xmin, tableoid, …) hold nothing of the row's own.
  if (attribute < 0) return null;
  const column = columnOf(relation, attribute);
  if (column === null) return whole(UNKNOWN_CLASS);
  return ownClass(relation, column, mask, origins) ?? generatedClass(relation, column, mask, origins);
}

/** What is hidden of a relation's column by what the column itself is. */
export function ownClass(
  relation: OriginRelation,
  column: string,
  mask: Mask,
  origins: ColumnOrigins,
): HiddenClass | null {
  const dataClass = columnClass(relation, column, mask, origins);
  if (dataClass === null) return null;
  const derived = !holdsOwnValues(relation, dataClass);
  return { dataClass, derived, members: membersOf(relation, column, mask) };
}

/** What is hidden of a column that the table computes of its others, where it is not known of which. */
export function generatedClass(
  relation: OriginRelation,
  column: string,
  mask: Mask,
  origins: ColumnOrigins,
): HiddenClass | null {
  return isGenerated(relation, column) ? whole(anyColumnClass(relation, mask, origins)) : null;
}

export function isGenerated({ behaviour }: OriginRelation, name: string): boolean {
  return behaviour?.generated.some(({ column }) => column === name) === true;
}

function columnOf(relation: OriginRelation, attribute: number): string | null {
  return relation.columns[attribute - 1] ?? null;
}
