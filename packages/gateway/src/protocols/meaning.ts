/** What an operation is to policy, whatever protocol it came by: what it touches, and how. */
/** A thing an operation touches. `path` is below the target: a table is `['shop', 'public', 'customers']`. */
export interface Resource {
  readonly type: ResourceType;
  readonly path: readonly string[];
}

/**
 * The entity types of the policy schema (policy/schema.cedarschema) that a binding names, by protocol family. The
 * parts of each one's path are in policy/places.ts.
 */
export type ResourceType =
  | 'Target'
  // What the data path itself asks about.
  | 'DataClass'
  // Databases.
  | 'Database'
  | 'Schema'
  | 'Table'
  | 'Function'
  | 'Sequence'
  | 'Channel'
  | 'Role'
  | 'Setting'
  | 'File'
  | 'ClientFile'
  | 'ForeignServer'
  | 'Extension'
  // Hosts.
  | 'Host'
  | 'HostPath'
  | 'Program'
  | 'Endpoint'
  // Clusters.
  | 'Cluster'
  | 'Namespace'
  | 'Kind'
  | 'KubeObject'
  | 'KubeUrl'
  // APIs.
  | 'Api'
  | 'Route'
  // MCP servers.
  | 'McpServer'
  | 'Tool'
  | 'McpResource'
  | 'Prompt';

/** One question to the decision point: may this session do `action` to `resource`? */
export interface Evaluation {
  /** An action of the policy schema, such as `select` or `http_post`. */
  readonly action: string;
  readonly resource: Resource;
  /** What policy may know of this use of the resource; part of the question. */
  readonly facts?: EvaluationFacts;
}

/** Facts of one use of a resource. Sorted and frozen: two evaluations with equal facts are one question. */
export interface EvaluationFacts {
  /** Columns, or fields, that are used; `*` stands for any that could not be told. Empty: none is (`count(*)`). */
  readonly columns?: readonly string[];
  /** Views and functions it is reached through, as `schema.name`. Empty: the operation names it itself. */
  readonly via?: readonly string[];
  /** What is done with columns that are hidden: `filter`, `join`, `order`; see `FieldUse`. Only of `probe` and `declassify`. */
  readonly roles?: readonly string[];
}

/** What an operation does, as the binding of its protocol understood it. Frozen and shared: its identity is a cache key. */
export interface Meaning {
  /** The operation with every literal taken out: safe to log. */
  readonly form: string;
  /** Everything it touches. Permitted only if all are; none at all is a deny. */
  readonly evaluations: readonly Evaluation[];
  /** Why the effect cannot be told, or null when it can. Anything but null is a deny unless policy permits just that (L2). */
  readonly undetermined: string | null;
  /** What could not be told, where it is less than everything: a function, a database. Absent: the target as a whole. */
  readonly undeterminedOn?: readonly Resource[];
  /** Digest of the definitions it rests on beside its own text, such as views and bodies of functions. Absent: none. */
  readonly basis?: string;
  /** Whether it may change state at the target: then it waits until its entry is on disk, not only written. */
  readonly changesState: boolean;
  /** What makes it more or less dangerous, as far as its binding can tell. */
  readonly traits?: OperationTraits;
  /** The fields of the target's data that it uses, for whatever may be classified. Absent: none is known of. */
  readonly fields?: readonly FieldUse[];
  /**
   * Whether a value in its text is what stands for a hidden value, or null when none is. Absent: the binding cannot tell
   * values from the rest of the text.
   */
  readonly mark?: 'whole' | 'part' | null;
}

/** A field of the target's data, and what an operation does with it. Frozen. */
export interface FieldUse {
  readonly kind: FieldUseKind;
  /** Schema, table and column, as the catalog has them. A column of `*` is any: it is not known well enough. */
  readonly field: FieldName;
  /** The class the target itself declares for it, or null. Of a column of `*` there is one use for each class declared. */
  readonly declared: string | null;
  /** What it is used for: `filter`, `join`, `order`, `compute`; see docs/statements.md. Sorted. */
  readonly roles: readonly string[];
}

export type FieldUseKind =
  /** What it holds can be told from what comes of the operation: which rows there are, in which order, whether it fails. */
  | 'probe'
  /** Afterwards it is no longer known for what it is: it is renamed, or its declaration changed. */
  | 'declassify'
  /** It is given a value. */
  | 'write';

export interface FieldName {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
}

/** What a binding knows of an operation beyond what it touches: material for a risk score. */
export interface OperationTraits {
  /** Most rows it reads or changes, by the target's own statistics; null when there are none. */
  readonly rows: number | null;
  /** Changes everything in what it changes: UPDATE or DELETE without WHERE, TRUNCATE. */
  readonly unfiltered: boolean;
}

/** One unit of work that needs one decision. */
export interface Operation {
  readonly meaning: Meaning;
  /** Exactly what would run; an approval is bound to it (L3). Never logged: see `Meaning.form`. */
  readonly text: string;
  /** Values sent beside the text, in order; null is the protocol's own null. */
  readonly parameters: readonly (Uint8Array | null)[];
  /** How each parameter is encoded, where the protocol leaves a choice; empty or absent when all are text. */
  readonly parameterForms?: readonly ParameterForm[];
}

export type ParameterForm = 'text' | 'binary';
