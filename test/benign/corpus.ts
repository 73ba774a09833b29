/**
 * What clients really send while they look around and read. `captured/` is what tools sent over the tables of schema.ts
 * (tools/oracle-capture.ts), `written/` what is known of tools that could not be run here.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TPCH_QUERIES } from '../oracle/tpch/queries.ts';

export interface BenignStatement {
  readonly source: string;
  readonly sql: string;
  /** Where its unqualified names are. */
  readonly path?: string;
}

/** Every statement, each session's in the order in which its tool sent them. */
export function benignCorpus(): readonly BenignStatement[] {
  const files = ['captured', 'written'].flatMap((folder) => {
    const path = join(import.meta.dirname, folder);
    return readdirSync(path)
      .sort()
      .map((name) => join(path, name));
  });
  const read = files.flatMap((file) => statementsOf(readFileSync(file, 'utf8')));
  const queries = TPCH_QUERIES.flatMap((texts, at) =>
    texts
      .filter((sql) => /^\s*SELECT/.test(sql))
      .map((sql) => ({ source: `TPC-H, query ${at + 1}`, sql, path: 'tpch' })),
  );
  return [...read, ...queries];
}

function statementsOf(text: string): readonly BenignStatement[] {
  let source = '';
  const found: BenignStatement[] = [];
  for (const part of text.split('\n-- ⏎\n')) {
    const head = /^-- source: (.*)\n/.exec(part);
    source = head?.[1] ?? source;
    const sql = part.slice(head?.[0].length ?? 0);
    if (sql.trim() !== '') found.push({ source, sql });
  }
  return found;
}
