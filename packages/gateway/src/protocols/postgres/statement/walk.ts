/**
 * The walk over a parse tree: finds everything a text touches. Runs in the parser's worker.
 *
 * A node is either walked by a rule of its own or is on the list of nodes that mean nothing by themselves; any other
 * tag, and any field the grammar table does not know, makes the statement undetermined.
 */
import { definitionRules } from './definition-rules.ts';
import { DraftBuilder, type RangeVar } from './draft-builder.ts';
import { expressionRules } from './expression-rules.ts';
import { shapeOf } from './grammar.ts';
import type { Draft } from './meaning.ts';
import { objectRules } from './object-rules.ts';
import { queryRules } from './query-rules.ts';
import { sessionRules } from './session-rules.ts';
import { type Body, isBody, list, untag } from './tree.ts';

/** The common table expressions in sight: their names hide relations. */
export interface Scope {
  readonly names: ReadonlySet<string>;
  /** Set inside a query over pg_settings that picks this one row. */
  readonly settingName?: string;
}

/** What a rule may do. */
export interface Walker {
  readonly draft: DraftBuilder;
  /** Walks a tagged node. */
  visit(node: unknown, scope: Scope): void;
  visitAll(nodes: unknown, scope: Scope): void;
  /** Walks a bare node. */
  visitAs(tag: string, body: unknown, scope: Scope): void;
  /** Walks every child of a node except the named fields. */
  children(tag: string, body: Body, scope: Scope, except?: readonly string[]): void;
  /** Walks SQL found in a constant as if it were a statement of its own. */
  embedded(sql: string): void;
  /** Whether the query about to be walked answers the client directly, so that its rows have a description. */
  answering: boolean;
}

export type Rule = (walker: Walker, body: Body, scope: Scope) => void;

/** The parser's own refusal of a text; `offset` is in bytes. */
export class UnparseableText extends Error {
  override readonly name = 'UnparseableText';
  readonly offset: number;

  constructor(offset: number) {
    super('the text is not SQL');
    this.offset = offset;
  }
}

/** What the walk needs from the parser: statements as tagged nodes; throws `UnparseableText`. */
export type Parse = (sql: string) => readonly unknown[];

export const TOP: Scope = { names: new Set() };

/** SQL inside constants inside SQL inside constants. */
const EMBEDDED_DEPTH = 3;

/** Statements that may share a draft with texts that differ in literals only. */
const SHAREABLE = new Set([
  'SelectStmt',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'ExecuteStmt',
  'TransactionStmt',
]);

/** Nodes that touch nothing but through their children. */
const TRANSPARENT = new Set(
  (
    'A_ArrayExpr A_Const A_Indices Alias BitString BoolExpr Boolean BooleanTest CTECycleClause CTESearchClause CaseExpr CaseWhen ' +
    'CoalesceExpr CollateClause CurrentOfExpr Float FunctionParameter GroupingFunc GroupingSet IndexElem InferClause ' +
    'Integer JsonAggConstructor JsonArgument JsonBehavior JsonFormat JsonIsPredicate JsonKeyValue JsonOutput ' +
    'JsonReturning JsonTableColumn JsonTablePathSpec JsonValueExpr List MinMaxExpr MultiAssignRef NamedArgExpr ' +
    'NullTest ParamRef PartitionBoundSpec PartitionElem PartitionRangeDatum PartitionSpec RangeTableFuncCol ' +
    'ReturningOption RoleSpec RowExpr SQLValueFunction SetToDefault StatsElem String TriggerTransition ' +
    'WindowDef XmlExpr XmlSerialize ReplicaIdentityStmt DefElem TypeName ReturnStmt'
  ).split(' '),
);

const RULES: ReadonlyMap<string, Rule> = new Map(
  Object.entries({ ...expressionRules, ...queryRules, ...definitionRules, ...objectRules, ...sessionRules }),
);

/** Whether the walk has an answer for a node of this tag: for a test that compares it with the parser's own list. */
export function understands(tag: string): boolean {
  return RULES.has(tag) || TRANSPARENT.has(tag);
}

/** The draft of parsed statements. Never throws for a tree the parser can make. */
export function walkStatements(
  statements: readonly unknown[],
  database: string,
  form: string | null,
  parse: Parse,
): Draft {
  const walker = new TreeWalker(new DraftBuilder(database), parse, 0);
  for (const statement of statements) walker.statement(statement);
  return walker.draft.finish(statements.length, form);
}

class TreeWalker implements Walker {
  readonly draft: DraftBuilder;
  readonly #parse: Parse;
  readonly #depth: number;
  answering = true;

  constructor(draft: DraftBuilder, parse: Parse, depth: number) {
    this.draft = draft;
    this.#parse = parse;
    this.#depth = depth;
  }

  statement(node: unknown): void {
    if (!SHAREABLE.has(untag(node)?.tag ?? '')) this.draft.shareable = false;
    this.answering = this.#depth === 0;
    this.draft.shape.statement(node, this.answering);
    this.visit(node, TOP);
  }

  visit(node: unknown, scope: Scope): void {
    if (node === undefined) return;
    // An empty object is a null in a list, such as a missing bound.
    if (isBody(node) && Object.keys(node).length === 0) return;
    const tagged = untag(node);
    if (tagged === null) this.draft.cannotTell('the parser returned something unexpected');
    else this.visitAs(tagged.tag, tagged.body, scope);
  }

  visitAll(nodes: unknown, scope: Scope): void {
    for (const node of list(nodes)) this.visit(node, scope);
  }

  visitAs(tag: string, body: unknown, scope: Scope): void {
    if (body === undefined) return;
    const rule = RULES.get(tag);
    if (!isBody(body)) this.draft.cannotTell('the parser returned something unexpected');
    else if (rule !== undefined) rule(this, body, scope);
    else if (TRANSPARENT.has(tag)) this.children(tag, body, scope);
    else this.draft.cannotTell(`${tag} is not understood`);
  }

  children(tag: string, body: Body, scope: Scope, except: readonly string[] = []): void {
    const shape = shapeOf(tag);
    for (const [field, value] of Object.entries(body)) {
      const child = shape?.get(field);
      if (child === undefined) this.draft.cannotTell(`${tag}.${field} is not understood`);
      else if (except.includes(field)) continue;
      else if (child.kind === 'tagged') this.visit(value, scope);
      else if (child.kind === 'tagged-list') this.visitAll(value, scope);
      else if (child.kind === 'bare') this.visitAs(child.tag, value, scope);
      else if (child.kind === 'bare-list') for (const one of list(value)) this.visitAs(child.tag, one, scope);
      else if (typeof value === 'object') this.draft.cannotTell(`${tag}.${field} is not understood`);
    }
  }

  embedded(sql: string): void {
    this.draft.shareable = false;
    this.draft.anyColumn = true;
    if (this.#depth >= EMBEDDED_DEPTH) {
      this.draft.cannotTell('SQL is nested in text too deeply');
      return;
    }
    let statements: readonly unknown[];
    try {
      statements = this.#parse(sql);
    } catch (error) {
      if (!(error instanceof UnparseableText)) throw error;
      this.draft.cannotTell('text that a function would run is not SQL the parser accepts');
      return;
    }
    const inner = new TreeWalker(this.draft, this.#parse, this.#depth + 1);
    for (const statement of statements) inner.statement(statement);
  }
}

export type { RangeVar };
