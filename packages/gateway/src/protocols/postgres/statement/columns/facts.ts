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
const SYSTEM = new Set(['*', 'ctid', 'xmin', 'cmin', 'xmax', 'cmax', 'tableoid']);

/** What must be known of a relation to say which columns of it are used through its parents and children. */
export interface KinRelation {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly (string | null)[];
}

/** Gathers the columns used by a statement's texts, each by the way that leads to it. */
export class ColumnFacts<R extends KinRelation = KinRelation> {
  readonly #relation: (schema: string, name: string) => R | undefined;
  readonly #kin: (relation: R) => readonly R[];
  /** By way and relation; a way with a text of which nothing is known is in `#lost`. */
  readonly #used = new Map<string, ColumnUse[]>();
  readonly #lost = new Set<string>();
  readonly #unknown = new Set<string>();

  constructor(
    relation: (schema: string, name: string) => R | undefined = () => undefined,
    kin: (relation: R) => readonly R[] = () => [],
  ) {
    this.#relation = relation;
    this.#kin = kin;
  }

  /** The columns one text uses. */
  add(via: readonly string[], { complete, known, uses }: ColumnUses): void {
    if (!complete) this.#lost.add(via.join('\0'));
    for (const { schema, table } of known) {
      const key = keyOf(via, schema, table);
      if (!this.#used.has(key)) this.#used.set(key, []);
    }
    for (const use of uses) this.#used.get(keyOf(via, use.schema, use.table))?.push(use);
  }

  /** An action of which it is not known which columns it is about. */
  unknown(action: string, via: readonly string[], schema: string, table: string): void {
    this.#unknown.add(`${action}\0${keyOf(via, schema, table)}`);
  }

  /** The same evaluations, each with the columns it is about; those that have them keep them. */
  of(evaluations: readonly Evaluation[]): readonly Evaluation[] {
    const asked = new Set(
      evaluations.map(({ action, resource: { path }, facts }) =>
        JSON.stringify([action, path[1], path[2], facts?.via ?? []]),
      ),
    );
    return evaluations.map((evaluation) => {
      const { action, resource, facts } = evaluation;
      const { path, type } = resource;
      if (ABOUT[action] === undefined || type !== 'Table' || facts?.columns !== undefined) return evaluation;
      const columns = this.#columns(action, path[1] ?? '', path[2] ?? '', facts?.via ?? [], asked);
      return Object.freeze({ ...evaluation, facts: Object.freeze({ ...facts, columns }) });
    });
  }

  #columns(
    action: string,
    schema: string,
    table: string,
    via: readonly string[],
    asked: ReadonlySet<string>,
  ): readonly string[] {
    const key = keyOf(via, schema, table);
    const about = ABOUT[action] ?? (() => true);
    if (this.#lost.has(via.join('\0')) || this.#unknown.has(`${action}\0${key}`)) return ANY;
    const used = this.#used.get(key);
    const found: (readonly string[])[] = [];
    if (used !== undefined) found.push(used.filter(about).map(({ column }) => column));
    const relation = via.length === 0 ? undefined : this.#relation(schema, table);
    for (const kin of relation === undefined ? [] : this.#kin(relation)) {
      // A row of a table is a row of its parents: it is used by the same names.
      const name = `${kin.schema}.${kin.name}`;
      const before = via.filter((one) => one !== name);
      if (before.length === via.length) continue;
      if (!asked.has(JSON.stringify([action, kin.schema, kin.name, before]))) continue;
      const names = this.#columns(action, kin.schema, kin.name, before, asked);
      found.push(names.filter((one) => SYSTEM.has(one) || relation?.columns.includes(one) === true));
    }
    return found.length === 0 ? ANY : sorted(found.flat());
  }
}

/** The evaluations of one text, with the columns they are about. */
export function withColumns(evaluations: readonly Evaluation[], uses: ColumnUses): readonly Evaluation[] {
  const facts = new ColumnFacts();
  facts.add([], uses);
  return facts.of(evaluations);
}

function keyOf(via: readonly string[], schema: string, table: string): string {
  return JSON.stringify([via, schema, table]);
}

function sorted(names: readonly string[]): readonly string[] {
  return Object.freeze([...new Set(names)].sort());
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
  const columns = sorted([...(before ?? ANY), ...(after ?? ANY)]);
  return Object.freeze({ ...one, facts: Object.freeze({ ...one.facts, columns }) });
}

/** The uses of several texts together; nothing is known when one of them is not. */
export function together(all: readonly ColumnUses[]): ColumnUses {
  const [first, ...more] = all;
  if (first !== undefined && more.length === 0) return first;
  if (!all.every(({ complete }) => complete)) return NOTHING_KNOWN;
  const known = new Map(
    all.flatMap((one) => one.known.map((name) => [keyOf([], name.schema, name.table), name])),
  );
  const uses = new Map<string, ColumnUse>();
  for (const use of all.flatMap((one) => one.uses)) {
    const key = JSON.stringify([use.schema, use.table, use.column]);
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
