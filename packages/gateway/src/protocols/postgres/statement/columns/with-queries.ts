/** WITH: puts its queries in sight, and finds out what the columns of recursive ones are made of. */
import type { Levels } from './levels.ts';
import { type Column, type Rows, RowsRange, renamed, united, wholeRow } from './range.ts';
import { type Cte, NO_CTES, type Scope } from './scope.ts';
import type { CteShape, SetShape } from './shape.ts';
import { ANYTHING, madeOf, use } from './source.ts';

/** Times a recursive query is looked at before its columns are taken to be made of all of it. */
export const RECURSION_ROUNDS = 8;

export class WithQueries {
  readonly #levels: Levels;

  constructor(levels: Levels) {
    this.#levels = levels;
  }

  /** A level with its WITH queries in sight. */
  scope(shapes: readonly CteShape[], recursive: boolean, outer: Scope | null): Scope {
    if (shapes.length === 0) return { outer, sights: [], ctes: NO_CTES };
    const ctes = new Map<string, Cte>();
    const scope: Scope = { outer, sights: [], ctes };
    const made = shapes.map((shape): Cte => {
      return { shape, scope, recursive, state: 'waiting', rows: null, circular: false };
    });
    // Only in WITH RECURSIVE does a query see itself and those after it (parse_cte.c).
    if (recursive) for (const cte of made) ctes.set(cte.shape.name, cte);
    for (const cte of made) {
      this.rows(cte);
      ctes.set(cte.shape.name, cte);
    }
    return scope;
  }

  /** The rows of a WITH query; of one that is being looked at, as far as they are known. */
  rows(cte: Cte): Rows {
    if (cte.state === 'done' || cte.state === 'under-way') {
      if (cte.state === 'under-way') cte.circular = true;
      return cte.rows ?? { columns: [], rest: ANYTHING };
    }
    cte.state = 'under-way';
    const { shape, scope } = cte;
    if (cte.recursive && shape.query.kind === 'set') this.#recursion(cte, shape.query);
    else cte.rows = this.#finished(shape, this.#levels.query(shape.query, scope));
    cte.state = 'done';
    return cte.rows ?? { columns: [], rest: ANYTHING };
  }

  /** The first branch begins; then all of it is looked at again for as long as its columns grow. */
  #recursion(cte: Cte, query: SetShape): void {
    const { shape, scope } = cte;
    const first = query.branches[0];
    const top = this.scope(query.ctes, query.recursive, scope);
    const begin = first === undefined ? { columns: [], rest: ANYTHING } : this.#levels.query(first, top);
    cte.rows = this.#finished(shape, begin);
    for (let round = 1; ; round += 1) {
      const before = cte.rows;
      const after = this.#finished(shape, this.#levels.query(query, scope));
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
    const range = new RowsRange(named, this.#levels.steps);
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
