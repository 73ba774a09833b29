/** Walks the levels of a shape and notes what each column is used for. */
import type { ColumnCatalog } from './column-use.ts';
import { type Column, either, RelationRange, type Rows, RowsRange, renamed, wholeRow } from './range.ts';
import { Ranges } from './ranges.ts';
import { type Cte, cteNamed, Finder, inside, NO_CTES, type Scope, type Sight } from './scope.ts';
import {
  COLUMN_DEPTH,
  type CteShape,
  type KeyShape,
  type PartShape,
  type QueryShape,
  type RelationRange as RelationShape,
  type SelectShape,
  type SetShape,
  type StatementShape,
  type TargetShape,
  type Term,
  type Use,
  type ValuesShape,
} from './shape.ts';
import {
  ANYTHING,
  aggregate,
  type BaseRelation,
  derived,
  madeOf,
  NOTHING,
  oneOf,
  BaseRelation as Relation,
  type Source,
  type Steps,
  sizeOf,
  TooMuchWork,
  touch,
  use,
} from './source.ts';
import { Writes } from './writes.ts';

/** What an expression's value is for: `output` when it leaves, `value` when that is not known yet. */
export type Place = Use | 'output';

/** Times a recursive query is looked at before its columns are taken to be made of all of it. */
export const RECURSION_ROUNDS = 8;

export class Levels {
  readonly steps: Steps;
  readonly #catalog: ColumnCatalog;
  readonly #byName = new Map<string, BaseRelation>();
  readonly #finder: Finder;
  readonly #ranges: Ranges;
  readonly #writes: Writes;
  #loseAll = false;
  #depth = 0;

  constructor(catalog: ColumnCatalog, steps: Steps) {
    this.steps = steps;
    this.#catalog = catalog;
    this.#finder = new Finder(catalog, () => this.relations);
    this.#ranges = new Ranges(this);
    this.#writes = new Writes(this, this.#ranges);
  }

  /** Every relation there is in the text. */
  get relations(): Iterable<BaseRelation> {
    return this.#byName.values();
  }

  /** Looks at one statement; the rows of each of its queries. */
  statement({ queries, loose, reads }: StatementShape): readonly Rows[] {
    const rows = queries.map((query) => {
      const result = this.query(query, null);
      use(wholeRow(result), 'output');
      return result;
    });
    if (loose.length > 0) this.terms(loose, inside(null, []), 'other');
    this.#loseAll ||= reads;
    return rows;
  }

