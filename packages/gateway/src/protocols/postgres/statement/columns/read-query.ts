/** From a query's parse tree to its level: ranges, output columns, conditions, order. Runs in the parser's worker. */
import { as, type Body, bare, isBody, list, names, text, untag } from '../tree.ts';
import { outputName } from './output-name.ts';
import { computed, EXPRESSIONS, isTagged } from './read-expression.ts';
import { type RangeReader, rangeOf } from './read-from.ts';
import { readWrite } from './read-write.ts';
import {
  COLUMN_DEPTH,
  type CteShape,
  type KeyShape,
  type PartShape,
  type QueryShape,
  type RangeShape,
  type TargetShape,
  type Term,
  type Use,
} from './shape.ts';
import { isTotal } from './total.ts';

/** References, ranges and calls of one text: above this, any column may be used. */
export const COLUMN_REFERENCES = 10_000;

/** The text is above a limit. */
export class TooManyColumns extends Error {
  override readonly name = 'TooManyColumns';
}

export class QueryReader implements RangeReader {
  ordinals = false;
  #references = 0;
  #depth = 0;

  /** Reads a statement that is a query; null when it is none. */
  query(node: unknown): QueryShape | null {
    const { tag, body } = untag(node) ?? { tag: '', body: {} };
    switch (tag) {
      case 'SelectStmt':
        return this.deeper(() => this.#select(body));
      case 'InsertStmt':
      case 'UpdateStmt':
      case 'DeleteStmt':
      case 'MergeStmt':
        return this.deeper(() => readWrite(this, tag, body));
      default:
        return null;
    }
  }

  deeper<T>(read: () => T): T {
    this.count();
    this.#depth += 1;
    if (this.#depth > COLUMN_DEPTH) throw new TooManyColumns();
    const result = read();
    this.#depth -= 1;
    return result;
  }

  count(): void {
    this.#references += 1;
    if (this.#references > COLUMN_REFERENCES) throw new TooManyColumns();
  }

  terms(node: unknown, use: Use = 'value'): readonly Term[] {
    const into: Term[] = [];
    this.scan(node, use, into);
    return into;
  }

  scan(value: unknown, use: Use, into: Term[]): void {
    if (Array.isArray(value)) for (const one of value) this.scan(one, use, into);
    else if (isTagged(value)) this.#expression(value, use, into);
    else if (isBody(value)) for (const one of Object.values(value)) this.scan(one, use, into);
  }

  #expression(node: unknown, use: Use, into: Term[]): void {
    const { tag, body } = untag(node) ?? { tag: '', body: {} };
    const rule = EXPRESSIONS.get(tag);
    if (rule !== undefined) return rule(this, body, use, into);
    const query = this.query(node);
    if (query !== null) into.push({ kind: 'query', use, query, exists: false });
    else {
      const inside = isTotal(tag, body) ? use : computed(use);
      for (const value of Object.values(body)) this.scan(value, inside, into);
    }
  }

  /** WITH: its queries, and whether they may refer to themselves. */
  level(body: Body): { ctes: readonly CteShape[]; recursive: boolean } {
    const clause = bare(body, 'withClause');
    const ctes = list(clause.ctes).flatMap((item) => {
      const cte = as('CommonTableExpr', item);
      const query = cte === null ? null : this.query(cte.ctequery);
      return cte === null || query === null ? [] : [cteOf(cte, query)];
    });
    return { ctes, recursive: clause.recursive === true };
  }

  ranges(nodes: unknown): readonly RangeShape[] {
    return list(nodes).flatMap((node) => rangeOf(this, node) ?? this.#unknownRange(node));
  }

  /** Rows of anything: what it refers to counts, and it may have any column. */
  #unknownRange(node: unknown): RangeShape {
    return {
      kind: 'computed',
      terms: this.terms(node),
      name: null,
      columns: [],
      open: true,
      alias: null,
    };
  }

  targets(nodes: unknown): readonly TargetShape[] {
    return list(nodes).map((node) => {
      const target = as('ResTarget', node) ?? {};
      const reference = as('ColumnRef', target.val);
      const steps = list(as('A_Indirection', target.val)?.indirection);
      const last = reference === null ? steps.at(-1) : list(reference.fields).at(-1);
      const star = last !== undefined && as('A_Star', last) !== null;
      return {
        name: star ? null : text(target, 'name') || outputName(target.val),
        terms: this.terms(target.val),
        // A subscript gives another value than the column's.
        direct: reference !== null || isField(target.val),
        star,
      };
    });
  }

  #select(body: Body): QueryShape {
    const level = this.level(body);
    const parts: PartShape[] = [];
    const part = (node: unknown, use: PartShape['use']): void => {
      if (node !== undefined) parts.push({ use, terms: this.terms(node) });
    };
    part(body.limitCount, 'limit');
    part(body.limitOffset, 'limit');
    const keys = list(body.sortClause).map((item) => this.#key(as('SortBy', item)?.node, 'order', false));
    const rows = list(body.valuesLists);
    if (rows.length > 0) return { kind: 'values', ...level, keys, parts, columns: this.#values(rows) };
    if (text(body, 'op') !== '' && text(body, 'op') !== 'SETOP_NONE') {
      return { kind: 'set', ...level, keys, parts, ...this.#branches(body) };
    }
    part(body.whereClause, 'filter');
    part(body.havingClause, 'filter');
    part(body.windowClause, 'order');
    for (const item of list(body.groupClause)) this.#groups(item, keys);
    const distinct = list(body.distinctClause);
    const plain = distinct.some((item) => isBody(item) && Object.keys(item).length === 0);
    if (!plain) for (const item of distinct) keys.push(this.#key(item, 'group', false));
    return {
      kind: 'select',
      ...level,
      keys,
      parts,
      from: this.ranges(body.fromClause),
      targets: this.targets(body.targetList),
      distinct: plain,
    };
  }

  #values(rows: readonly unknown[]): Term[][] {
    const columns: Term[][] = [];
    for (const row of rows) {
      list(as('List', row)?.items).forEach((value, position) => {
        columns[position] ??= [];
        this.scan(value, 'value', columns[position]);
      });
    }
    return columns;
  }

  /** The branches of a chain of set operations, which the grammar nests to the left. */
  #branches(body: Body): { branches: QueryShape[]; distinct: boolean; selective: boolean } {
    const branches: QueryShape[] = [];
    let distinct = false;
    let selective = false;
    let at = body;
    for (;;) {
      distinct ||= at.all !== true;
      selective ||= text(at, 'op') !== 'SETOP_UNION';
      const right = this.query({ SelectStmt: bare(at, 'rarg') });
      if (right !== null) branches.push(right);
      const left = bare(at, 'larg');
      const plain = ['withClause', 'sortClause', 'limitCount', 'limitOffset'].every((one) => !(one in left));
      if (plain && text(left, 'op') !== 'SETOP_NONE' && text(left, 'op') !== '') at = left;
      else {
        const first = this.query({ SelectStmt: left });
        if (first !== null) branches.push(first);
        return { branches: branches.reverse(), distinct, selective };
      }
    }
  }

  /** Grouping sets nest, and each of their columns is a key. */
  #groups(item: unknown, keys: KeyShape[]): void {
    const set = as('GroupingSet', item);
    const row = as('RowExpr', item);
    if (set !== null) for (const one of list(set.content)) this.#groups(one, keys);
    else if (row !== null && text(row, 'row_format') === 'COERCE_IMPLICIT_CAST')
      for (const one of list(row.args)) this.#groups(one, keys);
    else keys.push(this.#key(item, 'group', true));
  }

  #key(node: unknown, use: KeyShape['use'], inputFirst: boolean): KeyShape {
    this.count();
    const number = as('A_Const', node)?.ival;
    const value = isBody(number) ? number.ival : undefined;
    if (isBody(number)) this.ordinals = true;
    const fields = list(as('ColumnRef', node)?.fields);
    const [name] = names(fields);
    return {
      use,
      ordinal: isBody(number) ? (typeof value === 'number' ? value : 0) : null,
      name: fields.length === 1 && name !== undefined ? name : null,
      inputFirst,
      terms: this.terms(node),
    };
  }
}

/** `(x).f` and nothing more. */
function isField(node: unknown): boolean {
  const indirection = as('A_Indirection', node);
  const steps = list(indirection?.indirection);
  return as('ColumnRef', indirection?.arg) !== null && steps.length === 1 && names(steps).length === 1;
}

function cteOf(cte: Body, query: QueryShape): CteShape {
  const search = bare(cte, 'search_clause');
  const cycle = bare(cte, 'cycle_clause');
  const adds = [
    text(search, 'search_seq_column'),
    text(cycle, 'cycle_mark_column'),
    text(cycle, 'cycle_path_column'),
  ];
  return {
    name: text(cte, 'ctename'),
    columns: names(cte.aliascolnames),
    query,
    compares: [
      { use: 'order', columns: names(search.search_col_list) },
      { use: 'group', columns: names(cycle.cycle_col_list) },
    ],
    adds: adds.filter((name) => name !== ''),
  };
}
