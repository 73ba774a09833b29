/** Rules for what can stand in an expression. */
import {
  builtInEffect,
  extensionEffect,
  type FunctionEffect,
  SYNTAX_FUNCTIONS,
} from './builtin-functions.ts';
import { settingEffect, splitSearchPath } from './settings.ts';
import { as, type Body, constantSetting, constantText, list, names, parseRegclass, text } from './tree.ts';
import type { Rule, Scope, Walker } from './walk.ts';

export const expressionRules: Readonly<Record<string, Rule>> = {
  FuncCall: functionCall,
  ColumnRef: (walker, body) => columnReference(walker, body, false),
  A_Star: (walker) => {
    walker.draft.star = true;
    walker.draft.anyColumn = true;
  },
  A_Expr: (walker, body, scope) => {
    operator(walker, body.name);
    walker.children('A_Expr', body, scope, ['name']);
  },
  A_Indirection: (walker, body, scope) => {
    for (const step of names(body.indirection)) field(walker, step);
    walker.children('A_Indirection', body, scope);
  },
  SubLink: (walker, body, scope) => {
    operator(walker, body.operName);
    walker.children('SubLink', body, scope, ['operName']);
  },
  SortBy: (walker, body, scope) => {
    operator(walker, body.useOp);
    walker.children('SortBy', body, scope, ['useOp']);
  },
  TypeCast: (walker, body, scope) => walker.children('TypeCast', body, scope),
  JsonFuncExpr: (walker, body, scope) => {
    const name =
      { JSON_EXISTS_OP: 'json_exists', JSON_QUERY_OP: 'json_query' }[text(body, 'op')] ?? 'json_value';
    walker.draft.routine('call', [name], 'existing', true);
    walker.children('JsonFuncExpr', body, scope);
  },
  JsonArrayQueryConstructor: (walker, body, scope) => {
    walker.draft.routine('call', ['json_array'], 'existing', true);
    walker.children('JsonArrayQueryConstructor', body, scope);
  },
  ...Object.fromEntries(
    Object.entries(SYNTAX_FUNCTIONS)
      .filter(([tag]) => tag !== 'JsonTable' && tag !== 'JsonArrayQueryConstructor')
      .map(([tag, name]): [string, Rule] => [
        tag,
        (walker, body, scope) => {
          walker.draft.routine('call', [name], 'existing', true);
          walker.children(tag, body, scope);
        },
      ]),
  ),
};

/** A reference to a column; `answered` when it is itself a column of the answer, so that its rows are described. */
export function columnReference(walker: Walker, body: Body, answered: boolean): void {
  const fields = list(body.fields);
  if (fields.some((step) => as('A_Star', step) !== null)) {
    walker.draft.star = true;
    if (!answered) walker.draft.anyColumn = true;
  }
  const steps = names(fields);
  const last = steps.at(-1);
  if (last === undefined) return;
  if (steps.length > 1 && steps.length === fields.length) field(walker, last);
  else if (steps.length === fields.length) {
    walker.draft.columnNames.add(last);
    walker.draft.referenced.add(last);
  }
}

/** `x.name` may be a column, a whole row of `x.name`, or a call of `name` on the row `x`. */
function field(walker: Walker, name: string): void {
  walker.draft.columnNames.add(name);
  walker.draft.referenced.add(name);
  walker.draft.rowCalls.add(name);
}

/** An operator is a call of a function, unless it is one of the server's own. */
function operator(walker: Walker, name: unknown): void {
  const steps = names(name);
  if (steps.length > 0) walker.draft.operator(steps);
}

function functionCall(walker: Walker, body: Body, scope: Scope): void {
  const name = names(body.funcname);
  const [schema, own] = name.length === 1 ? [null, name[0] ?? ''] : [name.at(-2) ?? null, name.at(-1) ?? ''];
  const extension = extensionEffect(schema, own);
  const builtIn = schema === null || schema === 'pg_catalog' ? builtInEffect(own) : undefined;
  if (extension !== undefined) {
    functionEffect(walker, extension, own, body, scope);
    // One of the same name that somebody made does what its own body says.
    walker.draft.routine('call', name, 'existing', true);
  } else {
    if (builtIn !== undefined) functionEffect(walker, builtIn, own, body, scope);
    if (builtIn === undefined || schema === null)
      walker.draft.routine('call', name, 'existing', builtIn !== undefined);
  }
  walker.children('FuncCall', body, scope, ['funcname']);
}

/** The argument at a position when it is a string constant, unless arguments are named or spread. */
function argument(walker: Walker, body: Body, position: number): string | undefined {
  walker.draft.shareable = false;
  const args = list(body.args);
  if (body.func_variadic === true || args.some((arg) => as('NamedArgExpr', arg) !== null)) return undefined;
  return constantText(args[position]);
}