  /** After the last statement. */
  finish(): void {
    if (this.#loseAll) this.#finder.loseAll();
  }

  /** Looks at a query; its rows, which are not used for anything yet. */
  query(shape: QueryShape, outer: Scope | null): Rows {
    this.#depth += 1;
    // WITH queries may lead from one to the next, however flat they are written.
    if (this.#depth > 2 * COLUMN_DEPTH) throw new TooMuchWork();
    const rows = this.#query(shape, this.#with(shape.ctes, shape.recursive, outer));
    this.steps.spend(1 + rows.columns.length);
    this.#depth -= 1;
    return rows;
  }

  #query(shape: QueryShape, scope: Scope): Rows {
    switch (shape.kind) {
      case 'select':
        return this.#select(shape, scope);
      case 'values':
        return this.#values(shape, scope);
      case 'set':
        return this.#set(shape, scope);
      case 'write':
        return this.#writes.rows(shape, scope);
    }
  }

  /** The relations a name may stand for, in a range that is no WITH query. */
  relation({ schema, name, alias }: RelationShape): RelationRange {
    const relations = this.#catalog.relations(schema, name).map((candidate) => {
      const key = JSON.stringify([candidate.schema, candidate.table]);
      const known = this.#byName.get(key) ?? new Relation(candidate, this.steps);
      this.#byName.set(key, known);
      return known;
    });
    return new RelationRange(relations, alias?.columns ?? []);
  }

  /** The value of an expression, after noting what it is made of as used for `place`. */
  terms(terms: readonly Term[], scope: Scope, place: Place): Source {
    const values: Source[] = [];
    for (const term of terms) {
      const source = this.#term(term, scope);
      this.steps.spend(sizeOf(source));
      touch(source);
      if (term.use === 'value') {
        if (place !== 'value' && place !== 'aggregate') use(source, place);
        if (place === 'aggregate') use(source, 'aggregate');
        values.push(source);
      } else if (term.use === 'aggregate') {
        use(source, 'aggregate');
        if (place !== 'value' && place !== 'output') use(source, place);
        values.push(aggregate(source));
      } else use(source, term.use);
    }
    return madeOf(values);
  }

  #term(term: Term, scope: Scope): Source {
    switch (term.kind) {
      case 'column':
        return this.#finder.source(term, scope);
      case 'query': {
        const rows = this.query(term.query, scope);
        return term.exists ? NOTHING : wholeRow(rows);
      }
      case 'call':
        return term.reads || this.#catalog.mayCall(term.schema, term.name) ? ANYTHING : NOTHING;
      case 'relation':
        return derived(
          this.relation({ kind: 'relation', schema: term.schema, name: term.name, alias: null, sample: [] })
            .all,
        );
    }
  }

  parts(parts: readonly PartShape[], scope: Scope): void {
    for (const part of parts) this.terms(part.terms, scope, part.use);
  }

  /** The output columns of a level. */
  targets(targets: readonly TargetShape[], scope: Scope): Rows {
    const columns: Column[] = [];
    const rests: Source[] = [];
    for (const target of targets) {
      const [term] = target.terms;
      const simple = target.terms.length === 1 && term?.kind === 'column' ? term : null;
      if (target.star && simple !== null) {
        const rows = this.#finder.star(simple, scope);
        const all = wholeRow(rows);
        this.steps.spend(sizeOf(all) + rows.columns.length);
        touch(all);
        for (const column of rows.columns) columns.push(column);
        if (rows.rest !== null) rests.push(rows.rest);
      } else if (target.direct && simple !== null) {
        const source = this.#finder.source(simple, scope);
        this.steps.spend(sizeOf(source));
        touch(source);
        columns.push({ name: target.name, source });
      } else {
        const source = this.terms(target.terms, scope, 'value');
        if (target.star) rests.push(source);
        else columns.push({ name: target.name, source });
      }
    }
    return { columns, rest: rests.length > 0 ? madeOf(rests) : null };
  }

  #select(shape: SelectShape, top: Scope): Rows {
    const scope = inside(top, this.#ranges.all(shape.from, top));
    this.parts(shape.parts, scope);
    const rows = this.targets(shape.targets, scope);
    for (const key of shape.keys) this.#key(key, rows, scope);
    if (shape.distinct) use(wholeRow(rows), 'group');
    return rows;
  }

  #values(shape: ValuesShape, top: Scope): Rows {
    const columns = shape.columns.map((terms, position) => {
      return { name: `column${position + 1}`, source: this.terms(terms, top, 'value') };
    });
    return this.#ordered(shape, { columns, rest: null }, top);
  }

  #set(shape: SetShape, top: Scope): Rows {
    const rows = united(shape.branches.map((branch) => this.query(branch, top)));
    if (shape.distinct) use(wholeRow(rows), 'group');
    if (shape.selective) use(wholeRow(rows), 'filter');
    return this.#ordered(shape, rows, top);
  }

  /** ORDER BY and LIMIT of rows that have no ranges: only their own columns are in sight. */
  #ordered(shape: ValuesShape | SetShape, rows: Rows, top: Scope): Rows {
    const scope = inside(top, [{ range: new RowsRange(rows, this.steps), name: null, plain: true }]);
    this.parts(shape.parts, scope);
    for (const key of shape.keys) this.#key(key, rows, scope);
    return rows;
  }

  /** What a key stands for, as findTargetlistEntrySQL92 has it: a position, an output column or an expression. */
  #key(key: KeyShape, rows: Rows, scope: Scope): void {
    if (key.ordinal !== null) {
      const column = rows.rest === null ? rows.columns[key.ordinal - 1] : undefined;
      const source = column?.source ?? wholeRow(rows);
      this.steps.spend(sizeOf(source));
      use(source, key.use);
      return;
    }
    const { name } = key;
    if (name !== null) {
      const inputs = scope.sights.map(({ plain, range }) => (plain ? range.find(name) : null));
      const input = key.inputFirst ? either(inputs) : null;
      const output = input?.certain === true ? null : new RowsRange(rows, this.steps).find(name);
      if (output !== null) {
        this.steps.spend(sizeOf(output.source));
        use(output.source, key.use);
      }
      if (output?.certain === true && input === null) return;
    }
    this.terms(key.terms, scope, key.use);
  }

  /** A level with its WITH queries in sight. */
  #with(shapes: readonly CteShape[], recursive: boolean, outer: Scope | null): Scope {
    if (shapes.length === 0) return { outer, sights: [], ctes: NO_CTES };
    const ctes = new Map<string, Cte>();
    const scope: Scope = { outer, sights: [], ctes };
    const made = shapes.map((shape): Cte => {
      return { shape, scope, recursive, state: 'waiting', rows: null, circular: false };
    });
    // Only in WITH RECURSIVE does a query see itself and those after it (parse_cte.c).
    if (recursive) for (const cte of made) ctes.set(cte.shape.name, cte);
    for (const cte of made) {
      this.cteRows(cte);
      ctes.set(cte.shape.name, cte);
    }
    return scope;
  }

  cteOf(name: string, scope: Scope): Cte | undefined {
    return cteNamed(name, scope);
  }

  cteRows(cte: Cte): Rows {
    if (cte.state === 'done' || cte.state === 'under-way') {
      if (cte.state === 'under-way') cte.circular = true;
      return cte.rows ?? { columns: [], rest: ANYTHING };
    }
    cte.state = 'under-way';
    const { shape, scope } = cte;
    if (cte.recursive && shape.query.kind === 'set') this.#recursion(cte, shape.query);
    else cte.rows = this.#finished(shape, this.query(shape.query, scope));
    cte.state = 'done';
    return cte.rows ?? { columns: [], rest: ANYTHING };
  }

  /** The first branch begins; then all of it is looked at again for as long as its columns grow. */
  #recursion(cte: Cte, query: SetShape): void {
    const { shape, scope } = cte;
    const first = query.branches[0];
    const top = this.#with(query.ctes, query.recursive, scope);
    const begin = first === undefined ? { columns: [], rest: ANYTHING } : this.query(first, top);
    cte.rows = this.#finished(shape, begin);
    for (let round = 1; ; round += 1) {
      const before = cte.rows;
      const after = this.#finished(shape, this.query(query, scope));
      if (!cte.circular) {
        cte.rows = after;
        return;
      }
      const grown = united([before, after]);
      if (sameSize(before, grown)) return;
      cte.rows = round < RECURSION_ROUNDS ? grown : allOfIt(grown);
      if (round > RECURSION_ROUNDS) return;
    }
  }

  /** The rows of a WITH query by its names, with what SEARCH and CYCLE compare and add. */
  #finished(shape: CteShape, rows: Rows): Rows {
    const named = renamed(rows, shape.columns);
    const range = new RowsRange(named, this.steps);
    const compared = shape.compares.flatMap(({ use: role, columns }) =>
      columns.map((name) => {
        const source = range.find(name)?.source ?? ANYTHING;
        use(source, role);
        return source;
      }),
    );
    const source = madeOf(compared);
    const added = shape.adds.map((name): Column => ({ name, source }));
    return { columns: [...named.columns, ...added], rest: named.rest };
  }

  sightOf(rows: Rows, name: string | null): Sight {
    return { range: new RowsRange(rows, this.steps), name, plain: true };
  }
}

/** Rows of several queries one under the other, named by the first. */
function united(all: readonly Rows[]): Rows {
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

function sameSize(one: Rows, other: Rows): boolean {
  return (
    one.columns.length === other.columns.length &&
    one.columns.every(({ source }, at) => {
      const grown = other.columns[at]?.source ?? ANYTHING;
      return (
        source.columns.size === grown.columns.size &&
        source.aggregated.size === grown.aggregated.size &&
        source.opaque === grown.opaque &&
        source.direct === grown.direct
      );
    })
  );
}

/** Each column made of everything in all of them: it cannot grow further. */
function allOfIt(rows: Rows): Rows {
  const source = wholeRow(rows);
  return { columns: rows.columns.map(({ name }) => ({ name, source })), rest: rows.rest };
}
