/** Puts the ranges of a FROM clause in sight, as transformFromClause does. */
import type { Levels } from './levels.ts';
import { type Column, JoinedRange, type Range, type Rows, RowsRange, renamed, wholeRow } from './range.ts';
import { cteNamed, inside, type Scope, type Sight } from './scope.ts';
import type { JoinRange, RangeShape, RelationRange } from './shape.ts';
import { ANYTHING, madeOf, oneOf, type Source, use } from './source.ts';

export class Ranges {
  readonly #levels: Levels;

  constructor(levels: Levels) {
    this.#levels = levels;
  }

  /** All of a FROM clause; LATERAL sees what stands left of it. */
  all(shapes: readonly RangeShape[], top: Scope, left: readonly Sight[] = []): Sight[] {
    const sights: Sight[] = [];
    for (const shape of shapes) sights.push(...this.#sights(shape, top, [...left, ...sights]));
    return sights;
  }

  /** The sights of one range: one, or for a join those of both its sides and the join's own. */
  #sights(shape: RangeShape, top: Scope, left: readonly Sight[]): Sight[] {
    switch (shape.kind) {
      case 'relation':
        return [this.#relation(shape, top)];
      case 'query': {
        // What stands left is there for LATERAL alone; everyone else looks right past it.
        const rows = this.#levels.query(shape.query, inside(top, shape.lateral ? left : []));
        const names = shape.alias?.columns ?? [];
        return [this.#levels.sightOf(renamed(rows, names), shape.alias?.name ?? null)];
      }
      case 'computed': {
        const source = this.#levels.terms(shape.terms, inside(top, left), 'other');
        // How many rows there are depends on what they are made of.
        use(source, 'compute');
        const open = shape.open || source.opaque;
        const columns = shape.columns.map((name): Column => ({ name, source }));
        const rows = renamed({ columns, rest: open ? source : null }, shape.alias?.columns ?? []);
        return [this.#levels.sightOf(rows, shape.alias?.name ?? shape.name)];
      }
      case 'join':
        return this.#join(shape, top, left);
    }
  }

  #relation(shape: RelationRange, top: Scope): Sight {
    const { alias, name, schema } = shape;
    const cte = schema === null ? cteNamed(name, top) : undefined;
    this.#levels.terms(shape.sample, top, 'filter');
    if (cte !== undefined) {
      const rows = renamed(this.#levels.withQueries.rows(cte), alias?.columns ?? []);
      return this.#levels.sightOf(rows, alias?.name ?? name);
    }
    return this.relation(shape);
  }

  /** A relation that cannot be a WITH query. */
  relation(shape: RelationRange): Sight {
    const range = this.#levels.relation(shape);
    const { alias, name } = shape;
    return { range, name: alias?.name ?? name, plain: true, ...(alias === null ? { relation: range } : {}) };
  }

  #join(shape: JoinRange, top: Scope, left: readonly Sight[]): Sight[] {
    const lefts = this.#sights(shape.left, top, left);
    const rights = this.#sights(shape.right, top, [...left, ...lefts]);
    const [one, other] = [plainOf(lefts), plainOf(rights)];
    const merged = this.#merged(shape, one, other);
    this.#levels.terms(shape.on, inside(top, [...lefts, ...rights]), 'join');
    const range = new JoinedRange(one, other, merged);
    const { alias, usingAlias } = shape;
    // An alias hides what is joined; without one only the columns are found through the join.
    if (alias !== null) {
      return [this.#levels.sightOf(renamed(range.rows(), alias.columns), alias.name)];
    }
    const using: Rows = { columns: merged, rest: null };
    return [
      ...[...lefts, ...rights].map((sight) => ({ ...sight, plain: false })),
      { range, name: null, plain: true },
      ...(usingAlias === null
        ? []
        : [{ range: new RowsRange(using, this.#levels.steps), name: usingAlias, plain: false }]),
    ];
  }

  /** The columns both sides share in USING and NATURAL; each is compared. */
  #merged(shape: JoinRange, one: Range, other: Range): Column[] {
    if (shape.natural) return this.#natural(shape, one, other);
    return shape.using.map((name) => this.#mergedColumn(shape, name, one, other));
  }

  #natural(shape: JoinRange, one: Range, other: Range): Column[] {
    const [left, right] = [one.rows(), other.rows()];
    // Columns that are not known may be shared as well.
    if (left.rest !== null || right.rest !== null) {
      for (const rows of [left, right]) this.#compare(wholeRow(rows));
    }
    const shared = new Set(right.columns.map(({ name }) => name));
    const names = new Set(
      left.columns.flatMap(({ name }) => (name !== null && shared.has(name) ? [name] : [])),
    );
    return [...names].map((name) => this.#mergedColumn(shape, name, one, other));
  }

  #mergedColumn(shape: JoinRange, name: string, one: Range, other: Range): Column {
    const [left, right] = [one, other].map((range) => range.find(name)?.source ?? lost(range));
    const both = [left ?? ANYTHING, right ?? ANYTHING];
    for (const source of both) this.#compare(source);
    const [first, second] = both;
    const source = shape.keeps === 'left' ? first : shape.keeps === 'right' ? second : oneOf(both);
    return { name, source: source ?? ANYTHING };
  }

  #compare(source: Source): void {
    for (const column of source.columns) column.read = true;
    use(source, 'join');
  }
}

/** A name the range must have, though nothing is known of it. */
function lost(range: Range): Source {
  return madeOf([ANYTHING, wholeRow(range.rows())]);
}

/** The range in which unqualified columns of one side of a join are found. */
function plainOf(sights: readonly Sight[]): Range {
  const plain = sights.find((sight) => sight.plain);
  if (plain === undefined) throw new TypeError('a side of a join has no columns');
  return plain.range;
}
