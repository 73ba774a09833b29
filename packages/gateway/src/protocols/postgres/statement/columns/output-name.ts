/** The name PostgreSQL gives an output column without an alias (FigureColname in parse_target.c). */
import { as, type Body, bare, list, names, text, untag } from '../tree.ts';

/** The name; null when this file does not know, so that any name may be its. */
export function outputName(node: unknown): string | null {
  const [name, strength] = figure(node);
  return strength === 0 ? '?column?' : name;
}

/** A name and how good it is: 2 is good, 1 is a type's and gives way, 0 is none. */
type Figured = readonly [name: string | null, strength: 0 | 1 | 2];

const NONE: Figured = [null, 0];

/** Nodes named after themselves. */
const FIXED: Readonly<Record<string, string>> = {
  GroupingFunc: 'grouping',
  MergeSupportFunc: 'merge_action',
  A_ArrayExpr: 'array',
  RowExpr: 'row',
  CoalesceExpr: 'coalesce',
  XmlSerialize: 'xmlserialize',
  JsonParseExpr: 'json',
  JsonScalarExpr: 'json_scalar',
  JsonSerializeExpr: 'json_serialize',
  JsonObjectConstructor: 'json_object',
  JsonArrayConstructor: 'json_array',
  JsonArrayQueryConstructor: 'json_array',
  JsonObjectAgg: 'json_objectagg',
  JsonArrayAgg: 'json_arrayagg',
};

const BY_OPERATION: Readonly<Record<string, string>> = {
  SVFOP_CURRENT_DATE: 'current_date',
  SVFOP_CURRENT_TIME: 'current_time',
  SVFOP_CURRENT_TIME_N: 'current_time',
  SVFOP_CURRENT_TIMESTAMP: 'current_timestamp',
  SVFOP_CURRENT_TIMESTAMP_N: 'current_timestamp',
  SVFOP_LOCALTIME: 'localtime',
  SVFOP_LOCALTIME_N: 'localtime',
  SVFOP_LOCALTIMESTAMP: 'localtimestamp',
  SVFOP_LOCALTIMESTAMP_N: 'localtimestamp',
  SVFOP_CURRENT_ROLE: 'current_role',
  SVFOP_CURRENT_USER: 'current_user',
  SVFOP_USER: 'user',
  SVFOP_SESSION_USER: 'session_user',
  SVFOP_CURRENT_CATALOG: 'current_catalog',
  SVFOP_CURRENT_SCHEMA: 'current_schema',
  IS_GREATEST: 'greatest',
  IS_LEAST: 'least',
  IS_XMLCONCAT: 'xmlconcat',
  IS_XMLELEMENT: 'xmlelement',
  IS_XMLFOREST: 'xmlforest',
  IS_XMLPARSE: 'xmlparse',
  IS_XMLPI: 'xmlpi',
  IS_XMLROOT: 'xmlroot',
  JSON_EXISTS_OP: 'json_exists',
  JSON_QUERY_OP: 'json_query',
  JSON_VALUE_OP: 'json_value',
};

function figure(node: unknown): Figured {
  const tagged = untag(node);
  if (tagged === null) return NONE;
  const { tag, body } = tagged;
  const fixed = FIXED[tag];
  if (fixed !== undefined) return [fixed, 2];
  switch (tag) {
    case 'ColumnRef':
      return named(names(body.fields).at(-1));
    case 'A_Indirection': {
      const field = names(body.indirection).at(-1);
      return field === undefined ? figure(body.arg) : named(field);
    }
    case 'FuncCall':
      return named(names(body.funcname).at(-1));
    case 'A_Expr':
      return text(body, 'kind') === 'AEXPR_NULLIF' ? ['nullif', 2] : NONE;
    case 'TypeCast': {
      const inner = figure(body.arg);
      const type = names(bare(body, 'typeName').names).at(-1);
      return inner[1] > 1 || type === undefined ? inner : [type, 1];
    }
    case 'CollateClause':
      return figure(body.arg);
    case 'SubLink':
      return subLink(body);
    case 'CaseExpr': {
      const inner = figure(body.defresult);
      return inner[1] > 1 ? inner : ['case', 1];
    }
    case 'SQLValueFunction':
    case 'MinMaxExpr':
    case 'XmlExpr':
      return [BY_OPERATION[text(body, 'op')] ?? null, 2];
    case 'JsonFuncExpr':
      return [BY_OPERATION[text(body, 'op')] ?? null, 2];
    default:
      return NONE;
  }
}

function named(name: string | undefined): Figured {
  return name === undefined ? NONE : [name, 2];
}

function subLink(body: Body): Figured {
  switch (text(body, 'subLinkType')) {
    case 'EXISTS_SUBLINK':
      return ['exists', 2];
    case 'ARRAY_SUBLINK':
      return ['array', 2];
    case 'EXPR_SUBLINK': {
      const query = as('SelectStmt', body.subselect);
      if (query === null) return [null, 2];
      const target = as('ResTarget', list(leftmost(query).targetList)[0]);
      // A row of VALUES has columns by the names the server makes up.
      if (target === null) return list(leftmost(query).valuesLists).length > 0 ? ['column1', 2] : [null, 2];
      const alias = text(target, 'name');
      if (alias !== '') return [alias, 2];
      // `(SELECT *)` is named after whatever column the star stands for.
      const star = as('ColumnRef', target.val);
      if (star !== null && names(star.fields).length < list(star.fields).length) return [null, 2];
      return [outputName(target.val), 2];
    }
    default:
      return NONE;
  }
}

/** A set operation's columns are named by its first branch. */
export function leftmost(query: Body): Body {
  let at = query;
  while (text(at, 'op') !== 'SETOP_NONE' && text(at, 'op') !== '') at = bare(at, 'larg');
  return at;
}
