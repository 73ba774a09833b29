/**
 * Everything PL/pgSQL code runs, out of the parser's tree: each expression and statement in it, whatever it hangs on.
 *
 * The tree is searched as a whole rather than statement by statement, so that nothing is missed by not knowing where a
 * statement keeps its expressions; a statement that is not on the list below makes the code undetermined.
 */
import { isBody } from './tree.ts';

export interface PlpgsqlReader {
  cannotTell(why: string): void;
  /** Runs this text as SQL. */
  ran(sql: string): void;
  /** Evaluates this expression and runs the text it gives. */
  executed(expression: string): void;
  /** Has a variable of this type. */
  typed(name: string): void;
}

/** Where an expression stands that gives text to run: the statement's tag and the field. */
const EXECUTED: ReadonlySet<string> = new Set([
  'PLpgSQL_stmt_dynexecute.query',
  'PLpgSQL_stmt_dynfors.query',
  'PLpgSQL_stmt_open.dynquery',
  'PLpgSQL_stmt_return_query.dynquery',
]);

const STATEMENTS: ReadonlySet<string> = new Set(
  (
    'block assign if case loop while fori fors forc foreach_a exit return return_next return_query raise assert ' +
    'execsql dynexecute dynfors getdiag open fetch close perform call commit rollback'
  )
    .split(' ')
    .map((name) => `PLpgSQL_stmt_${name}`),
);

/** How the server reads an expression (RawParseMode): 0 is a statement, 2 an expression, 3 to 5 an assignment. */
const STATEMENT = 0;
const EXPRESSION = 2;

/** Deepest tree that is searched. */
const DEPTH = 2000;

export function walkPlpgsql(tree: unknown, reader: PlpgsqlReader): void {
  search(tree, '', reader, 0);
}

/** `place` is where the value stands, as tag and field. */
function search(value: unknown, place: string, reader: PlpgsqlReader, depth: number): void {
  if (depth > DEPTH) return reader.cannotTell('its code is nested too deeply');
  if (Array.isArray(value)) {
    for (const one of value) search(one, place, reader, depth + 1);
    return;
  }
  if (!isBody(value)) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'PLpgSQL_expr') expression(inner, place, reader);
    else if (key === 'PLpgSQL_type') {
      if (isBody(inner) && typeof inner.typname === 'string') reader.typed(inner.typname);
    } else if (key === 'PLpgSQL_stmt_commit' || key === 'PLpgSQL_stmt_rollback') reader.ran('COMMIT');
    else if (key.startsWith('PLpgSQL_stmt_') && !STATEMENTS.has(key))
      reader.cannotTell(`${key} is not understood`);
    else if (key.startsWith('PLpgSQL_')) fields(key, inner, reader, depth);
    else search(inner, place, reader, depth + 1);
  }
}

function fields(tag: string, body: unknown, reader: PlpgsqlReader, depth: number): void {
  if (!isBody(body)) return;
  for (const [field, inner] of Object.entries(body)) search(inner, `${tag}.${field}`, reader, depth + 1);
}

function expression(body: unknown, place: string, reader: PlpgsqlReader): void {
  const query = isBody(body) ? body.query : undefined;
  const mode = isBody(body) ? (body.parseMode ?? STATEMENT) : undefined;
  if (typeof query !== 'string') reader.cannotTell('an expression of its code is not understood');
  else if (EXECUTED.has(place)) reader.executed(query);
  else if (mode === STATEMENT) reader.ran(query);
  else if (mode === EXPRESSION) reader.ran(`SELECT ${query}`);
  else if (mode === 3 || mode === 4 || mode === 5) assignment(query, reader);
  else reader.cannotTell('an expression of its code is not understood');
}

/** `target := value`: the target may have subscripts that are expressions themselves. */
function assignment(query: string, reader: PlpgsqlReader): void {
  const parts = /^((?:[^:='"[]|"(?:[^"]|"")*"|\[(?:[^\]"'[]|"(?:[^"]|"")*")*\])*?)(?::=|=)([\s\S]*)$/.exec(
    query,
  );
  if (parts === null) reader.cannotTell('an assignment of its code is not understood');
  else {
    reader.ran(`SELECT ${parts[2]}`);
    if (parts[1]?.includes('[') === true) reader.ran(`SELECT ${parts[1]}`);
  }
}