function functionEffect(
  walker: Walker,
  effect: FunctionEffect,
  name: string,
  body: Body,
  scope: Scope,
): void {
  const { draft } = walker;
  switch (effect.kind) {
    case 'file':
      draft.fixed(
        'server_file',
        'File',
        effect.argument === null ? '*' : (argument(walker, body, effect.argument) ?? '*'),
      );
      return;
    case 'foreign':
      draft.fixed('foreign_server', 'ForeignServer', '*');
      return;
    case 'signal':
      draft.fixed('signal', 'Database');
      return;
    case 'maintain':
      draft.fixed('maintain', 'Database');
      return;
    case 'credentials':
      draft.fixed('credentials', 'Table', 'pg_catalog', effect.relation);
      return;
    case 'catalog':
      draft.fixed('select', 'Table', 'pg_catalog', effect.relation);
      return;
    case 'large-object':
      draft.fixed(effect.action, 'Table', 'pg_catalog', 'pg_largeobject');
      return;
    case 'notify':
      draft.fixed('notify', 'Channel', argument(walker, body, 0) ?? '*');
      return;
    case 'current-setting':
      draft.fixed('show', 'Setting', argument(walker, body, 0)?.toLowerCase() ?? '*');
      return;
    case 'opaque':
      draft.cannotTell(`what ${name} touches cannot be told: ${effect.why}`);
      return;
    case 'set-config':
      setConfig(walker, body, scope);
      return;
    case 'sql':
      embeddedSql(walker, effect, name, body);
      return;
    case 'advance':
    case 'relation':
      namedRelation(walker, effect.kind, name, body);
      return;
  }
}

function embeddedSql(
  walker: Walker,
  effect: Extract<FunctionEffect, { kind: 'sql' }>,
  name: string,
  body: Body,
): void {
  if (effect.arguments !== undefined && list(body.args).length !== effect.arguments) return;
  const positions = [effect.argument, ...(effect.also === undefined ? [] : [effect.also])];
  for (const position of positions.filter((one, index) => index === 0 || one < list(body.args).length)) {
    const sql = argument(walker, body, position);
    if (sql === undefined) walker.draft.cannotTell(`${name} runs text as SQL and the text is not a constant`);
    else walker.embedded(sql);
  }
}

function namedRelation(walker: Walker, kind: 'advance' | 'relation', name: string, body: Body): void {
  const value = argument(walker, body, 0);
  const relation = value === undefined ? null : parseRegclass(value);
  if (relation === null) {
    walker.draft.cannotTell(`${name} names its relation by something other than a plain constant`);
  } else if (kind === 'advance') {
    walker.draft.relation('advance', relation, 'existing', 'Sequence');
  } else {
    walker.draft.anyColumn = true;
    walker.draft.relation('select', relation);
  }
}

function setConfig(walker: Walker, body: Body, scope: Scope): void {
  const name = argument(walker, body, 0) ?? rowSetting(body, scope);
  if (name === undefined) {
    walker.draft.cannotTell('set_config names its setting by something other than a plain constant');
    return;
  }
  const value = constantText(list(body.args)[1]);
  setSetting(walker, name, value, value === undefined ? null : splitSearchPath(value));
}

/** pg_dump writes `set_config(name, …) FROM pg_settings WHERE name = 'constant'`: the column is then that constant. */
function rowSetting(body: Body, scope: Scope): string | undefined {
  const column = names(as('ColumnRef', list(body.args)[0])?.fields);
  return column.length === 1 && column[0] === 'name' ? scope.settingName : undefined;
}

/**
 * The meaning of giving `name` a value: null for its default, undefined when it is not a constant. `path` is the value
 * as schemas, for search_path.
 */
export function setSetting(
  walker: Walker,
  name: string,
  value: string | null | undefined,
  path: readonly string[] | null,
): void {
  const effect = settingEffect(name, value);
  switch (effect.kind) {
    case 'refused':
      walker.draft.cannotTell(effect.why);
      // Who may do what cannot be told may still not make a read-only session write.
      if (name.toLowerCase().endsWith('transaction_read_only'))
        walker.draft.fixed('transact_writable', 'Database');
      return;
    case 'role':
      walker.draft.fixed('set_role', 'Role', value ?? '*');
      // The default, and the word none, are the role of the login.
      if (value !== null && value !== 'none') walker.draft.effect({ kind: 'role', name: value ?? null });
      return;
    case 'search-path':
      if (value === undefined || (value !== null && path === null)) {
        walker.draft.cannotTell('search_path is set to something other than a list of plain names');
      } else if (path !== null) walker.draft.effect({ kind: 'search-path', schemas: path });
      walker.draft.fixed('set', 'Setting', 'search_path');
      return;
    case 'set':
      walker.draft.fixed('set', 'Setting', name.toLowerCase());
      return;
  }
}

/** A constant of a SET command; undefined when it is not a plain constant. */
export function settingValue(args: unknown): string | null | undefined {
  const values = list(args).map((arg) => constantSetting(arg));
  if (values.length === 0) return null;
  return values.includes(undefined) ? undefined : values.join(', ');
}
