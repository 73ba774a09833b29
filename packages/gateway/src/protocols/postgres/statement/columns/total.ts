/**
 * What computes a value of any input without failing, and does nothing else. Anything that is not here may fail for some
 * values, take longer, make more rows or have an effect, and so tells something of what it was given even when its
 * result is masked. A list of what is safe, not of what is dangerous: what the server learns later is not on it.
 */
import { type Body, list, names, text } from '../tree.ts';

/** Nodes that are total whatever is in them; those with a rule of their own decide for themselves. */
const NODES = new Set([
  'BoolExpr',
  'BooleanTest',
  'CoalesceExpr',
  'CollateClause',
  'JsonArrayConstructor',
  'JsonFormat',
  'JsonKeyValue',
  'JsonObjectConstructor',
  'JsonOutput',
  'JsonReturning',
  'JsonScalarExpr',
  'JsonValueExpr',
  'List',
  'MinMaxExpr',
  'NamedArgExpr',
  'NullTest',
  'ResTarget',
  'RowExpr',
  'SortBy',
]);

const OPERATORS = new Set('= <> < > <= >= || -> ->> #> #>> @> <@ ? ?| ?& ~~ !~~ ~~* !~~* ^@'.split(' '));

/** Kinds of A_Expr; AEXPR_OP_ANY and the like compare with each element of an array. */
const KINDS = new Set(
  (
    'AEXPR_OP AEXPR_OP_ANY AEXPR_OP_ALL AEXPR_DISTINCT AEXPR_NOT_DISTINCT AEXPR_NULLIF AEXPR_IN AEXPR_LIKE AEXPR_ILIKE ' +
    'AEXPR_BETWEEN AEXPR_NOT_BETWEEN AEXPR_BETWEEN_SYM AEXPR_NOT_BETWEEN_SYM'
  ).split(' '),
);

/** Types any value can be turned into: the output functions of types do not fail. */
const TYPES = new Set(['text', 'varchar', 'bpchar']);

const FUNCTIONS = new Set(
  (
    'array_to_json ascii bit_length btrim cardinality char_length character_length concat concat_ws hashtext ' +
    'hashtextextended initcap json_build_array json_build_object json_typeof jsonb_build_array jsonb_build_object ' +
    'jsonb_pretty jsonb_strip_nulls jsonb_typeof left length lower ltrim md5 num_nonnulls num_nulls octet_length ' +
    'pg_column_size pg_typeof quote_ident quote_literal quote_nullable replace reverse right row_to_json rtrim ' +
    'sha224 sha256 sha384 sha512 starts_with strpos text to_hex to_json to_jsonb translate upper'
  ).split(' '),
);

/** Functions that fail by their other arguments, and are total of the first, or the last, when those are constants. */
const OF_FIRST = new Set(
  (
    'array_to_string convert_to encode json_extract_path json_extract_path_text jsonb_extract_path ' +
    'jsonb_extract_path_text lpad regexp_replace round rpad split_part substr substring to_char trunc'
  ).split(' '),
);
const OF_LAST = new Set(['date_part', 'date_trunc', 'extract']);

/** Whether a node that has no rule computes its value of any input. */
export function isTotal(tag: string, body: Body): boolean {
  if (tag === 'A_Expr') return KINDS.has(text(body, 'kind')) && isTotalOperator(body.name);
  return NODES.has(tag) || (tag === 'TypeCast' && isTotalCast(body));
}

/** Whether a call does, as far as its name tells; a function of somebody's by this name is a matter of its own. */
export function isTotalCall(schema: string | null, name: string, args: unknown): boolean {
  if (schema !== null && schema !== 'pg_catalog') return false;
  if (FUNCTIONS.has(name)) return true;
  const all = list(args);
  if (OF_FIRST.has(name)) return all.slice(1).every(isConstant);
  return OF_LAST.has(name) && all.slice(0, -1).every(isConstant);
}

function isTotalOperator(name: unknown): boolean {
  const [own, schema = 'pg_catalog'] = [...names(name)].reverse();
  return schema === 'pg_catalog' && own !== undefined && OPERATORS.has(own);
}

function isTotalCast({ typeName }: Body): boolean {
  const { names: name, arrayBounds } =
    typeof typeName === 'object' && typeName !== null ? (typeName as Body) : {};
  const [own, schema = 'pg_catalog'] = [...names(name)].reverse();
  return schema === 'pg_catalog' && TYPES.has(own ?? '') && list(arrayBounds).length === 0;
}

function isConstant(node: unknown): boolean {
  return typeof node === 'object' && node !== null && 'A_Const' in node;
}
