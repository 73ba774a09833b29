/**
 * A shape and a catalog make the columns a text uses, and where the columns of its answer come from.
 *
 * The rule is that nothing is missed: where PostgreSQL would decide by something not known here, every possibility
 * counts; where none is known, every column of every relation does.
 */
import {
  type BaseColumnName,
  COLUMN_ROLES,
  type ColumnCatalog,
  type ColumnRole,
  type ColumnUse,
  type ColumnUses,
  NOTHING_KNOWN,
  type OutputColumn,
} from './column-use.ts';
import { Levels } from './levels.ts';
import type { Rows } from './range.ts';
import type { Shape, StatementShape } from './shape.ts';
import { type BaseColumn, type BaseRelation, bitsOf, Steps, TooMuchWork } from './source.ts';

export interface Attribution {
  readonly uses: ColumnUses;
  /** The columns of the one answer there is; null when that cannot be told. */
  readonly outputs: readonly OutputColumn[] | null;
  /** What it does with values that functions return which are not the server's own. */
  readonly returned: readonly ColumnRole[];
}

const UNKNOWN: Attribution = { uses: NOTHING_KNOWN, outputs: null, returned: COLUMN_ROLES };

/** Attributes a shape; with null, or above COLUMN_STEPS, nothing is known. */
export function attribute(
  shape: Shape | null,
  catalog: ColumnCatalog,
  steps: Steps = new Steps(),
): Attribution {
  if (shape === null) return UNKNOWN;
  try {
    const levels = new Levels(catalog, steps);
    const answers = shape.statements.filter((statement) => statement.answers !== 'none');
    let rows: Rows | null = { columns: [], rest: null };
    for (const statement of shape.statements) {
      const own = levels.statement(statement);
      if (statement.answers !== 'none') rows = answers.length === 1 ? answerOf(statement, own) : null;
    }
    levels.finish();
    const outputs = rows === null ? null : outputsOf(rows);
    return { uses: usesOf([...levels.relations]), outputs, returned: levels.returned };
  } catch (error) {
    if (!(error instanceof TooMuchWork)) throw error;
    return UNKNOWN;
  }
}

function answerOf({ answers }: StatementShape, rows: readonly Rows[]): Rows | null {
  return answers === 'rows' ? (rows[0] ?? null) : null;
}

function usesOf(relations: readonly BaseRelation[]): ColumnUses {
  const known = relations.map(({ schema, table }) => Object.freeze({ schema, table }));
  const uses = relations.flatMap((relation) => relation.used.map(columnUse));
  return Object.freeze({
    complete: true,
    known: Object.freeze(known),
    uses: Object.freeze(uses.sort(byName)),
  });
}

function columnUse(column: BaseColumn): ColumnUse {
  const { schema, table } = column.relation;
  const roles = bitsOf(column, COLUMN_ROLES);
  return Object.freeze({
    schema,
    table,
    column: column.name,
    roles: Object.freeze(roles.length > 0 ? roles : (['other'] as const)) as ColumnUse['roles'],
    writtenBy: Object.freeze(bitsOf(column, ['insert', 'update'])) as ColumnUse['writtenBy'],
  });
}

function outputsOf({ columns, rest }: Rows): readonly OutputColumn[] | null {
  if (rest !== null) return null;
  return Object.freeze(
    columns.map(({ name, source }) => {
      const inputs = source.opaque ? null : inputsOf([...source.columns, ...source.aggregated]);
      return Object.freeze({ name, inputs, direct: source.direct && inputs !== null });
    }),
  );
}

function inputsOf(columns: readonly BaseColumn[]): readonly BaseColumnName[] {
  const names = [...new Set(columns)].map(({ relation, name }) =>
    Object.freeze({ schema: relation.schema, table: relation.table, column: name }),
  );
  return Object.freeze(names.sort(byName));
}

function byName(one: BaseColumnName, other: BaseColumnName): number {
  return (
    compare(one.schema, other.schema) || compare(one.table, other.table) || compare(one.column, other.column)
  );
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
