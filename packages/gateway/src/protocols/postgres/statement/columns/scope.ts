/** Names an expression can see, level by level as parse_relation.c looks them up, and what a reference stands for. */
import type { ColumnCatalog } from './column-use.ts';
import { either, type Found, type Range, type RelationRange, type Rows, wholeRow } from './range.ts';
import type { ColumnTerm, CteShape } from './shape.ts';
import { ANYTHING, type BaseRelation, derived, madeOf, oneOf, type Source, use } from './source.ts';

/** A range in sight. */
export interface Sight {
  readonly range: Range;
  /** The name it is qualified by; null for none. */
  readonly name: string | null;
  /** Whether its columns are found without a qualifier. */
  readonly plain: boolean;
  /** Set for a relation without an alias: `schema.table.column` finds it as well. */
  readonly relation?: RelationRange;
}

/** One level of names. What is not found in it is looked for in `outer`. */
export interface Scope {
  readonly outer: Scope | null;
  readonly sights: readonly Sight[];
  readonly ctes: ReadonlyMap<string, Cte>;
}

/** A WITH query; `rows` once it has been looked at. */
export interface Cte {
  readonly shape: CteShape;
  readonly scope: Scope;
  readonly recursive: boolean;
  state: 'waiting' | 'under-way' | 'done';
  rows: Rows | null;
  /** Whether it refers to itself. */
  circular: boolean;
}

export const NO_CTES: ReadonlyMap<string, Cte> = new Map();

export function inside(outer: Scope | null, sights: readonly Sight[]): Scope {
  return { outer, sights, ctes: NO_CTES };
}

export function cteNamed(name: string, scope: Scope): Cte | undefined {
  for (let at: Scope | null = scope; at !== null; at = at.outer) {
    const cte = at.ctes.get(name);
    if (cte !== undefined) return cte;
  }
  return undefined;
}

/** Finds what column references stand for. */
export class Finder {
  readonly #catalog: ColumnCatalog;
  /** Every relation of the text so far. */
  readonly #relations: () => Iterable<BaseRelation>;

  constructor(catalog: ColumnCatalog, relations: () => Iterable<BaseRelation>) {
    this.#catalog = catalog;
    this.#relations = relations;
  }

  /** What an expression's reference is made of. */
  source(term: ColumnTerm, scope: Scope): Source {
    const { names, field } = term;
    if (term.star) return wholeRow(this.star(term, scope));
    return this.#reference(names, field, scope) ?? this.#lost();
  }

  /** The columns that `*`, `t.*` or `(x).*` stands for. */
  star({ names, field }: ColumnTerm, scope: Scope): Rows {
    if (names.length === 0) return joined(scope.sights.filter(({ plain }) => plain));
    const sights = field === null ? this.#qualified(names, scope) : [];
    if (sights.length > 0) return joined(sights);
    // The fields of a composite column.
    const source = this.#reference(names, field, scope) ?? this.#lost();
    return { columns: [], rest: derived(source) };
  }

  #reference(names: readonly string[], field: string | null, scope: Scope): Source | null {
    const column = names.at(-1) ?? '';
    if (names.length > 1) {
      const sights = this.#qualified(names.slice(0, -1), scope);
      // Only in parentheses may a field follow a column.
      if (sights.length > 0) return take(this.#field(sights, column), field);
      const rows = this.#qualified(names, scope);
      return rows.length === 0 ? null : this.#rowOf(rows, field);
    }
    const found: Source[] = [];
    for (let at: Scope | null = scope; at !== null; at = at.outer) {
      const here = either(at.sights.map(({ range, plain }) => (plain ? range.find(column) : null)));
      if (here === null) continue;
      found.push(take(here.source, field));
      if (here.certain) return oneOf(found);
    }
    const sights = this.#qualified(names, scope);
    if (sights.length > 0) found.push(this.#rowOf(sights, field));
    return found.length === 0 ? null : oneOf(found);
  }

  /** A whole row, or one field of it. */
  #rowOf(sights: readonly Sight[], field: string | null): Source {
    return field === null ? wholeRow(joined(sights)) : this.#field(sights, field);
  }

  /** A column of these ranges; when there is none by the name, a function of it on the whole row. */
  #field(sights: readonly Sight[], name: string): Source {
    return oneOf(
      sights.map(({ range }) => {
        const found: Found | null = range.find(name);
        if (found?.certain === true) return found.source;
        const called = wholeRow(range.rows());
        const opaque = called.opaque || this.#catalog.mayCall(null, name);
        return madeOf([{ ...called, opaque }, ...(found === null ? [] : [found.source])]);
      }),
    );
  }

  /** The ranges that `[schema.]name` qualifies: those of the nearest level that has any. */
  #qualified(names: readonly string[], scope: Scope): Sight[] {
    const [name = '', schema] = [...names].reverse();
    const found: Sight[] = [];
    for (let at: Scope | null = scope; at !== null; at = at.outer) {
      const here = at.sights.filter((sight) =>
        schema === undefined ? sight.name === name : isRelation(sight, schema, name),
      );
      found.push(...here);
      const certain = here.some(({ relation }) => schema === undefined || relation?.relations.length === 1);
      if (certain) return found;
    }
    return found;
  }

  /** A reference to nothing that is known may be to any column of anything. */
  #lost(): Source {
    return this.#catalog.parameters === true ? ANYTHING : this.#all();
  }

  #all(): Source {
    const all = [...this.#relations()].map(({ any }) => any.source);
    return madeOf([ANYTHING, ...all]);
  }

  /** Marks every relation of the text as used in a way that is not known. */
  loseAll(): void {
    use(this.#all(), 'other');
  }
}

/** A field of a composite column. */
function take(source: Source, field: string | null): Source {
  return field === null ? source : derived(source);
}

function isRelation({ name, relation }: Sight, schema: string, table: string): boolean {
  return name === table && relation?.relations.some((one) => one.schema === schema) === true;
}

function joined(sights: readonly Sight[]): Rows {
  const [first, ...others] = sights.map(({ range }) => range.rows());
  if (first !== undefined && others.length === 0) return first;
  const all = first === undefined ? [] : [first, ...others];
  const rests = all.flatMap(({ rest }) => (rest === null ? [] : [rest]));
  return { columns: all.flatMap(({ columns }) => columns), rest: rests.length > 0 ? madeOf(rests) : null };
}
