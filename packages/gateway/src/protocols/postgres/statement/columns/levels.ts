/** Walks the levels of a shape and notes what each column is used for. */
import type { ColumnCatalog } from './column-use.ts';
import { type Column, either, RelationRange, type Rows, RowsRange, united, wholeRow } from './range.ts';
import { Ranges } from './ranges.ts';
import { Finder, inside, type Scope, type Sight } from './scope.ts';
import {
  COLUMN_DEPTH,
  type KeyShape,
  type PartShape,
  type QueryShape,
  type RelationRange as RelationShape,
  type SelectShape,
  type SetShape,
  type StatementShape,
  type TargetShape,
  type Term,
  type ValuesShape,
} from './shape.ts';
import {
  ANYTHING,
  aggregate,
  type BaseRelation,
  derived,
  madeOf,
  NOTHING,
  BaseRelation as Relation,
  type Source,
  type Steps,
  sizeOf,
  TooMuchWork,
  touch,
  use,
} from './source.ts';
import { WithQueries } from './with-queries.ts';
import { Writes } from './writes.ts';

/** What an expression's value is for: `output` when it leaves, `value` when that is not known yet. */
export type Place = PartShape['use'] | 'output';

export class Levels {
  readonly steps: Steps;
  readonly #catalog: ColumnCatalog;
  readonly #byName = new Map<string, BaseRelation>();
  readonly #finder: Finder;
  readonly #ranges: Ranges;
  readonly #writes: Writes;
  readonly withQueries: WithQueries;
  #loseAll = false;
  #depth = 0;

  constructor(catalog: ColumnCatalog, steps: Steps) {
    this.steps = steps;
    this.#catalog = catalog;
    this.#finder = new Finder(catalog, () => this.relations);
    this.#ranges = new Ranges(this);
    this.#writes = new Writes(this, this.#ranges);
    this.withQueries = new WithQueries(this);
  }

  /** Every relation there is in the text. */
  get relations(): Iterable<BaseRelation> {
    return this.#byName.values();
  }

  /** Looks at one statement; the rows of each of its queries. */
  statement({ queries, loose, reads, goes }: StatementShape): readonly Rows[] {
    const rows = queries.map((query) => {
      const result = this.query(query, null);
      const all = wholeRow(result);
      use(all, 'output');
      if (goes !== 'client') use(all, goes === 'store' ? 'store' : 'compute');
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
    const rows = this.#query(shape, this.withQueries.scope(shape.ctes, shape.recursive, outer));
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
    let foreign = false;
    for (const term of terms) {
      const source = this.#term(term, scope);
      this.steps.spend(sizeOf(source));
      touch(source);
      foreign ||= term.kind === 'call' && this.#catalog.mayCall(term.schema, term.name);
      if (term.use === 'value' || term.use === 'computed') {
        if (term.use === 'computed') use(source, 'compute');
        if (place !== 'value' && place !== 'aggregate') use(source, place);
        if (place === 'aggregate') use(source, 'aggregate');
        values.push(source);
      } else if (term.use === 'aggregate') {
        use(source, 'aggregate');
        if (place !== 'value' && place !== 'output') use(source, place);
        values.push(aggregate(source));
      } else use(source, term.use);
    }
    const value = madeOf(values);
    // Somebody's function does with its arguments what it likes.
    if (foreign) use(value, 'compute');
    return value;
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

  sightOf(rows: Rows, name: string | null): Sight {
    return { range: new RowsRange(rows, this.steps), name, plain: true };
  }
}
