/**
 * What a statement means: the values the binder hands out, and the draft they are made from.
 *
 * A draft comes from the text alone and is made in a worker; names in it are as written. A meaning is a draft with every
 * name resolved against one catalog and one session's state, and is what policy and masking see.
 */
import type { Evaluation, Meaning, ResourceType } from '../../protocol.ts';
import type { ColumnUses, OutputColumn } from './columns/column-use.ts';
import type { Shape } from './columns/shape.ts';

export interface RelationName {
  readonly schema: string;
  readonly table: string;
}

/** One text's meaning. Frozen; equal meanings of equal texts are one object, so identity is a cache key. */
export interface StatementMeaning extends Meaning {
  readonly evaluations: readonly Evaluation[];
  /** Relations read or written, by catalog name; the tables under a view and behind a temporary table are included. */
  readonly relations: readonly RelationName[];
  /** Every column name that appears anywhere in the text. */
  readonly columnNames: ReadonlySet<string>;
  /** Columns may be used without being named: whole rows, `*` below the top level, renamed columns. */
  readonly anyColumn: boolean;
  /** Which columns it uses, and for what. */
  readonly columns?: ColumnUses;
  /** Where the columns of its answer come from, or of what it prepares; null when that cannot be told. */
  readonly outputs?: readonly OutputColumn[] | null;
  /** Set when the text is one COPY between client and server. */
  readonly copy: CopyMeaning | null;
  /** Set when a COPY between client and server is one of several statements, or run by EXECUTE. */
  readonly mixedCopy?: boolean;
  /** Statements in the text; 0 is an empty query. */
  readonly statements: number;
  /** What becomes of the session's tracked state: see session-state.ts. */
  readonly effects: readonly SessionEffect[];
  /** Distinguishes meanings of one binder. */
  readonly serial: number;
}

/** A COPY that moves rows over the client's connection. */
export interface CopyMeaning {
  readonly direction: 'in' | 'out';
  readonly format: 'text' | 'csv' | 'binary';
  /** Null when a query is copied, or when the name could be more than one relation. */
  readonly relation: RelationName | null;
  /** The column list as written; null when there is none. */
  readonly columns: readonly string[] | null;
  readonly options: CopyOptions;
}

/** The options of COPY with the server's defaults filled in. */
export interface CopyOptions {
  readonly delimiter: string;
  readonly nullText: string;
  readonly quote: string;
  readonly escape: string;
  readonly header: boolean;
  /** Columns that are always quoted: names, or `*` for all. */
  readonly forceQuote: readonly string[];
  /** The server's own encoding conversion, when asked for; null is the client encoding. */
  readonly encoding: string | null;
}

/** A change to what the binder must remember of a session. */
export type SessionEffect =
  | { readonly kind: 'prepare'; readonly name: string }
  | { readonly kind: 'cursor'; readonly name: string }
  /** `name` is null for ALL. */
  | { readonly kind: 'deallocate'; readonly name: string | null }
  | { readonly kind: 'close'; readonly name: string | null }
  | { readonly kind: 'search-path'; readonly schemas: readonly string[] }
  /** Something was put on a relation that may run what the session makes of a function later: a default, a trigger, a rule. */
  | { readonly kind: 'active'; readonly schema: string; readonly name: string }
  /** Names were changed: until the transaction is over, the catalog has them as they were. */
  | { readonly kind: 'unsettled' }
  /** Another role from here on, which `$user` in a search path then stands for; null when it cannot be told. */
  | { readonly kind: 'role'; readonly name: string | null }
  /**
   * A temporary relation exists, or has been written to; `sources` are the relations its rows may come from.
   */
  | { readonly kind: 'temporary'; readonly name: string; readonly sources: readonly RelationName[] }
  /** A relation is a child of another, and the shared catalog may not show it. */
  | {
      readonly kind: 'child';
      readonly parent: RelationName;
      readonly child: RelationName;
      /** Rows written to the parent may go to it. */
      readonly partition: boolean;
    }
  /** Something exists that the shared catalog may not show yet. */
  | {
      readonly kind: 'created';
      readonly what: CreatedKind;
      readonly schema: string;
      readonly name: string;
      /** Of a routine: what a call of it runs; null when that cannot be told. */
      readonly body?: BodyText | null;
    }
  /** The shared catalog is out of date once this commits. */
  | { readonly kind: 'catalog-changed' }
  /** A view exists that the shared catalog may not show yet, or shows as it was: what reading it does. */
  | {
      readonly kind: 'view';
      readonly schema: string;
      readonly name: string;
      readonly evaluations: readonly Evaluation[];
    };

export type CreatedKind = 'relation' | 'routine' | 'schema';

/** How a name in a draft must relate to the catalog. */
export type NameMode =
  /** It must be known, or the effect cannot be told. */
  | 'existing'
  /** It is about to be made. */
  | 'new'
  /** It may or may not be there (IF EXISTS). */
  | 'maybe';

/** An action on a relation as named in the text. */
export interface RelationUse {
  readonly action: string;
  readonly type: 'Table' | 'Sequence';
  readonly schema: string | null;
  readonly name: string;
  readonly mode: NameMode;
  /** ONLY: what inherits from it is left alone. */
  readonly only?: true;
  /** CASCADE: what refers to it goes with it. */
  readonly cascade?: true;
  /** The column or constraint that a definition changes. */
  readonly part?: string;
}

