/** Rules for queries: SELECT, INSERT, UPDATE, DELETE, MERGE, and what stands in their FROM clauses. */
import type { RangeVar } from './draft-builder.ts';
import { columnReference } from './expression-rules.ts';
import { as, type Body, bare, constantText, isBody, list, names, text, untag } from './tree.ts';
import type { Rule, Scope, Walker } from './walk.ts';

export const queryRules: Readonly<Record<string, Rule>> = {
  SelectStmt: select,
  InsertStmt: insert,
  UpdateStmt: update,
  DeleteStmt: remove,
  MergeStmt: merge,
  RangeVar: (walker, body, scope) => range(walker, body, scope),
  RangeSubselect: aliased('RangeSubselect'),
  RangeTableFunc: aliased('RangeTableFunc'),
  RangeFunction: (walker, body, scope) => {
    nameRange(walker, body.alias);
    for (const item of list(body.functions)) {
      // ROWS FROM gives each function as a list of the call and its column definitions.
      const call = as('FuncCall', list(as('List', item)?.items)[0]);
      if (call !== null) walker.draft.ranges.add(names(call.funcname).at(-1) ?? '');
    }
    walker.children('RangeFunction', body, scope);
  },
  JsonTable: (walker, body, scope) => {
    nameRange(walker, body.alias);
    walker.draft.routine('call', ['json_table'], 'existing', true);
    walker.children('JsonTable', body, scope);
  },
  RangeTableSample: (walker, body, scope) => {
    const method = names(body.method);
    // A sampling method is a function of that name.
    walker.draft.routine('call', method);
    walker.children('RangeTableSample', body, scope, ['method']);
  },
  JoinExpr: (walker, body, scope) => {
    nameRange(walker, body.alias);
    nameRange(walker, body.join_using_alias);
    // Columns are used, or renamed, without being named.
    if (body.isNatural === true || list(bare(body, 'alias').colnames).length > 0)
      walker.draft.anyColumn = true;
    for (const column of names(body.usingClause)) walker.draft.columnNames.add(column);
    walker.children('JoinExpr', body, scope);
  },
  ResTarget: (walker, body, scope) => walker.children('ResTarget', body, scope),
  LockingClause: () => undefined,
};

function aliased(tag: string): Rule {
  return (walker, body, scope) => {
    nameRange(walker, body.alias);
    walker.children(tag, body, scope);
  };
}

/** Remembers a name that, used as a column, is a whole row. */
function nameRange(walker: Walker, alias: unknown): void {
  if (isBody(alias)) walker.draft.ranges.add(text(alias, 'aliasname'));
}

/** A relation in a FROM clause: read, unless a common table expression hides it. */
function range(walker: Walker, body: Body, scope: Scope, action = 'select'): void {
  const relation = body as RangeVar;
  walker.draft.ranges.add(relation.relname ?? '');
  nameRange(walker, body.alias);
  if (list(relation.alias?.colnames).length > 0) walker.draft.anyColumn = true;
  const unqualified = (relation.schemaname ?? '') === '' && (relation.catalogname ?? '') === '';
  if (unqualified && scope.names.has(relation.relname ?? '')) return;
  walker.draft.relation(action, relation);
}

/** The scope inside a WITH clause, after walking its queries. */
function withClause(walker: Walker, body: Body, scope: Scope): Scope {
  const clause = bare(body, 'withClause');
  const expressions = list(clause.ctes).map((item) => as('CommonTableExpr', item));
  if (expressions.includes(null)) walker.draft.cannotTell('a WITH clause is not understood');
  const all = expressions.filter((item) => item !== null);
  const seen = new Set(scope.names);
  // Only in WITH RECURSIVE does a query see itself and those after it (parse_cte.c).
  if (clause.recursive === true) for (const one of all) seen.add(text(one, 'ctename'));
  for (const one of all) {
    walker.draft.ranges.add(text(one, 'ctename'));
    walker.children('CommonTableExpr', one, { names: new Set(seen) });
    seen.add(text(one, 'ctename'));
  }
  return { names: seen };
}

