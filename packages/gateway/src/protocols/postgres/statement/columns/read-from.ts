/** From a FROM clause's parse tree to ranges. Runs in the parser's worker. */
import { as, type Body, isBody, list, names, text, untag } from '../tree.ts';
import { hasOneColumn } from './known-functions.ts';
import type { ExpressionReader } from './read-expression.ts';
import type { AliasShape, ComputedRange, JoinRange, RangeShape, RelationRange, Term } from './shape.ts';

export interface RangeReader extends ExpressionReader {
  /** Reads what is one level deeper: throws above the limit. */
  deeper<T>(read: () => T): T;
}

/** A range; null when it is nothing this file knows. */
export function rangeOf(reader: RangeReader, node: unknown): RangeShape | null {
  const { tag, body } = untag(node) ?? { tag: '', body: {} };
  reader.count();
  switch (tag) {
    case 'RangeVar':
      return relationRange(body);
    case 'RangeTableSample': {
      const relation = as('RangeVar', body.relation);
      if (relation === null) return null;
      const sample: Term[] = [];
      reader.scan(body.args, 'filter', sample);
      reader.scan(body.repeatable, 'filter', sample);
      return relationRange(relation, sample);
    }
    case 'RangeSubselect': {
      const query = reader.query(body.subquery);
      if (query === null) return null;
      return { kind: 'query', query, lateral: body.lateral === true, alias: aliasOf(body.alias) };
    }
    case 'RangeFunction':
      return functions(reader, body);
    case 'RangeTableFunc':
      return computedTable(reader, body, 'xmltable', tableColumns(body.columns));
    case 'JsonTable':
      return computedTable(reader, body, 'json_table', jsonColumns(body.columns));
    case 'JoinExpr':
      return join(reader, body);
    default:
      return null;
  }
}

export function relationRange(body: Body, sample: readonly Term[] = []): RelationRange {
  return {
    kind: 'relation',
    schema: text(body, 'schemaname') || null,
    name: text(body, 'relname'),
    alias: aliasOf(body.alias),
    sample,
  };
}

function aliasOf(value: unknown): AliasShape | null {
  return isBody(value) ? { name: text(value, 'aliasname'), columns: names(value.colnames) } : null;
}

/** A list of calls, each with the columns it is said to have: `f(…)`, `ROWS FROM (f(…) AS (a int), …)`. */
function functions(reader: RangeReader, body: Body): ComputedRange {
  const alias = aliasOf(body.alias);
  const terms: Term[] = [];
  const columns: string[] = [];
  let open = false;
  let name: string | null = null;
  const calls = list(body.functions);
  for (const item of calls) {
    const [call, definitions] = list(as('List', item)?.items);
    reader.scan(call, 'value', terms);
    const function_ = as('FuncCall', call);
    const own = function_ === null ? null : (names(function_.funcname).at(-1) ?? null);
    // Syntax such as COALESCE may stand here too, and has a name of its own.
    name ??= own;
    const defined = columnNames([...list(as('List', definitions)?.items), ...list(body.coldeflist)]);
    if (defined.length > 0) columns.push(...defined);
    else if (own !== null && hasOneColumn(own)) columns.push((calls.length === 1 && alias?.name) || own);
    else open = true;
  }
  if (body.ordinality === true && !open) columns.push('ordinality');
  return { kind: 'computed', terms, name, columns: open ? [] : columns, open, alias };
}

function columnNames(definitions: readonly unknown[]): string[] {
  return definitions.flatMap((item) => {
    const column = as('ColumnDef', item);
    return column === null ? [] : [text(column, 'colname')];
  });
}

function computedTable(
  reader: RangeReader,
  body: Body,
  name: string,
  columns: readonly string[],
): ComputedRange {
  const { alias, ...rest } = body;
  const terms: Term[] = [];
  reader.scan(rest, 'value', terms);
  return { kind: 'computed', terms, name, columns, open: false, alias: aliasOf(alias) };
}

function tableColumns(columns: unknown): string[] {
  return list(columns).map((item) => text(as('RangeTableFuncCol', item) ?? {}, 'colname'));
}

/** NESTED columns come after those they are written among. */
function jsonColumns(columns: unknown): string[] {
  const all = list(columns).map((item) => as('JsonTableColumn', item) ?? {});
  const nested = all.filter((column) => text(column, 'coltype') === 'JTC_NESTED');
  const own = all.filter((column) => !nested.includes(column)).map((column) => text(column, 'name'));
  return [...own, ...nested.flatMap((column) => jsonColumns(column.columns))];
}

const KEEPS: Readonly<Record<string, JoinRange['keeps']>> = { JOIN_LEFT: 'left', JOIN_RIGHT: 'right' };

function join(reader: RangeReader, body: Body): JoinRange | null {
  return reader.deeper(() => {
    const left = rangeOf(reader, body.larg);
    const right = rangeOf(reader, body.rarg);
    if (left === null || right === null) return null;
    return {
      kind: 'join',
      left,
      right,
      natural: body.isNatural === true,
      using: names(body.usingClause),
      usingAlias: isBody(body.join_using_alias) ? text(body.join_using_alias, 'aliasname') : null,
      on: reader.terms(body.quals),
      keeps: KEEPS[text(body, 'jointype')] ?? 'both',
      alias: aliasOf(body.alias),
    };
  });
}
