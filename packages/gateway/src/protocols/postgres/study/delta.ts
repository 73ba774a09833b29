/**
 * A saved catalog is mostly what every database has. Answers are saved as what they have beyond the built-in catalog,
 * and what of it they lack, so that a small database is a small file.
 */
import { createHash } from 'node:crypto';
import { answersOf, type SavedAnswer, type SavedCatalog } from './saved.ts';

type Rows = SavedAnswer['rows'];

/** Names the built-in answer that others were saved against: another release may ship another one. */
function baseDigest(rows: Rows): string {
  return createHash('sha256').update(JSON.stringify(rows)).digest('hex').slice(0, 16);
}

export function withoutBuiltIn(saved: SavedCatalog, builtIn: SavedCatalog): SavedCatalog {
  const bases = answersOf(builtIn);
  const answers = saved.answers.map((answer) => {
    const base = bases.get(answer.question);
    return base === undefined ? answer : less(answer, base);
  });
  return { ...saved, answers };
}

function less({ question, rows }: SavedAnswer, base: Rows): SavedAnswer {
  const shared = new Set(base.map((row) => JSON.stringify(row)));
  const own = new Set(rows.map((row) => JSON.stringify(row)));
  return {
    question,
    rows: rows.filter((row) => !shared.has(JSON.stringify(row))),
    base: baseDigest(base),
    lacking: base.filter((row) => !own.has(JSON.stringify(row))),
  };
}

/** The catalog whole again. Throws, in words for people, when it was saved against another built-in catalog. */
export function withBuiltIn(saved: SavedCatalog, builtIn: SavedCatalog): SavedCatalog {
  const bases = answersOf(builtIn);
  const answers = saved.answers.map((answer) => {
    const { question, rows, base: digest, lacking = [] } = answer;
    if (digest === undefined) return answer;
    const base = bases.get(question);
    if (base === undefined || baseDigest(base) !== digest)
      throw new TypeError('the catalog was saved by another version: save it again');
    const without = new Set(lacking.map((row) => JSON.stringify(row)));
    return { question, rows: [...base.filter((row) => !without.has(JSON.stringify(row))), ...rows] };
  });
  return { ...saved, answers };
}
