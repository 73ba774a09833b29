/** Columns as facts of evaluations: what a policy sees of them. */
import type { Evaluation } from '../../../protocol.ts';
import { type ColumnUse, type ColumnUses, NOTHING_KNOWN } from './column-use.ts';

/** Which of a relation's uses an action is about; any other action is about no columns. */
const ABOUT: Readonly<Record<string, (use: ColumnUse) => boolean>> = {
  select: ({ roles }) => roles.some((role) => role !== 'write'),
  insert: ({ writtenBy }) => writtenBy.includes('insert'),
  update: ({ writtenBy }) => writtenBy.includes('update'),
  copy_in: ({ writtenBy }) => writtenBy.includes('insert'),
};

const ANY: readonly string[] = Object.freeze(['*']);

/**
 * The same evaluations, each with the columns it is about. `bodies` gives what is used inside a view or function, for
 * evaluations reached through one; where nothing is known of a relation, any column may be used.
 */
export function withColumns(
  evaluations: readonly Evaluation[],
  uses: ColumnUses,
  bodies: (via: readonly string[]) => ColumnUses | undefined = () => undefined,
): readonly Evaluation[] {
  const direct = columnsOf(uses);
  return evaluations.map((evaluation) => {
    const { action, resource, facts } = evaluation;
    const about = ABOUT[action];
    if (about === undefined || resource.type !== 'Table') return evaluation;
    const via = facts?.via ?? [];
    const body = via.length === 0 ? undefined : bodies(via);
    const known = via.length === 0 ? direct : body === undefined ? null : columnsOf(body);
    const used = known?.get(keyOf(resource.path[1] ?? '', resource.path[2] ?? ''));
    const columns = used === undefined ? ANY : namesOf(used.filter(about));
    return Object.freeze({ ...evaluation, facts: Object.freeze({ ...facts, columns }) });
  });
}

/** Uses by relation; a relation that is known and not used has none. */
function columnsOf({ known, uses }: ColumnUses): ReadonlyMap<string, readonly ColumnUse[]> {
  const byRelation = new Map<string, ColumnUse[]>();
  for (const { schema, table } of known) byRelation.set(keyOf(schema, table), []);
  for (const use of uses) byRelation.get(keyOf(use.schema, use.table))?.push(use);
  return byRelation;
}

function keyOf(schema: string, table: string): string {
  return `${schema}\0${table}`;
}

function namesOf(uses: readonly ColumnUse[]): readonly string[] {
  return Object.freeze([...new Set(uses.map(({ column }) => column))].sort());
}

/** Evaluations of several texts together: what two are about the same is one, about the columns of both. */
export function joined(evaluations: readonly Evaluation[]): readonly Evaluation[] {
  const byQuestion = new Map<string, Evaluation>();
  for (const evaluation of evaluations) {
    const { action, resource, facts } = evaluation;
    const key = JSON.stringify([action, resource.type, resource.path, facts?.via ?? []]);
    const before = byQuestion.get(key);
    byQuestion.set(key, before === undefined ? evaluation : bothColumns(before, evaluation));
  }
  return [...byQuestion.values()];
}

function bothColumns(one: Evaluation, other: Evaluation): Evaluation {
  const [before, after] = [one.facts?.columns, other.facts?.columns];
  if (before === undefined && after === undefined) return one;
  const columns = Object.freeze([...new Set([...(before ?? ANY), ...(after ?? ANY)])].sort());
  return Object.freeze({ ...one, facts: Object.freeze({ ...one.facts, columns }) });
}

/** The uses of several texts together; nothing is known when one of them is not. */
export function together(all: readonly ColumnUses[]): ColumnUses {
  const [first, ...more] = all;
  if (first !== undefined && more.length === 0) return first;
  if (!all.every(({ complete }) => complete)) return NOTHING_KNOWN;
  const known = new Map(
    all.flatMap((one) => one.known.map((name) => [keyOf(name.schema, name.table), name])),
  );
  const uses = new Map<string, ColumnUse>();
  for (const use of all.flatMap((one) => one.uses)) {
    const key = `${keyOf(use.schema, use.table)}\0${use.column}`;
    const before = uses.get(key);
    uses.set(key, before === undefined ? use : bothUses(before, use));
  }
  return Object.freeze({
    complete: true,
    known: Object.freeze([...known.values()]),
    uses: Object.freeze([...uses.values()]),
  });
}

function bothUses(one: ColumnUse, other: ColumnUse): ColumnUse {
  return Object.freeze({
    ...one,
    roles: Object.freeze([...new Set([...one.roles, ...other.roles])]),
    writtenBy: Object.freeze([...new Set([...one.writtenBy, ...other.writtenBy])]),
  });
}
