/** Bodies that were parsed: by their text, so that a new catalog with the same definitions costs nothing. */
import type { BodyText, Draft } from './meaning.ts';
import type { Parser } from './parser-pool.ts';
import { TwoGenerations } from './two-generations.ts';

/** Bodies given to the parser at once. */
const AT_ONCE = 256;

export class BodyShelf {
  readonly #parser: Parser;
  readonly #database: string;
  readonly #drafts: TwoGenerations<Draft>;
  readonly #refused = new Map<string, Draft>();
  readonly #parsing = new Map<string, Promise<void>>();
  /** The key of a body, which is asked for again and again. */
  readonly #keys = new WeakMap<BodyText, string>();

  constructor(parser: Parser, database: string, size: number, characters: number) {
    this.#parser = parser;
    this.#database = database;
    this.#drafts = new TwoGenerations(size, characters);
  }

  get(body: BodyText): Draft | undefined {
    const key = this.#key(body);
    return this.#drafts.get(key) ?? this.#refused.get(key);
  }

  /** A refusal may be the parser's bad moment: it holds for one statement. */
  forgetRefused(): void {
    this.#refused.clear();
  }

  /** Parses these, each once for all who wait for it. Never rejects: a body that is refused cannot be told. */
  async parse(bodies: readonly BodyText[]): Promise<void> {
    // Not more at once than may wait for the parser.
    for (let at = 0; at < bodies.length; at += AT_ONCE)
      await Promise.all(bodies.slice(at, at + AT_ONCE).map((body) => this.#parse(body)));
  }

  #parse(body: BodyText): Promise<void> {
    const key = this.#key(body);
    const waiting = this.#parsing.get(key);
    if (waiting !== undefined) return waiting;
    const parsing = this.#parser
      .parseBody(body, this.#database)
      .then((result) => {
        if (typeof result === 'string') this.#refused.set(key, refusedDraft(result));
        else this.#drafts.set(key, result);
      })
      .finally(() => this.#parsing.delete(key));
    this.#parsing.set(key, parsing);
    return parsing;
  }

  #key(body: BodyText): string {
    const known = this.#keys.get(body);
    if (known !== undefined) return known;
    const key = `${body.kind} ${body.text}`;
    this.#keys.set(body, key);
    return key;
  }
}

/** The draft of a text that was not parsed; no other has no statements. */
export function refusedDraft(why: string): Draft {
  return {
    statements: 0,
    form: null,
    undetermined: why,
    opaqueBlock: null,
    shareable: false,
    relations: [],
    routines: [],
    schemas: [],
    fixed: [],
    columnNames: [],
    rowCalls: [],
    operators: [],
    types: [],
    operatorClasses: [],
    everyIndex: false,
    setsDefault: false,
    unfiltered: false,
    base: null,
    assigned: [],
    declassified: [],
    emptied: [],
    enables: [],
    star: false,
    anyColumn: true,
    copy: null,
    effects: [],
    runs: [],
  };
}
