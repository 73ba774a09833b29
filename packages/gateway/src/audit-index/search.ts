import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type LogPlace, readEntryAt } from '@sallyport/audit-log';
import { Dictionary } from './dictionary.ts';
import type { FoundOperation, FoundSession, Page, PageRequest, SearchFilter } from './filter.ts';
import { Postings } from './postings.ts';
import { presentOperation, presentSession } from './present.ts';
import { type Fields, hasWanted, isOperation, wantedTerms } from './terms.ts';

type Part<Found> = Omit<Page<Found>, 'complete'>;

const NOTHING: Part<never> = { found: [], next: null };

/** Answers from the index; everything in an answer is read from the log. */
export class Searcher {
  readonly #log: string;
  readonly #dictionary: Dictionary;
  readonly #operations: Kind;
  readonly #sessions: Kind;

  constructor(database: DatabaseSync, log: string) {
    this.#log = log;
    this.#dictionary = new Dictionary(database);
    this.#operations = kindOf(database, 'operation', 'seq');
    this.#sessions = kindOf(database, 'session', 'number');
  }

  operations(filter: SearchFilter, page: PageRequest): Part<FoundOperation> {
    const wanted = wantedTerms(filter);
    if (wanted === null) return NOTHING;
    return this.#page(this.#operations, filter, page, (row) => {
      const fields = this.#entryAt(row.segment, row.offset);
      // The index may have been changed by anyone who can write to it; what an entry says is checked once more.
      if (fields === null || !isOperation(fields) || !hasWanted(fields, wanted)) return null;
      return presentOperation(fields);
    });
  }

  sessions(filter: SearchFilter, page: PageRequest): Part<FoundSession> {
    return this.#page(this.#sessions, filter, page, (row) => {
      const first = this.#entryAt(row.segment, row.offset);
      if (first === null) return null;
      const end = row.end_segment === null ? null : this.#entryAt(row.end_segment, row.end_offset);
      return presentSession(first, end, {
        startedAt: Number(row.time),
        permitted: Number(row.permitted),
        denied: Number(row.denied),
      });
    });
  }

  #page<Found>(
    kind: Kind,
    filter: SearchFilter,
    { limit, before }: PageRequest,
    present: (row: Row) => Found | null,
  ): Part<Found> {
    const wanted = this.#numbersOf(filter);
    if (wanted === null) return NOTHING;
    const least = filter.since === undefined ? 0 : firstSince(kind, filter.since);
    const end = Math.min(
      filter.until === undefined ? kind.end() : firstSince(kind, filter.until),
      before ?? Number.POSITIVE_INFINITY,
    );
    const found: Found[] = [];
    let last = 0;
    for (const number of kind.postings.lastFirst(wanted, least, end)) {
      const row = kind.row.get(number);
      const one = row === undefined ? null : present(row);
      if (one === null) continue;
      if (found.length === limit) return { found, next: last };
      found.push(one);
      last = number;
    }
    return { found, next: null };
  }

  /** Terms that nothing has are left out of each list; null when a list comes to nothing. */
  #numbersOf(filter: SearchFilter): readonly (readonly number[])[] | null {
    // Another process may have begun the index anew, with other numbers.
    this.#dictionary.forget();
    const numbers = (wantedTerms(filter) ?? [[]]).map((either) =>
      either.map((term) => this.#dictionary.find(term)).filter((number) => number !== null),
    );
    return numbers.some((either) => either.length === 0) ? null : numbers;
  }

  #entryAt(segment: unknown, offset: unknown): Fields | null {
    const place: LogPlace = { segment: Number(segment), offset: Number(offset) };
    return readEntryAt(this.#log, place)?.fields ?? null;
  }
}

type Row = NonNullable<ReturnType<StatementSync['get']>>;

/** One kind of thing that is searched. Their numbers and times grow together. */
interface Kind {
  readonly postings: Postings;
  readonly row: StatementSync;
  /** One more than the last number. */
  end(): number;
  /** The first thing from a number on. */
  from(number: number): { readonly number: number; readonly time: number } | null;
}

function kindOf(database: DatabaseSync, table: 'operation' | 'session', number: 'seq' | 'number'): Kind {
  const last = database.prepare(`SELECT max(${number}) AS last FROM ${table}`);
  const from = database.prepare(
    `SELECT ${number} AS number, time FROM ${table} WHERE ${number} >= ? ORDER BY ${number} LIMIT 1`,
  );
  return {
    postings: new Postings(database, `${table}_posting`),
    row: database.prepare(`SELECT * FROM ${table} WHERE ${number} = ?`),
    end: () => Number(last.get()?.last ?? -1) + 1,
    from: (at) => {
      const row = from.get(at);
      return row === undefined ? null : { number: Number(row.number), time: Number(row.time) };
    },
  };
}

/** The number of the first thing at or after a time, or the end: by halving, as times never go backwards in a log. */
function firstSince(kind: Kind, time: number): number {
  let low = 0;
  let high = kind.end();
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const at = kind.from(middle);
    if (at === null || at.time >= time) high = middle;
    else low = at.number + 1;
  }
  return low;
}
