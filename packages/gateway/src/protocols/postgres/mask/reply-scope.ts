/** What masking must know of one operation; a StatementMeaning has all of it. Frozen: its identity is a cache key. */
export interface ReplyScope {
  /** Relations read or written, those under a view included, by catalog name. */
  readonly relations: readonly { readonly schema: string; readonly table: string }[];
  /** Every column name that appears anywhere in the text. */
  readonly columnNames: ReadonlySet<string>;
  /** Columns may be used without being named. */
  readonly anyColumn: boolean;
  readonly copy: CopyScope | null;
  /** What it does to what: a function that is not the server's own may return anything. */
  readonly evaluations: readonly {
    readonly action: string;
    readonly resource: { readonly type: string; readonly path: readonly string[] };
  }[];
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
