/** What masking must know of one operation; a StatementMeaning has all of it. Frozen: its identity is a cache key. */
export interface ReplyScope {
  /** Relations read or written, those under a view included, by catalog name. */
  readonly relations: readonly { readonly schema: string; readonly table: string }[];
  /** Every column name that appears anywhere in the text. */
  readonly columnNames: ReadonlySet<string>;
  /** Columns may be used without being named. */
  readonly anyColumn: boolean;
  readonly copy: CopyScope | null;
  /** Why it could not be understood, or null. */
  readonly undetermined?: string | null;
  /** What the columns of the reply are made of, in order; null or absent when that cannot be told. */
  readonly outputs?: readonly OutputLineage[] | null;
  /** What it does to what: a function that is not the server's own may return anything. */
  readonly evaluations: readonly {
    readonly action: string;
    readonly resource: { readonly type: string; readonly path: readonly string[] };
  }[];
}

/** What one column of a reply is made of. */
export interface OutputLineage {
  /** Every column its values are made of, by catalog name, those under a view included; null when there may be others. */
  readonly inputs:
    | readonly { readonly schema: string; readonly table: string; readonly column: string }[]
    | null;
  /** Its values are those of one column, unchanged. */
  readonly direct: boolean;
}

/** A COPY between client and server. */
export interface CopyScope {
  readonly direction: 'in' | 'out';
  readonly format: 'text' | 'csv' | 'binary';
  /** Null when a query is copied. */
  readonly relation: { readonly schema: string; readonly table: string } | null;
  /** The column list as written; null when there is none. */
  readonly columns: readonly string[] | null;
  readonly options: {
    readonly delimiter: string;
    readonly nullText: string;
    readonly quote: string;
    readonly escape: string;
    readonly header: boolean;
    /** The encoding asked for; null is the client's. */
    readonly encoding: string | null;
  };
}
