/** A saved catalog: what a database answered when it was asked what is in it, as JSON. Comes from a file. */

export interface SavedAnswer {
  /** Digest of the question. */
  readonly question: string;
  readonly rows: readonly (readonly string[])[];
  /** Which built-in answer `rows` come on top of, and rows of it that are not there; absent when `rows` are all. */
  readonly base?: string;
  readonly lacking?: readonly (readonly string[])[];
}

export interface SavedCatalog {
  readonly format: typeof SAVED_FORMAT;
  readonly facts: Readonly<Record<string, string>>;
  readonly answers: readonly SavedAnswer[];
}

export const SAVED_FORMAT = 'sallyport postgres catalog 1';

/** Reads what `save` gave. Throws, in words for people, when it is something else. */
export function readSavedCatalog(value: unknown): SavedCatalog {
  if (!isRecord(value)) throw new TypeError('the catalog is not one that was saved: it is no object');
  const { format, facts, answers } = value;
  if (format !== SAVED_FORMAT) {
    throw new TypeError(`the catalog is not one that was saved: its format is not "${SAVED_FORMAT}"`);
  }
  if (!isRecord(facts) || !Object.values(facts).every((fact) => typeof fact === 'string'))
    throw new TypeError('the saved catalog is damaged: its facts are not texts');
  if (!Array.isArray(answers) || !answers.every(isAnswer))
    throw new TypeError('the saved catalog is damaged: its answers are not lists of rows');
  return { format, facts: facts as Record<string, string>, answers };
}

/** The rows by question. */
export function answersOf(saved: SavedCatalog): ReadonlyMap<string, SavedAnswer['rows']> {
  return new Map(saved.answers.map(({ question, rows }) => [question, rows]));
}

function isAnswer(value: unknown): value is SavedAnswer {
  if (!isRecord(value)) return false;
  const { question, rows, base = '', lacking = [] } = value;
  return typeof question === 'string' && typeof base === 'string' && isRows(rows) && isRows(lacking);
}

function isRows(value: unknown): value is SavedAnswer['rows'] {
  return Array.isArray(value) && value.every(isRow);
}

function isRow(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((cell) => typeof cell === 'string');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
