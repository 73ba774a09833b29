/**
 * What a text says of columns, by itself: its query levels with the ranges they read and every reference in them.
 * Made in the parser's worker, and plain data, because it crosses a thread boundary; names are as written. Which
 * columns they are is for attribute.ts to say, with a catalog.
 */

/** Query levels and joins inside each other: above this, any column may be used. */
export const COLUMN_DEPTH = 100;

/** What a text's references are, or null above a limit. */
export interface Shape {
  readonly statements: readonly StatementShape[];
  /** Whether a number in the text stands for an output column (`ORDER BY 1`): such a text is not all its form. */
  readonly ordinals: boolean;
}

export interface StatementShape {
  readonly queries: readonly QueryShape[];
  /** References that stand in no query: nothing says what they belong to. */
  readonly loose: readonly Term[];
  /** It may read relations it names in another way than by queries. */
  readonly reads: boolean;
  /** The rows it answers with: of its one query, of the statement it runs, none, or it cannot be told. */
  readonly answers: 'rows' | 'runs' | 'none' | 'unknown';
  /** Where rows of its queries go: to the client, into a new relation, to code that does with them what it likes. */
  readonly goes: 'client' | 'store' | 'code';
}

/**
 * How a term is used; `value` is whatever the expression it stands in is for, and so is `computed`, with something in
 * between that is not total (total.ts).
 */
export type Use =
  | 'value'
  | 'computed'
  | 'aggregate'
  | 'filter'
  | 'join'
  | 'order'
  | 'group'
  | 'limit'
  | 'other';

/** Something an expression refers to. */
export type Term = ColumnTerm | QueryTerm | CallTerm | RelationTerm;

export interface ColumnTerm {
  readonly kind: 'column';
  readonly use: Use;
  /** As written, without a star: none for `*` alone. */
  readonly names: readonly string[];
  /** The field taken of it in parentheses: `(x).field`. */
  readonly field: string | null;
  /** `names.*` or `(names).*` */
  readonly star: boolean;
}

export interface QueryTerm {
  readonly kind: 'query';
  readonly use: Use;
  readonly query: QueryShape;
  /** Only whether it has rows counts. */
  readonly exists: boolean;
}

/** A call whose result may come from elsewhere than its arguments. */
export interface CallTerm {
  readonly kind: 'call';
  readonly use: Use;
  readonly schema: string | null;
  readonly name: string;
  /** A built-in function that reads what its arguments do not hold. */
  readonly reads: boolean;
}

/** A relation that a function reads as a whole. */
export interface RelationTerm {
  readonly kind: 'relation';
  readonly use: Use;
  readonly schema: string | null;
  readonly name: string;
}

export interface TargetShape {
  /** The name of the output column; null when it is not known. A star has none. */
  readonly name: string | null;
  readonly terms: readonly Term[];
  /** Nothing but one column. */
  readonly direct: boolean;
  /** Stands for any number of columns. */
  readonly star: boolean;
}

/** A range of a FROM clause. */
export type RangeShape = RelationRange | QueryRange | ComputedRange | JoinRange;

export interface AliasShape {
  readonly name: string;
  readonly columns: readonly string[];
}

export interface RelationRange {
  readonly kind: 'relation';
  readonly schema: string | null;
  readonly name: string;
  readonly alias: AliasShape | null;
  /** Arguments of TABLESAMPLE. */
  readonly sample: readonly Term[];
}

export interface QueryRange {
  readonly kind: 'query';
  readonly query: QueryShape;
  readonly lateral: boolean;
  readonly alias: AliasShape | null;
}

/** Rows that functions compute: calls, XMLTABLE, JSON_TABLE. They may refer to what stands left of them. */
export interface ComputedRange {
  readonly kind: 'computed';
  readonly terms: readonly Term[];
  readonly name: string | null;
  readonly columns: readonly string[];
  /** There may be columns that are not in `columns`. */
  readonly open: boolean;
  readonly alias: AliasShape | null;
}

export interface JoinRange {
  readonly kind: 'join';
  readonly left: RangeShape;
  readonly right: RangeShape;
  readonly natural: boolean;
  readonly using: readonly string[];
  readonly usingAlias: string | null;
  readonly on: readonly Term[];
  /** Which side a merged column's value is of. */
  readonly keeps: 'left' | 'right' | 'both';
  readonly alias: AliasShape | null;
}

export interface CteShape {
  readonly name: string;
  readonly columns: readonly string[];
  readonly query: QueryShape;
  /** SEARCH and CYCLE: columns they compare, and columns they add. */
  readonly compares: readonly { readonly use: 'order' | 'group'; readonly columns: readonly string[] }[];
  readonly adds: readonly string[];
}

/** Something in ORDER BY, GROUP BY or DISTINCT ON: it may name an output column, or give its position. */
export interface KeyShape {
  readonly use: 'order' | 'group';
  readonly ordinal: number | null;
  readonly name: string | null;
  /** GROUP BY looks among the input columns first, the others among the output columns. */
  readonly inputFirst: boolean;
  readonly terms: readonly Term[];
}

export interface PartShape {
  readonly use: Exclude<Use, 'computed'>;
  readonly terms: readonly Term[];
}

interface Level {
  readonly ctes: readonly CteShape[];
  readonly recursive: boolean;
}

/** What a SELECT, VALUES or set operation has in common. */
interface Rows extends Level {
  readonly keys: readonly KeyShape[];
  readonly parts: readonly PartShape[];
}

export interface SelectShape extends Rows {
  readonly kind: 'select';
  readonly from: readonly RangeShape[];
  readonly targets: readonly TargetShape[];
  /** Every output column is compared with every other row's. */
  readonly distinct: boolean;
}

export interface ValuesShape extends Rows {
  readonly kind: 'values';
  readonly columns: readonly (readonly Term[])[];
}

export interface SetShape extends Rows {
  readonly kind: 'set';
  readonly branches: readonly QueryShape[];
  readonly distinct: boolean;
  /** INTERSECT or EXCEPT: rows of one branch decide on rows of another. */
  readonly selective: boolean;
}

/** INSERT, UPDATE, DELETE, MERGE, COPY FROM. */
export interface WriteShape extends Level {
  readonly kind: 'write';
  readonly target: RelationRange;
  readonly from: readonly RangeShape[];
  /** The rows an INSERT takes. */
  readonly source: QueryShape | null;
  readonly steps: readonly StepShape[];
  readonly parts: readonly PartShape[];
  readonly returning: readonly TargetShape[];
  /** Names for the row before and after. */
  readonly rowNames: readonly string[];
}

export interface StepShape {
  readonly by: 'insert' | 'update';
  /** Columns assigned; null when as many as there are values, in the table's order. */
  readonly columns: readonly string[] | null;
  /** How many values there are; null for as many as the source has. */
  readonly values: number | null;
  readonly terms: readonly Term[];
  readonly conditions: readonly Term[];
  /** In ON CONFLICT the row that was not inserted is there as well. */
  readonly excluded: boolean;
}

export type QueryShape = SelectShape | ValuesShape | SetShape | WriteShape;
