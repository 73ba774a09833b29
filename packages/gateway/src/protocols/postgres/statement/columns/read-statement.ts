/** From statements' parse trees to the shape of a text. Runs in the parser's worker. */
import { type Body, isBody, list, untag } from '../tree.ts';
import { isTagged } from './read-expression.ts';
import { QueryReader, TooManyColumns } from './read-query.ts';
import { copyFrom, copyTo } from './read-write.ts';
import type { QueryShape, Shape, StatementShape, Term } from './shape.ts';

/** Gathers the statements of one text, those in its constants included. */
export class ShapeReader {
  readonly #reader = new QueryReader();
  readonly #statements: StatementShape[] = [];
  #overflow = false;

  /** Reads one statement; `answers` when the client gets its rows. */
  statement(node: unknown, answers: boolean): void {
    if (this.#overflow) return;
    try {
      const shape = statementShape(this.#reader, node);
      this.#statements.push(answers ? shape : { ...shape, answers: 'none', goes: 'code' });
    } catch (error) {
      if (!(error instanceof TooManyColumns)) throw error;
      this.#overflow = true;
    }
  }

  /** The shape of all of them, or null when a limit was reached. */
  finish(): Shape | null {
    return this.#overflow ? null : { statements: this.#statements, ordinals: this.#reader.ordinals };
  }
}

/** Statements that answer with no rows, whatever is in them. */
const SILENT = new Set([
  'TransactionStmt',
  'VariableSetStmt',
  'DeallocateStmt',
  'ClosePortalStmt',
  'ListenStmt',
  'UnlistenStmt',
  'NotifyStmt',
  'ViewStmt',
]);

/** Statements that read no relation but in the queries in them. */
const READS_NOTHING = new Set([
  'ExplainStmt',
  'VariableShowStmt',
  'CallStmt',
  'DoStmt',
  'LockStmt',
  'CreateFunctionStmt',
  'RuleStmt',
]);

function statementShape(reader: QueryReader, node: unknown): StatementShape {
  const { tag, body } = untag(node) ?? { tag: '', body: {} };
  const query = reader.query(node);
  if (query !== null) {
    if (isBody(body.intoClause)) return { ...answering(query), answers: 'none', goes: 'store' };
    return answering(query);
  }
  switch (tag) {
    case 'PrepareStmt':
    case 'DeclareCursorStmt': {
      // What it will answer with when it is run.
      const inner = reader.query(body.query);
      return inner === null ? loose(reader, body) : answering(inner);
    }
    case 'ExecuteStmt':
    case 'FetchStmt':
      return { ...loose(reader, body), answers: 'runs' };
    case 'CreateTableAsStmt':
      return { ...loose(reader, body), answers: 'none', goes: 'store', reads: false };
    case 'CopyStmt':
      return copy(reader, body);
    default:
      return {
        ...loose(reader, body),
        answers: SILENT.has(tag) ? 'none' : 'unknown',
        reads: !SILENT.has(tag) && !READS_NOTHING.has(tag),
      };
  }
}

/** A query whose rows the client gets: what a write returns, everything of any other. */
function answering(query: QueryShape): StatementShape {
  const silent = query.kind === 'write' && query.returning.length === 0;
  return { queries: [query], loose: [], reads: false, answers: silent ? 'none' : 'rows', goes: 'client' };
}

function copy(reader: QueryReader, body: Body): StatementShape {
  if (!isBody(body.relation)) {
    const query = reader.query(body.query);
    return query === null ? loose(reader, body) : answering(query);
  }
  if (body.is_from === true) return answering(copyFrom(reader, body));
  return answering(copyTo(body));
}

/** What stands for values outside of queries: columns, and what functions return. */
const REFERS = new Set(['ColumnRef', 'FuncCall']);

/**
 * Any other statement: the queries in it, and references outside of them, of which definitions compute what they like:
 * the condition of a policy, the values of a column that changes its type.
 */
function loose(reader: QueryReader, body: Body): StatementShape {
  const queries: QueryShape[] = [];
  const terms: Term[] = [];
  const scan = (value: unknown): void => {
    if (Array.isArray(value)) for (const one of list(value)) scan(one);
    else if (isTagged(value)) {
      const query = reader.query(value);
      if (query !== null) queries.push(query);
      else if (REFERS.has(untag(value)?.tag ?? '')) terms.push(...reader.terms(value, 'computed'));
      else scan(untag(value)?.body);
    } else if (isBody(value)) for (const one of Object.values(value)) scan(one);
  };
  scan(body);
  return { queries, loose: terms, reads: terms.length > 0, answers: 'unknown', goes: 'client' };
}
