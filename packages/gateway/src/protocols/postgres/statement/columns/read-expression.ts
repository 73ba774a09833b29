/** From an expression's parse tree to the terms it refers to. Runs in the parser's worker. */
import { builtInEffect, extensionEffect } from '../builtin-functions.ts';
import { as, type Body, constantText, isBody, list, names, parseRegclass, text, untag } from '../tree.ts';
import { isAggregate } from './known-functions.ts';
import type { QueryShape, Term, Use } from './shape.ts';
import { isTotalCall } from './total.ts';

/** What reading an expression needs of whoever reads queries. */
export interface ExpressionReader {
  /** The terms of an expression; `use` is what its value is for. */
  terms(node: unknown, use?: Use): readonly Term[];
  /** Adds the terms of any part of a tree, tagged, bare or a list. */
  scan(value: unknown, use: Use, into: Term[]): void;
  /** Reads a query inside; null when it is not one, or above a limit. */
  query(node: unknown): QueryShape | null;
  /** Counts a reference: throws above the limit. */
  count(): void;
}

type Rule = (reader: ExpressionReader, body: Body, use: Use, into: Term[]) => void;

const skip: Rule = () => undefined;

/** Nodes with an order of their own; all others refer to what their children refer to. */
export const EXPRESSIONS: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['A_Const', skip],
  ['ParamRef', skip],
  ['String', skip],
  ['TypeName', skip],
  ['ColumnRef', (reader, body, use, into) => column(reader, body, [], use, into)],
  ['A_Indirection', indirection],
  ['SubLink', subLink],
  ['FuncCall', call],
  [
    'CaseExpr',
    (reader, body, use, into) => {
      reader.scan(body.arg, decides(use), into);
      reader.scan(body.args, use, into);
      reader.scan(body.defresult, use, into);
    },
  ],
  [
    'CaseWhen',
    (reader, body, use, into) => {
      reader.scan(body.expr, decides(use), into);
      reader.scan(body.result, use, into);
    },
  ],
  ['GroupingFunc', (reader, body, _use, into) => reader.scan(body.args, 'group', into)],
  ['SortBy', (reader, body, use, into) => reader.scan(body.node, use, into)],
  ['WindowDef', (reader, body, _use, into) => window(reader, body, into)],
  ['JsonObjectAgg', jsonAggregate],
  ['JsonArrayAgg', jsonAggregate],
  // The same source for each column assigned: the first of them reads it all, and of a row each reads its own.
  [
    'MultiAssignRef',
    (reader, body, use, into) => {
      const row = as('RowExpr', body.source);
      const position = typeof body.colno === 'number' ? body.colno : 0;
      if (row !== null) reader.scan(list(row.args)[position - 1], use, into);
      else if (position <= 1) reader.scan(body.source, use, into);
    },
  ],
]);

/** A condition decides which value it is: it filters, unless that has another name already. */
function decides(use: Use): Use {
  return use === 'value' || use === 'computed' || use === 'aggregate' ? 'filter' : use;
}

/** The use of what something is computed of that may fail. */
export function computed(use: Use): Use {
  return use === 'value' ? 'computed' : use;
}

function column(
  reader: ExpressionReader,
  body: Body,
  steps: readonly unknown[],
  use: Use,
  into: Term[],
): void {
  reader.count();
  const fields = list(body.fields);
  const [step] = steps;
  const field = as('String', step);
  into.push({
    kind: 'column',
    use,
    names: names(fields),
    field: field === null ? null : text(field, 'sval'),
    star: as('A_Star', fields.at(-1)) !== null || (step !== undefined && as('A_Star', step) !== null),
  });
}