function select(walker: Walker, body: Body, outer: Scope): void {
  const answering = walker.answering;
  walker.answering = false;
  let scope = withClause(walker, body, outer);
  const setting = chosenSetting(body);
  if (setting !== undefined) {
    walker.draft.shareable = false;
    scope = { ...scope, settingName: setting };
  }
  const into = body.intoClause;
  if (isBody(into)) {
    walker.draft.shareable = false;
    intoRelation(walker, into);
  }
  walker.visitAll(body.fromClause, scope);
  if (list(body.lockingClause).length > 0) {
    // FOR UPDATE reaches into subqueries of the FROM clause; names after OF are among these.
    for (const use of walker.draft.relationUses()) {
      if (use.action === 'select') walker.draft.addRelation({ ...use, action: 'lock' });
    }
  }
  answerColumns(walker, body.targetList, scope, answering && !isBody(into));
  walker.children('SelectStmt', body, scope, [
    'withClause',
    'intoClause',
    'targetList',
    'fromClause',
    'lockingClause',
  ]);
}

/** The answer's own columns: `*` among them is described to the client column by column. */
function answerColumns(walker: Walker, targets: unknown, scope: Scope, answering: boolean): void {
  for (const target of list(targets)) {
    const result = as('ResTarget', target);
    const column = answering && result !== null ? as('ColumnRef', result.val) : null;
    if (column !== null) columnReference(walker, column, true);
    else walker.visit(target, scope);
  }
}

/** `FROM pg_settings WHERE name = 'x'`: the setting, when the query is exactly of this form. */
function chosenSetting(body: Body): string | undefined {
  const from = list(body.fromClause);
  const relation = from.length === 1 ? as('RangeVar', from[0]) : null;
  if (relation === null || text(relation, 'relname') !== 'pg_settings') return undefined;
  const schema = text(relation, 'schemaname');
  if (schema !== '' && schema !== 'pg_catalog') return undefined;
  const test = as('A_Expr', body.whereClause);
  if (test === null || text(test, 'kind') !== 'AEXPR_OP' || names(test.name).join() !== '=') return undefined;
  return names(as('ColumnRef', test.lexpr)?.fields).join() === 'name' ? constantText(test.rexpr) : undefined;
}

/** SELECT INTO and CREATE TABLE AS make a relation. */
export function intoRelation(walker: Walker, into: Body): void {
  newRelation(walker, bare(into, 'rel') as RangeVar);
  walker.children('IntoClause', into, { names: new Set() }, ['rel']);
}

/** A relation about to exist: judged as `create`, then known to the session. */
export function newRelation(walker: Walker, name: RangeVar, type: 'Table' | 'Sequence' = 'Table'): void {
  const temporary = name.relpersistence === 't';
  const schemaname = temporary ? 'pg_temp' : (name.schemaname ?? '');
  const made = { ...name, schemaname };
  walker.draft.relation('create', made, 'new', type);
  walker.draft.effect({
    kind: 'created',
    what: 'relation',
    schema: schemaname || null,
    name: name.relname ?? '',
  });
  // A temporary relation is this session's alone.
  if (!temporary) walker.draft.effect({ kind: 'catalog-changed' });
}

/** The relation a statement changes: never a common table expression. */
function changed(walker: Walker, body: Body, ...actions: readonly string[]): RangeVar {
  const relation = bare(body, 'relation') as RangeVar;
  walker.draft.ranges.add(relation.relname ?? '');
  for (const own of ['old', 'new', 'excluded']) walker.draft.ranges.add(own);
  nameRange(walker, body.relation === undefined ? undefined : bare(body, 'relation').alias);
  if (relation.relname === undefined)
    walker.draft.cannotTell('a statement without a relation is not understood');
  for (const action of actions) walker.draft.relation(action, relation);
  return relation;
}

function returning(walker: Walker, body: Body, relation: RangeVar, scope: Scope, answering: boolean): void {
  const clause = body.returningClause;
  if (!isBody(clause)) return;
  walker.draft.relation('select', relation);
  for (const option of list(clause.options)) {
    walker.draft.ranges.add(text(as('ReturningOption', option) ?? {}, 'value'));
  }
  answerColumns(walker, clause.exprs, scope, answering);
  walker.children('ReturningClause', clause, scope, ['exprs']);
}