/** An action on a function, procedure or aggregate as named in the text. */
export interface RoutineUse {
  readonly action: string;
  readonly schema: string | null;
  readonly name: string;
  readonly mode: NameMode;
  /** The built-in function of this name was already accounted for, or is syntax and no function. */
  readonly builtIn: boolean;
}

/** An action on an object that is judged by its schema: a type, an operator, a collation. */
export interface SchemaUse {
  readonly action: string;
  readonly schema: string | null;
}

/** An action whose resource does not depend on session or catalog; `path` without the database. */
export interface FixedUse {
  readonly action: string;
  readonly type: ResourceType;
  readonly path: readonly string[];
}

/** The effect of a draft, before names are resolved. */
export type DraftEffect =
  | Exclude<
      SessionEffect,
      { kind: 'temporary' } | { kind: 'child' } | { kind: 'created' } | { kind: 'view' } | { kind: 'active' }
    >
  | {
      readonly kind: 'child';
      readonly parent: DraftName;
      readonly child: DraftName;
      readonly partition: boolean;
    }
  | { readonly kind: 'view'; readonly schema: string | null; readonly name: string }
  | {
      readonly kind: 'created';
      readonly what: CreatedKind;
      readonly schema: string | null;
      readonly name: string;
      readonly body?: BodyText | null;
      /** Of a routine: what it does is said by this very text. */
      readonly inline?: true;
      /** The name a relation had before. */
      readonly renames?: string;
    };

/** How a text found in the catalog is to be read. */
export type BodyKind =
  /** Statements: the query of a view, the body of an SQL function in a string. */
  | 'statements'
  /** One or more expressions, with commas between. */
  | 'expression'
  /** A CREATE RULE: its condition and actions. */
  | 'rule'
  /** A CREATE TRIGGER: its condition. */
  | 'trigger'
  /** A CREATE STATISTICS: its expressions. */
  | 'statistics'
  /** A CREATE FUNCTION with an SQL-standard body: that body. */
  | 'sql-routine'
  /** A CREATE FUNCTION in PL/pgSQL: everything its body runs. */
  | 'plpgsql';

/** A text that runs when something else does. */
export interface BodyText {
  readonly kind: BodyKind;
  readonly text: string;
}

/** What one text says, by itself. Plain data: it crosses a thread boundary. */
export interface Draft {
  readonly statements: number;
  /** The text with every literal and comment taken out, or null when that could not be done. */
  readonly form: string | null;
  readonly undetermined: string | null;
  /** Why it cannot be told what a DO block in the text does: then that is undetermined on the database. */
  readonly opaqueBlock: string | null;
  /** Whether any text of the same normal form has this draft too. */
  readonly shareable: boolean;
  readonly relations: readonly RelationUse[];
  readonly routines: readonly RoutineUse[];
  readonly schemas: readonly SchemaUse[];
  readonly fixed: readonly FixedUse[];
  readonly columnNames: readonly string[];
  /** Names written as `x.name` or `(x).name` that could call a function on a whole row. */
  readonly rowCalls: readonly string[];
  /** Operators and types that are named. */
  readonly operators: readonly DraftName[];
  readonly types: readonly DraftName[];
  readonly operatorClasses: readonly DraftName[];
  /** All indexes of the database are built or read. */
  readonly everyIndex: boolean;
  /** DEFAULT is written as a value. */
  readonly setsDefault: boolean;
  /** An UPDATE or DELETE without WHERE, TRUNCATE, DROP. */
  readonly unfiltered: boolean;
  /** Of a query that may be an updatable view's: the one relation in its FROM clause. */
  readonly base: DraftName | null;
  /** Columns that are given values. */
  readonly assigned: readonly string[];
  /** Columns that lose what they are classified by. */
  readonly declassified: readonly Declassified[];
  /** Schemas dropped with everything in them. */
  readonly emptied: readonly string[];
  /** Event triggers that are switched on. */
  readonly enables: readonly string[];
  /** A `*` anywhere, the top level included. */
  readonly star: boolean;
  readonly anyColumn: boolean;
  readonly copy: (Omit<CopyMeaning, 'relation'> & { readonly relation: DraftName | null }) | null;
  readonly effects: readonly DraftEffect[];
  /** Prepared statements and cursors it runs. */
  readonly runs: readonly { readonly kind: 'prepared' | 'cursor'; readonly name: string }[];
  /** Its references to columns, or null when there are too many. */
  readonly shape?: Shape | null;
  /** Whether a literal in it is what stands for a hidden value. A text with one is never shared by its normal form. */
  readonly mark?: 'whole' | 'part';
}

/** A column that is no longer known by its name, its place or its comment; null for every column, or every relation. */
export interface Declassified {
  readonly schema: string | null;
  readonly name: string | null;
  readonly column: string | null;
  readonly how: 'rename' | 'move' | 'comment' | 'leave';
}

export interface DraftName {
  readonly schema: string | null;
  readonly name: string;
}
