/** Ranges of a FROM clause with their columns: what a name in an expression can be found in. */
import { ANYTHING, type BaseRelation, derived, madeOf, oneOf, type Source, type Steps } from './source.ts';

/** A column of a range; a name of null may be any. */
export interface Column {
  readonly name: string | null;
  readonly source: Source;
}

/** Rows of a range or a query. */
export interface Rows {
  readonly columns: readonly Column[];
  /** When there may be more columns than these, in any place among them: what those are made of. */
  readonly rest: Source | null;
}

/** What a name stands for in a range; `certain` when the range has a column of the name whatever the catalog hides. */
export interface Found {
  readonly source: Source;
  readonly certain: boolean;
}

export interface Range {
  find(name: string): Found | null;
  rows(): Rows;
}

/** Everything in rows, as one value: a whole row. */
export function wholeRow({ columns, rest }: Rows): Source {
  return madeOf([...columns.map(({ source }) => source), ...(rest === null ? [] : [rest])]);
}

/** Rows under the names of an alias: it renames as many columns as it lists. */
export function renamed(rows: Rows, names: readonly string[]): Rows {
  if (names.length === 0) return rows;
  if (rows.rest === null) {
    return { columns: rows.columns.map((one, at) => ({ ...one, name: names[at] ?? one.name })), rest: null };
  }
  // Which column is the n-th is not known.
  const all = wholeRow(rows);
  return { columns: names.map((name) => ({ name, source: all })), rest: all };
}

/** Rows of a query, or of functions. */
export class RowsRange implements Range {
  readonly #rows: Rows;
  readonly #steps: Steps;

  constructor(rows: Rows, steps: Steps) {
    this.#rows = rows;
    this.#steps = steps;
  }

  find(name: string): Found | null {
    const { columns, rest } = this.#rows;
    this.#steps.spend(columns.length + 1);
    const named = columns.filter((column) => column.name === name);
    if (named.length > 0) return { source: oneOf(named.map(({ source }) => source)), certain: true };
    const nameless = columns.filter((column) => column.name === null).map(({ source }) => source);
    if (rest !== null) nameless.push(derived(rest));
    return nameless.length > 0 ? { source: oneOf(nameless), certain: false } : null;
  }

  rows(): Rows {
    return this.#rows;
  }
}

/** Everything a relation's name may stand for, because any search path the session had stays possible. */
export class RelationRange implements Range {
  readonly relations: readonly BaseRelation[];
  readonly #names: readonly string[];

  constructor(relations: readonly BaseRelation[], names: readonly string[]) {
    this.relations = relations;
    this.#names = names;
  }

  find(name: string): Found | null {
    const found: Source[] = [];
    let certain = this.relations.length > 0;
    for (const relation of this.relations) {
      const source = this.#in(relation, name);
      if (source !== null) found.push(source);
      certain &&= source !== null && relation.names !== null;
    }
    return found.length > 0 ? { source: oneOf(found), certain } : null;
  }

  #in(relation: BaseRelation, name: string): Source | null {
    const { names } = relation;
    const renamedTo = this.#names.indexOf(name);
    relation.steps.spend(1);
    if (names === null) return renamedTo < 0 ? relation.column(name).source : relation.any.source;
    if (renamedTo >= 0) {
      const own = names[renamedTo];
      if (own !== undefined) return relation.column(own).source;
    }
    const known = relation.position(name) >= this.#names.length || relation.hasSystem(name);
    return known ? relation.column(name).source : null;
  }

  rows(): Rows {
    const [first, ...others] = this.relations;
    if (first === undefined) return { columns: [], rest: { ...madeOf([]), opaque: true } };
    const same = others.every((one) => one.names?.join('\0') === first.names?.join('\0'));
    if (first.names === null || !same) {
      return renamed({ columns: [], rest: this.all }, this.#names);
    }
    first.steps.spend(first.names.length * this.relations.length);
    const columns = first.names.map((name) => {
      return { name, source: oneOf(this.relations.map((one) => one.column(name).source)) };
    });
    return renamed({ columns, rest: null }, this.#names);
  }

  /** All columns of all of them. */
  get all(): Source {
    for (const { names, steps } of this.relations) steps.spend(names?.length ?? 1);
    return madeOf(
      this.relations.flatMap((one) =>
        one.names === null ? [one.any.source] : one.names.map((name) => one.column(name).source),
      ),
    );
  }
}

/** Two ranges side by side, and columns that are merged of both. */
export class JoinedRange implements Range {
  readonly #left: Range;
  readonly #right: Range;
  readonly merged: readonly Column[];

  constructor(left: Range, right: Range, merged: readonly Column[]) {
    this.#left = left;
    this.#right = right;
    this.merged = merged;
  }

  find(name: string): Found | null {
    const merged = this.merged.find((column) => column.name === name);
    if (merged !== undefined) return { source: merged.source, certain: true };
    return either([this.#left.find(name), this.#right.find(name)]);
  }

  rows(): Rows {
    const [left, right] = [this.#left.rows(), this.#right.rows()];
    const names = new Set(this.merged.map(({ name }) => name));
    const own = [...left.columns, ...right.columns].filter(({ name }) => !names.has(name));
    const rests = [left.rest, right.rest].filter((rest) => rest !== null);
    return { columns: [...this.merged, ...own], rest: rests.length > 0 ? madeOf(rests) : null };
  }
}

/** What a name found in several ranges of a level stands for: where one has it for certain, no other may. */
export function either(found: readonly (Found | null)[]): Found | null {
  const all = found.filter((one) => one !== null);
  const certain = all.filter((one) => one.certain);
  const [first, ...more] = certain.length > 0 ? certain : all;
  if (first === undefined || more.length === 0) return first ?? null;
  return { source: oneOf([first, ...more].map(({ source }) => source)), certain: first.certain };
}

/** Rows of several queries one under the other, named by the first. */
export function united(all: readonly Rows[]): Rows {
  const [first, ...others] = all;
  if (first === undefined) return { columns: [], rest: ANYTHING };
  const regular = all.every(({ columns, rest }) => rest === null && columns.length === first.columns.length);
  if (!regular) {
    const source = madeOf(all.map(wholeRow));
    return { columns: first.columns.map(({ name }) => ({ name, source })), rest: source };
  }
  const columns = first.columns.map(({ name, source }, at) => {
    return { name, source: oneOf([source, ...others.map(({ columns }) => columns[at]?.source ?? ANYTHING)]) };
  });
  return { columns, rest: null };
}