/** Assignments: the columns assigned to are named, and their values may read the row. */
function assignments(walker: Walker, targets: unknown, scope: Scope): void {
  for (const target of list(targets)) {
    const column = as('ResTarget', target);
    if (column !== null) {
      walker.draft.columnNames.add(text(column, 'name'));
      walker.draft.assigned.add(text(column, 'name'));
    }
    walker.visit(target, scope);
  }
}

function insert(walker: Walker, body: Body, outer: Scope): void {
  const answering = walker.answering;
  walker.answering = false;
  const scope = withClause(walker, body, outer);
  const relation = changed(walker, body, 'insert');
  assignments(walker, body.cols, scope);
  const conflict = body.onConflictClause;
  if (isBody(conflict)) {
    walker.draft.relation('select', relation);
    if (text(conflict, 'action') === 'ONCONFLICT_UPDATE') walker.draft.relation('update', relation);
    for (const element of list(bare(conflict, 'infer').indexElems)) {
      walker.draft.columnNames.add(text(as('IndexElem', element) ?? {}, 'name'));
    }
    assignments(walker, conflict.targetList, scope);
    walker.children('OnConflictClause', conflict, scope, ['targetList']);
  }
  returning(walker, body, relation, scope, answering);
  walker.children('InsertStmt', body, scope, [
    'withClause',
    'relation',
    'cols',
    'onConflictClause',
    'returningClause',
  ]);
}

function update(walker: Walker, body: Body, outer: Scope): void {
  const answering = walker.answering;
  walker.answering = false;
  const scope = withClause(walker, body, outer);
  const relation = changed(walker, body, 'update');
  if (body.whereClause === undefined) walker.draft.unfiltered = true;
  // A value that reads a column, or a condition, reads the relation.
  const reads = body.whereClause !== undefined || body.fromClause !== undefined;
  if (reads || JSON.stringify(body.targetList).includes('"ColumnRef"'))
    walker.draft.relation('select', relation);
  assignments(walker, body.targetList, scope);
  returning(walker, body, relation, scope, answering);
  walker.children('UpdateStmt', body, scope, ['withClause', 'relation', 'targetList', 'returningClause']);
}

function remove(walker: Walker, body: Body, outer: Scope): void {
  const answering = walker.answering;
  walker.answering = false;
  const scope = withClause(walker, body, outer);
  const relation = changed(walker, body, 'delete');
  if (body.whereClause === undefined) walker.draft.unfiltered = true;
  if (body.whereClause !== undefined || body.usingClause !== undefined)
    walker.draft.relation('select', relation);
  returning(walker, body, relation, scope, answering);
  walker.children('DeleteStmt', body, scope, ['withClause', 'relation', 'returningClause']);
}

const MERGE_ACTIONS: Readonly<Record<string, string | null>> = {
  CMD_INSERT: 'insert',
  CMD_UPDATE: 'update',
  CMD_DELETE: 'delete',
  CMD_NOTHING: null,
};

function merge(walker: Walker, body: Body, outer: Scope): void {
  const answering = walker.answering;
  walker.answering = false;
  const scope = withClause(walker, body, outer);
  const relation = changed(walker, body, 'select');
  for (const item of list(body.mergeWhenClauses)) {
    const clause = as('MergeWhenClause', item) ?? {};
    const action = MERGE_ACTIONS[text(clause, 'commandType')];
    if (action === undefined) walker.draft.cannotTell('an action of MERGE is not understood');
    else if (action !== null) walker.draft.relation(action, relation);
    assignments(walker, clause.targetList, scope);
    walker.children('MergeWhenClause', clause, scope, ['targetList']);
  }
  returning(walker, body, relation, scope, answering);
  walker.children('MergeStmt', body, scope, [
    'withClause',
    'relation',
    'mergeWhenClauses',
    'returningClause',
  ]);
}

/** A query of another statement: SELECT, VALUES, or a write with RETURNING. */
export function isQuery(node: unknown): boolean {
  return ['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'].includes(
    untag(node)?.tag ?? '',
  );
}