function indirection(reader: ExpressionReader, body: Body, use: Use, into: Term[]): void {
  const steps = list(body.indirection);
  const reference = as('ColumnRef', body.arg);
  if (reference === null) reader.scan(body.arg, use, into);
  else column(reader, reference, steps, use, into);
  // Only subscripts hold expressions.
  for (const step of steps) if (as('A_Indices', step) !== null) reader.scan(step, use, into);
  // `(x).f` calls `f` on `x` when it has no such field.
  if (reference === null) {
    for (const name of names(steps)) into.push({ kind: 'call', use, schema: null, name, reads: false });
  }
}

function subLink(reader: ExpressionReader, body: Body, use: Use, into: Term[]): void {
  reader.scan(body.testexpr, use, into);
  const query = reader.query(body.subselect);
  if (query === null) reader.scan(body.subselect, use, into);
  else into.push({ kind: 'query', use, query, exists: text(body, 'subLinkType') === 'EXISTS_SUBLINK' });
}

function call(reader: ExpressionReader, body: Body, use: Use, into: Term[]): void {
  reader.count();
  const name = names(body.funcname);
  const [schema, own] = name.length === 1 ? [null, name[0] ?? ''] : [name.at(-2) ?? null, name.at(-1) ?? ''];
  const builtIn = schema === null || schema === 'pg_catalog';
  const effect = extensionEffect(schema, own) ?? (builtIn ? builtInEffect(own) : undefined);
  if (effect !== undefined || schema !== 'pg_catalog') {
    into.push({
      kind: 'call',
      use,
      schema,
      name: own,
      reads: effect !== undefined && effect.kind !== 'advance',
    });
  }
  if (effect?.kind === 'relation') wholeRelation(constantText(list(body.args)[0]), use, into);
  if (effect?.kind === 'catalog' || effect?.kind === 'credentials')
    into.push({ kind: 'relation', use, schema: 'pg_catalog', name: effect.relation });
  if (effect?.kind === 'large-object')
    into.push({ kind: 'relation', use, schema: 'pg_catalog', name: 'pg_largeobject' });
  const ordered = body.agg_within_group === true;
  const aggregate =
    (builtIn && isAggregate(own)) ||
    ordered ||
    isBody(body.over) ||
    body.agg_distinct === true ||
    body.agg_order !== undefined ||
    body.agg_filter !== undefined;
  const plain = isTotalCall(schema, own, body.args) ? use : computed(use);
  const inside = aggregate && (use === 'value' || use === 'computed') ? 'aggregate' : plain;
  reader.scan(body.args, inside, into);
  // The values WITHIN GROUP are what the aggregate is of.
  if (ordered) reader.scan(body.agg_order, inside, into);
  reader.scan(body.agg_order, 'order', into);
  reader.scan(body.agg_filter, 'filter', into);
  if (isBody(body.over)) window(reader, body.over, into);
}

function wholeRelation(name: string | undefined, use: Use, into: Term[]): void {
  const relation = name === undefined ? null : parseRegclass(name);
  if (relation === null) return;
  into.push({ kind: 'relation', use, schema: relation.schemaname ?? null, name: relation.relname });
}

function window(reader: ExpressionReader, body: Body, into: Term[]): void {
  reader.scan(body.partitionClause, 'group', into);
  reader.scan(body.orderClause, 'order', into);
  reader.scan(body.startOffset, 'other', into);
  reader.scan(body.endOffset, 'other', into);
}

function jsonAggregate(reader: ExpressionReader, body: Body, use: Use, into: Term[]): void {
  const { constructor: built, ...own } = body;
  reader.scan(own, use === 'value' || use === 'computed' ? 'aggregate' : use, into);
  if (!isBody(built)) return;
  reader.scan(built.agg_order, 'order', into);
  reader.scan(built.agg_filter, 'filter', into);
  if (isBody(built.over)) window(reader, built.over, into);
}

/** Whether a value is a node with its tag: tags begin with a capital, fields do not. */
export function isTagged(value: unknown): boolean {
  if (!isBody(value)) return false;
  for (const tag in value) {
    const first = tag.charCodeAt(0);
    return first >= 65 && first <= 90 && untag(value) !== null;
  }
  return false;
}
