/** INSERT, UPDATE, DELETE and MERGE: what they read, write and return. */
import type { Levels } from './levels.ts';
import { type RelationRange, type Rows, RowsRange, wholeRow } from './range.ts';
import type { Ranges } from './ranges.ts';
import { inside, type Scope, type Sight } from './scope.ts';
import type { StepShape, WriteShape } from './shape.ts';
import { NOTHING, use } from './source.ts';

export class Writes {
  readonly #levels: Levels;
  readonly #ranges: Ranges;

  constructor(levels: Levels, ranges: Ranges) {
    this.#levels = levels;
    this.#ranges = ranges;
  }

  /** Looks at a write; the rows it returns. */
  rows(shape: WriteShape, top: Scope): Rows {
    const target = this.#ranges.relation(shape.target);
    const range = this.#levels.relation(shape.target);
    const source = shape.source === null ? null : this.#levels.query(shape.source, top);
    // What is stored leaves the statement as much as what is shown.
    if (source !== null) for (const role of ['output', 'store'] as const) use(wholeRow(source), role);
    const scope = inside(top, [target, ...this.#ranges.all(shape.from, top)]);
    for (const step of shape.steps) {
      this.#assign(step, range, source);
      const sights = step.excluded ? [this.#excluded(shape, range, source)] : [];
      const seen = inside(top, [...scope.sights, ...sights]);
      use(this.#levels.terms(step.terms, seen, 'output'), 'store');
      this.#levels.terms(step.conditions, seen, 'filter');
    }
    this.#levels.parts(shape.parts, scope);
    const rows = shape.rowNames.map((name): Sight => ({ range: target.range, name, plain: false }));
    return this.#levels.targets(shape.returning, inside(top, [...scope.sights, ...rows]));
  }

  #assign(step: StepShape, target: RelationRange, source: Rows | null): void {
    for (const relation of target.relations) {
      const columns =
        step.columns?.map((name) => relation.column(name)) ?? this.#first(step.values, relation, source);
      for (const column of columns) {
        use(column.source, 'write');
        use(column.source, step.by);
      }
    }
  }

  /** Without a list, as many columns are written as there are values. */
  #first(values: number | null, relation: RelationRange['relations'][number], source: Rows | null) {
    const { names } = relation;
    if (names === null) return [relation.any];
    const known = values ?? (source === null || source.rest !== null ? names.length : source.columns.length);
    return names.slice(0, known).map((name) => relation.column(name));
  }

  /** The row that was not inserted: it has the target's columns and the source's values. */
  #excluded(shape: WriteShape, target: RelationRange, source: Rows | null): Sight {
    const step = shape.steps[0];
    const names = target.relations.flatMap((relation) => relation.names ?? []);
    const listed = step?.columns ?? names;
    const columns = [...new Set(names)].map((name) => {
      const at = listed.indexOf(name);
      if (source === null || at < 0) return { name, source: NOTHING };
      const value = source.rest === null ? source.columns[at]?.source : wholeRow(source);
      return { name, source: value ?? NOTHING };
    });
    const unknown = target.relations.length !== 1 || target.relations[0]?.names === null;
    const rest = unknown ? (source === null ? NOTHING : wholeRow(source)) : null;
    return {
      range: new RowsRange({ columns, rest }, this.#levels.steps),
      name: 'excluded',
      plain: false,
    };
  }
}
