/** What a text's columns come to: the values other rooms of the binding see. */

/** What a column is used for. */
export type ColumnRole =
  /** Its value is shown, or stored somewhere else. */
  | 'output'
  /** A copy of it, or something made of it, is stored. */
  | 'store'
  /** Something is computed of it that may fail, take time or have an effect, depending on its value. */
  | 'compute'
  /** It decides which rows or values there are: WHERE, HAVING, FILTER, CASE. */
  | 'filter'
  | 'join'
  | 'order'
  /** GROUP BY, DISTINCT, PARTITION BY, and what a set operation compares. */
  | 'group'
  /** An aggregate or window function is computed of it. */
  | 'aggregate'
  | 'limit'
  /** It is referred to, and nothing comes of it that is any of the others. */
  | 'other'
  | 'write';

export const COLUMN_ROLES: readonly ColumnRole[] = [
  'output',
  'store',
  'compute',
  'filter',
  'join',
  'order',
  'group',
  'aggregate',
  'limit',
  'other',
  'write',
];

/** One column as a statement uses it; `*` is any column of the relation. */
export interface ColumnUse {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  readonly roles: readonly ColumnRole[];
  /** What writes it. */
  readonly writtenBy: readonly ('insert' | 'update')[];
}

/** The columns a statement uses. */
export interface ColumnUses {
  /** False when there was too much of the text to say: then there is nothing here. */
  readonly complete: boolean;
  /** Relations every use of which is among `uses`; of any other relation, nothing is known. */
  readonly known: readonly { readonly schema: string; readonly table: string }[];
  readonly uses: readonly ColumnUse[];
}

export interface BaseColumnName {
  readonly schema: string;
  readonly table: string;
  /** `*` for any of its columns. */
  readonly column: string;
}

/** One column of the rows a statement answers with. */
export interface OutputColumn {
  /** Null when the server makes up a name that is not known here. */
  readonly name: string | null;
  /** Every column that has influence on its values, conditions apart; null when there may be others. */
  readonly inputs: readonly BaseColumnName[] | null;
  /** Its values are those of its input, unchanged; of one of them when there are several. */
  readonly direct: boolean;
}

/** A relation that a name may stand for. */
export interface RelationCandidate {
  readonly schema: string;
  readonly table: string;
  /** pg_class.relkind */
  readonly kind: string;
  /** By attribute number minus one, null where one was dropped; null when they are not known. */
  readonly columns: readonly (string | null)[] | null;
  /** Its rows may be made of other relations' in a way that is not known. */
  readonly opaque: boolean;
}

/** What the shape of a text is attributed with: one catalog and one session's state. */
export interface ColumnCatalog {
  /** Every relation the name may stand for. */
  relations(schema: string | null, name: string): readonly RelationCandidate[];
  /** Whether a call of this name may be of a function that is not the server's own. */
  mayCall(schema: string | null, name: string): boolean;
  /** A name that is nothing else is a parameter or a variable: the text is the body of a function. */
  readonly parameters?: boolean;
}

export const NOTHING_KNOWN: ColumnUses = Object.freeze({ complete: false, known: [], uses: [] });
