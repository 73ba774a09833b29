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
import type { BodyText, Draft, DraftName } from './meaning.ts';
import { objectRules } from './object-rules.ts';
import { dollarQuoted } from './plpgsql-declarations.ts';
import { walkPlpgsql } from './plpgsql-walk.ts';
import { queryRules } from './query-rules.ts';
import { sessionRules } from './session-rules.ts';
import { as, type Body, constantText, isBody, list, parseRegclass, text, untag } from './tree.ts';
import { typeRules } from './type-rules.ts';

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
  /** Walks the code of a DO block; `cannotTell` in it is the block's. */
  block(code: string): void;
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

/** The same for PL/pgSQL: the functions in a CREATE FUNCTION or DO. */
export type ParsePlpgsql = (sql: string) => unknown;

export interface Parsers {
  readonly sql: Parse;
  readonly plpgsql: ParsePlpgsql;
}

export const TOP: Scope = { names: new Set() };

/** SQL inside constants inside SQL inside constants. */
const EMBEDDED_DEPTH = 6;

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

/** Statements after which the catalog says something else; those that may make what is temporary say so themselves. */
const DEFINITIONS = new Set(
  (
    'AlterCollation AlterDomain AlterEnum AlterEventTrig AlterExtension AlterExtensionContents AlterFdw AlterForeignServer ' +
    'AlterFunction AlterObjectDepends AlterObjectSchema AlterOpFamily AlterOperator AlterOwner AlterPolicy AlterSeq ' +
    'AlterStats AlterTable AlterTSConfiguration AlterTSDictionary AlterType CompositeType CreateAm CreateCast ' +
    'CreateConversion CreateDomain CreateEnum CreateEventTrig CreateExtension CreateFdw CreateForeignServer ' +
    'CreateFunction CreateOpClass CreateOpFamily CreatePLang CreatePolicy CreateRange CreateSchema CreateStats ' +
    'CreateTransform CreateTrig Define Drop DropOwned ImportForeignSchema Index ReassignOwned Rename Rule'
  )
    .split(' ')
    .map((name) => `${name}Stmt`),
);

/** Nodes that touch nothing but through their children. */
const TRANSPARENT = new Set(
  (
    'A_ArrayExpr A_Const A_Indices Alias BitString BoolExpr Boolean BooleanTest CTECycleClause CTESearchClause CaseExpr CaseWhen ' +
    'CoalesceExpr CollateClause CurrentOfExpr Float FunctionParameter GroupingFunc GroupingSet InferClause ' +
    'Integer JsonAggConstructor JsonArgument JsonBehavior JsonFormat JsonIsPredicate JsonKeyValue JsonOutput ' +
    'JsonReturning JsonTableColumn JsonTablePathSpec JsonValueExpr List MinMaxExpr MultiAssignRef NamedArgExpr ' +
    'NullTest ParamRef PartitionBoundSpec PartitionRangeDatum PartitionSpec RangeTableFuncCol ' +
    'ReturningOption RoleSpec RowExpr SQLValueFunction StatsElem String TriggerTransition ' +
    'WindowDef XmlExpr XmlSerialize ReplicaIdentityStmt DefElem ReturnStmt'
  ).split(' '),
);

const RULES: ReadonlyMap<string, Rule> = new Map(
  Object.entries({
    ...expressionRules,
    ...queryRules,
    ...definitionRules,
    ...objectRules,
    ...sessionRules,
    ...typeRules,
  }),
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
  parsers: Parsers,
): Draft {
  const walker = new TreeWalker(new DraftBuilder(database), parsers, 0);
  for (const statement of statements) walker.statement(statement);
  return walker.draft.finish(statements.length, form);
}

/** The draft of a text found in the catalog, or in the text of a CREATE FUNCTION. */
export function walkBody(body: BodyText, database: string, parsers: Parsers): Draft {
  const draft = new DraftBuilder(database);
  const walker = new TreeWalker(draft, parsers, 0);
  try {
    walker.body(body);
  } catch (error) {
    if (!(error instanceof UnparseableText)) throw error;
    draft.cannotTell('its text is not what the parser accepts');
  }
  // Rows of a COPY cannot reach the client from here.
  if (draft.copy !== null) draft.cannotTell('it copies to or from the client');
  draft.copy = null;
  return draft.finish(1, null);
}

class TreeWalker implements Walker {
  readonly draft: DraftBuilder;
  readonly #parsers: Parsers;
  readonly #depth: number;
  answering = true;

  constructor(draft: DraftBuilder, parsers: Parsers, depth: number) {
    this.draft = draft;
    this.#parsers = parsers;
    this.#depth = depth;
  }

