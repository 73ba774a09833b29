/** The worker the parser lives in: text in, draft out. It may die at any time; the pool sees to that. */

import { parentPort } from 'node:worker_threads';
import { loadModule, parsePlPgSQLSync, parseSync, type ScanToken, SqlError, scanSync } from 'libpg-query';
import { markIn, mayHold } from '../../../lib/marks.ts';
import type { Draft } from './meaning.ts';
import { type ParseAnswer, type ParseRequest, READY } from './parser-messages.ts';
import { withRecords } from './plpgsql-declarations.ts';
import { type Parsers, UnparseableText, walkBody, walkStatements } from './walk.ts';

/** Longest form that is shown or recorded, in characters. */
const FORM_LENGTH = 8192;
/** What a literal looks like, whatever the scanner calls it: it has no name for some of them. */
const LITERAL = /^(?:\.?\d|[^"]*'|\$(?!\d+$))/;
const COMMENTS = new Set(['SQL_COMMENT', 'C_COMMENT']);

export function serveParser(port: NonNullable<typeof parentPort>): void {
  const ready = loadModule().then(() => port.postMessage(READY));
  port.on('message', (request: ParseRequest) => {
    void ready.then(() => port.postMessage(JSON.stringify(answer(request))));
  });
}

function answer(request: ParseRequest): ParseAnswer {
  try {
    return { id: request.id, draft: draftOf(request), broken: false };
  } catch (error) {
    if (error instanceof UnparseableText) {
      const why = `PostgreSQL's parser does not accept the text (at byte ${error.offset})`;
      return {
        id: request.id,
        draft: { ...walkStatements([], '', null, PARSERS), undetermined: why },
        broken: false,
      };
    }
    return { id: request.id, draft: null, broken: true };
  }
}

function draftOf(request: ParseRequest): Draft {
  const { kind, text } = request;
  if (kind !== undefined) return walkBody({ kind, text }, request.database, PARSERS);
  const statements = parse(text);
  if (statements.length > request.statements) {
    const why = `the text has more than ${request.statements} statements`;
    return { ...walkStatements([], '', null, PARSERS), statements: statements.length, undetermined: why };
  }
  const draft = walkStatements(statements, request.database, request.form ?? redacted(text), PARSERS);
  // As it is, or with escapes in it.
  const mark = mayHold(text) || text.includes('\\') ? markAmong(statements) : null;
  return mark === null ? draft : { ...draft, mark };
}

/** The mark among the strings of a tree. */
function markAmong(statements: readonly unknown[]): NonNullable<Draft['mark']> | null {
  let part = false;
  const left: unknown[] = [...statements];
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    if (typeof node !== 'object' || node === null) continue;
    for (const [key, value] of Object.entries(node)) {
      if (key === 'sval' && typeof value === 'string') {
        const mark = markIn(value);
        if (mark === 'whole') return mark;
        part ||= mark === 'part';
      } else if (typeof value === 'object') left.push(value);
    }
  }
  return part ? 'part' : null;
}

const PARSERS: Parsers = { sql: parse, plpgsql: parsePlpgsql };

/** The parser knows no table, so it takes `t%ROWTYPE` for a type without fields; `record` has any. */
function parsePlpgsql(text: string): unknown {
  try {
    return parsePlPgSQLSync(withRecords(text));
  } catch (error) {
    // It has one kind of error for all that is wrong with PL/pgSQL, and it is no SqlError.
    if (!(error instanceof Error) || error instanceof RangeError || error.name === 'RuntimeError')
      throw error;
    throw new UnparseableText(0);
  }
}

function parse(sql: string): readonly unknown[] {
  if (sql.trim() === '') return [];
  try {
    return (parseSync(sql).stmts ?? []).map((statement) => statement.stmt);
  } catch (error) {
    if (error instanceof SqlError) throw new UnparseableText(error.sqlDetails?.cursorPosition ?? 0);
    throw error;
  }
}

/** The text with a `?` for every literal and without comments, by the parser's own scanner. */
function redacted(text: string): string | null {
  if (text.trim() === '') return '';
  let form = '';
  let end = 0;
  for (const token of tokens(text)) {
    if (COMMENTS.has(token.tokenName)) continue;
    if (token.start > end && form !== '') form += ' ';
    form += /^[IFS]CONST$/.test(token.tokenName) || LITERAL.test(token.text) ? '?' : token.text;
    end = token.end;
    if (form.length > FORM_LENGTH) return `${form.slice(0, FORM_LENGTH)}…`;
  }
  return form;
}

function tokens(text: string): readonly ScanToken[] {
  try {
    return scanSync(text).tokens;
  } catch (error) {
    // The scanner answers some errors with text that is no JSON.
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

if (parentPort !== null) serveParser(parentPort);