  statement(node: unknown): void {
    if (!SHAREABLE.has(untag(node)?.tag ?? '')) this.draft.shareable = false;
    this.answering = this.#depth === 0;
    this.draft.shape.statement(node, this.answering);
    this.visit(node, TOP);
  }

  body({ kind, text: own }: BodyText): void {
    this.answering = false;
    if (kind === 'plpgsql') return this.#plpgsql(own);
    const statements = this.#parsers.sql(kind === 'expression' ? `SELECT ${own}` : own);
    if (kind !== 'statements' && statements.length !== 1) this.draft.cannotTell('it is not one definition');
    for (const statement of statements) this.#bodyStatement(kind, statement);
  }

  #bodyStatement(kind: BodyText['kind'], statement: unknown): void {
    this.answering = false;
    this.draft.shape.statement(statement, kind === 'statements');
    if (kind === 'statements' || kind === 'expression') {
      this.draft.base = baseOf(statement);
      this.visit(statement, TOP);
    } else if (kind === 'rule') {
      const rule = as('RuleStmt', statement);
      if (rule === null) return this.draft.cannotTell('it is not a rule');
      for (const own of ['old', 'new']) this.draft.ranges.add(own);
      this.visit(rule.whereClause, TOP);
      this.visitAll(rule.actions, { names: new Set(['old', 'new']) });
    } else if (kind === 'trigger') {
      const trigger = as('CreateTrigStmt', statement);
      if (trigger === null) return this.draft.cannotTell('it is not a trigger');
      this.visit(trigger.whenClause, TOP);
    } else if (kind === 'statistics') {
      const statistics = as('CreateStatsStmt', statement);
      if (statistics === null) return this.draft.cannotTell('it is not a definition of statistics');
      this.visitAll(statistics.exprs, TOP);
    } else {
      const routine = as('CreateFunctionStmt', statement);
      if (routine === null) return this.draft.cannotTell('it is not a function');
      this.visit(routine.sql_body, TOP);
    }
  }

  #plpgsql(code: string): void {
    if (this.#depth >= EMBEDDED_DEPTH) return this.draft.cannotTell('SQL is nested in text too deeply');
    let tree: unknown;
    try {
      tree = this.#parsers.plpgsql(code);
    } catch (error) {
      if (!(error instanceof UnparseableText)) throw error;
      return this.draft.cannotTell('its PL/pgSQL is not what the parser accepts');
    }
    walkPlpgsql(tree, {
      cannotTell: (why) => this.draft.cannotTell(why),
      ran: (sql) => this.embedded(sql),
      executed: (expression) => this.#executed(expression),
      typed: (name) => {
        const type = parseRegclass(name.replace(/(?:\[\d*\]|%TYPE)+$/i, ''));
        if (type !== null) this.draft.type([...(type.schemaname ? [type.schemaname] : []), type.relname]);
      },
    });
  }

  /** EXECUTE of an expression: followed when it is a constant. */
  #executed(expression: string): void {
    this.embedded(`SELECT ${expression}`);
    const select = as('SelectStmt', this.#parsers.sql(`SELECT ${expression}`)[0]);
    const value = as('ResTarget', list(select?.targetList)[0])?.val;
    const sql = list(select?.targetList).length === 1 ? constantText(value) : undefined;
    if (sql === undefined) this.draft.cannotTell('it runs text as SQL that is not a constant');
    else this.embedded(sql);
  }

  block(code: string): void {
    const outer = this.draft.inBlock;
    this.draft.inBlock = true;
    this.draft.shareable = false;
    this.draft.anyColumn = true;
    const inner = new TreeWalker(this.draft, this.#parsers, this.#depth + 1);
    inner.#plpgsql(`DO ${dollarQuoted(code)}`);
    this.draft.inBlock = outer;
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
    else if (rule !== undefined) {
      if (DEFINITIONS.has(tag)) this.draft.effect({ kind: 'catalog-changed' });
      rule(this, body, scope);
    } else if (TRANSPARENT.has(tag)) this.children(tag, body, scope);
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
      statements = this.#parsers.sql(sql);
    } catch (error) {
      if (!(error instanceof UnparseableText)) throw error;
      this.draft.cannotTell('text that a function would run is not SQL the parser accepts');
      return;
    }
    const inner = new TreeWalker(this.draft, this.#parsers, this.#depth + 1);
    for (const statement of statements) inner.statement(statement);
  }
}

/** The one relation in the FROM clause of a plain SELECT: the only kind of view that can be written through. */
function baseOf(statement: unknown): DraftName | null {
  const from = list(as('SelectStmt', statement)?.fromClause);
  const relation = from.length === 1 ? as('RangeVar', from[0]) : null;
  if (relation === null) return null;
  return { schema: text(relation, 'schemaname') || null, name: text(relation, 'relname') };
}

export type { RangeVar };
