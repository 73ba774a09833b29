/**
 * From a statement's text to its meaning. A text that was understood before is looked up in about a microsecond; one
 * that was not goes to the parser's worker.
 */

import type { MaybePromise } from '../../../lib/async.ts';
import { BodyShelf, refusedDraft } from './body-shelf.ts';
import type { CatalogSnapshot } from './catalog.ts';
import type { CatalogSource } from './catalog-source.ts';
import type { BodyText, Draft, StatementMeaning } from './meaning.ts';
import { normalForm, shownForm } from './normal-form.ts';
import type { Parser } from './parser-pool.ts';
import { type Resolution, resolve } from './resolve.ts';
import type { SessionState } from './session-state.ts';
import { TwoGenerations } from './two-generations.ts';

export interface StatementBinderOptions {
  /** The database every session of this binder is in. */
  readonly database: string;
  readonly parser: Parser;
  readonly catalog: CatalogSource;
  readonly limits?: Partial<BinderLimits>;
}

export interface BinderLimits {
  /** Texts remembered. */
  readonly cachedStatements: number;
  /** Longest text that is remembered, in characters. */
  readonly cachedTextLength: number;
  /** Characters of all texts remembered: what is kept of one grows with it, to some fifteen times as much. */
  readonly cachedCharacters: number;
  /** Evaluations of all meanings remembered; past them everything is forgotten. */
  readonly cachedEvaluations: number;
  /** Meanings of one text remembered, one per distinct session state. */
  readonly cachedMeanings: number;
  /** Bodies of views, functions and the like remembered, each by its text. */
  readonly cachedBodies: number;
}

export const DEFAULT_BINDER_LIMITS: BinderLimits = {
  cachedStatements: 10_000,
  cachedTextLength: 16_384,
  cachedCharacters: 8_388_608,
  cachedEvaluations: 1_000_000,
  cachedMeanings: 16,
  cachedBodies: 10_000,
};

/** Times what a statement sets off is parsed before it is given up on: bodies within bodies, one level a time. */
const BODY_ROUNDS = 40;

export interface StatementBinder {
  /** What the text means in this session. At once when it is known. Never rejects. */
  bind(text: string, state: SessionState): MaybePromise<StatementMeaning>;
  /**
   * What a statement understood earlier means now: the server plans a prepared statement anew when the search path
   * changed, so ask this each time one is about to run. The same object as long as nothing changed.
   */
  rebind(meaning: StatementMeaning, state: SessionState): MaybePromise<StatementMeaning>;
}

export function createStatementBinder(options: StatementBinderOptions): StatementBinder {
  return new CachingBinder(options);
}

/** A text that was parsed, with its meanings so far. */
interface Entry {
  readonly draft: Draft;
  readonly form: string;
  catalogVersion: number;
  lastKey: string;
  last: StatementMeaning | null;
  readonly meanings: Map<string, StatementMeaning>;
}

class CachingBinder implements StatementBinder {
  readonly #options: StatementBinderOptions;
  readonly #catalog: CatalogSource;
  readonly #limits: BinderLimits;
  readonly #byForm: TwoGenerations<Entry | null>;
  readonly #byText: TwoGenerations<Entry>;
  readonly #parsing = new Map<string, Promise<Entry>>();
  /** The text a meaning was made from: it can be resolved again. */
  readonly #origin = new WeakMap<StatementMeaning, Entry>();
  /** Texts being resolved, each because the one before runs it. */
  readonly #resolving = new Set<Entry>();
  readonly #bodies: BodyShelf;
  #serial = 0;
  /** Of all meanings since everything was last forgotten. */
  #evaluations = 0;

  constructor(options: StatementBinderOptions) {
    this.#options = options;
    this.#catalog = options.catalog;
    this.#limits = { ...DEFAULT_BINDER_LIMITS, ...options.limits };
    const { cachedStatements, cachedCharacters, cachedBodies } = this.#limits;
    this.#byForm = new TwoGenerations(cachedStatements, cachedCharacters);
    this.#byText = new TwoGenerations(cachedStatements, cachedCharacters);
    this.#bodies = new BodyShelf(options.parser, options.database, cachedBodies, cachedCharacters);
  }

  bind(text: string, state: SessionState): MaybePromise<StatementMeaning> {
    const form = text.length <= this.#limits.cachedTextLength ? normalForm(text) : null;
    const entry = this.#cached(text, form);
    return this.#fromCache(entry, state) ?? this.#understand(entry ?? this.#parsed(text, form), state);
  }

  rebind(meaning: StatementMeaning, state: SessionState): MaybePromise<StatementMeaning> {
    const entry = this.#origin.get(meaning);
    if (entry === undefined) return meaning;
    return this.#fromCache(entry, state) ?? this.#understand(entry, state);
  }

  #fromCache(entry: Entry | undefined, state: SessionState): StatementMeaning | null {
    const { snapshot } = this.#catalog;
    if (entry === undefined || snapshot === null || this.#catalog.stale) return null;
    return this.#known(entry, snapshot, state);
  }

  /** A form that texts with different meanings share is kept as null: then only the exact text will do. */
  #cached(text: string, form: string | null): Entry | undefined {
    return (form === null ? null : this.#byForm.get(form)) ?? this.#byText.get(text);
  }

  /** The meaning in this session, or null when a newer catalog should be asked first. */
  #known(entry: Entry, catalog: CatalogSnapshot, state: SessionState): StatementMeaning | null {
    if (entry.catalogVersion !== catalog.version) {
      entry.meanings.clear();
      entry.last = null;
      entry.catalogVersion = catalog.version;
    }
    const key = entry.draft.runs.length === 0 ? state.key : keyOfRuns(entry.draft, state);
    if (entry.last !== null && entry.lastKey === key) return entry.last;
    const known = entry.meanings.get(key);
    if (known !== undefined) {
      entry.last = known;
      entry.lastKey = key;
      return known;
    }
    const { meaning, unknownName, needs } = this.#resolve(entry, catalog, state);
    if (needs.length > 0) return null;
    // A name that is not there may be newer than the catalog, so this answer is not remembered.
    if (unknownName) return this.#catalog.mayRefresh() ? null : meaning;
    if (entry.meanings.size >= this.#limits.cachedMeanings) entry.meanings.clear();
    this.#makeRoom(meaning.evaluations.length);
    entry.meanings.set(key, meaning);
    return meaning;
  }

  /** A text over a table of a thousand partitions has a thousand evaluations, and ten thousand such texts are easily made. */
  #makeRoom(evaluations: number): void {
    this.#evaluations += evaluations;
    if (this.#evaluations <= this.#limits.cachedEvaluations) return;
    this.#evaluations = evaluations;
    this.#byForm.clear();
    this.#byText.clear();
  }

  #resolve(
    entry: Entry,
    catalog: CatalogSnapshot,
    state: SessionState,
    paths: readonly (readonly string[])[] = [],
    survey = false,
  ): Resolution {
    const { database } = this.#options;
    const again = (meaning: StatementMeaning, further: readonly (readonly string[])[]): Resolution | null => {
      const origin = this.#origin.get(meaning);
      // A text that prepares and runs a name is what that name may be from then on: once round is enough.
      if (origin !== undefined && this.#resolving.has(origin))
        return { meaning, unknownName: false, needs: [] };
      return origin === undefined ? null : this.#resolve(origin, catalog, state, further, survey);
    };
    this.#serial += 1;
    const { draft, form } = entry;
    this.#resolving.add(entry);
    try {
      const serial = this.#serial;
      const body = (one: BodyText) => this.#bodies.get(one);
      const resolution = resolve({
        draft,
        form,
        database,
        catalog,
        state,
        serial,
        again,
        paths,
        body,
        survey,
      });
      this.#origin.set(resolution.meaning, entry);
      return resolution;
    } finally {
      this.#resolving.delete(entry);
    }
  }

  async #understand(source: Entry | Promise<Entry>, state: SessionState): Promise<StatementMeaning> {
    const entry = await source;
    try {
      if (this.#catalog.snapshot === null || this.#catalog.stale) await this.#catalog.refresh();
      const known = await this.#followed(entry, state);
      if (known !== null) return known;
      await this.#catalog.refresh();
    } catch {
      return this.#unknowable(entry, "the target's catalog cannot be read");
    } finally {
      this.#bodies.forgetRefused();
    }
    const { snapshot } = this.#catalog;
    if (snapshot === null) return this.#unknowable(entry, "the target's catalog cannot be read");
    const known = await this.#followed(entry, state);
    if (known !== null) return known;
    const { meaning, needs } = this.#resolve(entry, snapshot, state);
    return needs.length === 0
      ? meaning
      : this.#unknowable(entry, 'what it sets off cannot be followed to the end');
  }

  /** The meaning once every body it runs has been parsed; null when a newer catalog should be asked first. */
  async #followed(entry: Entry, state: SessionState): Promise<StatementMeaning | null> {
    for (let round = 0; round < BODY_ROUNDS; round += 1) {
      const { snapshot } = this.#catalog;
      if (snapshot === null) return null;
      // The bodies first, each looked at once: the ways between them are worked out when all are there.
      let { needs } = this.#resolve(entry, snapshot, state, [], true);
      if (needs.length === 0) {
        const known = this.#known(entry, snapshot, state);
        if (known !== null) return known;
        needs = this.#resolve(entry, snapshot, state).needs;
        if (needs.length === 0) return null;
      }
      await this.#bodies.parse(needs);
    }
    return this.#unknowable(entry, 'what it sets off cannot be followed to the end');
  }

  #unknowable(entry: Entry, why: string): StatementMeaning {
    this.#serial += 1;
    const resource = { type: 'Database', path: [this.#options.database] } as const;
    return Object.freeze<StatementMeaning>({
      form: entry.form,
      evaluations: [{ action: 'transact', resource }],
      undetermined: entry.draft.undetermined ?? why,
      changesState: true,
      relations: [],
      columnNames: new Set(entry.draft.columnNames),
      anyColumn: true,
      copy: null,
      statements: entry.draft.statements,
      effects: [],
      serial: this.#serial,
    });
  }

  /** The parsed text; one parse for all who wait for the same text. */
  #parsed(text: string, form: string | null): Promise<Entry> {
    const waiting = this.#parsing.get(text);
    if (waiting !== undefined) return waiting;
    const parsing = this.#parse(text, form).finally(() => this.#parsing.delete(text));
    this.#parsing.set(text, parsing);
    return parsing;
  }

  async #parse(text: string, form: string | null): Promise<Entry> {
    const shown = form === null ? null : shownForm(form);
    const result = await this.#options.parser.parse(text, this.#options.database, shown);
    const draft = typeof result === 'string' ? refusedDraft(result) : result;
    const unparseable = `(unparseable statement, ${Buffer.byteLength(text)} bytes)`;
    const entry: Entry = {
      draft,
      form: draft.form ?? unparseable,
      catalogVersion: -1,
      lastKey: '',
      last: null,
      meanings: new Map(),
    };
    // A refusal may be the parser's bad moment: not remembered.
    if (typeof result === 'string' || text.length > this.#limits.cachedTextLength) return entry;
    if (form !== null && draft.shareable && draft.undetermined === null) this.#byForm.set(form, entry);
    else this.#byText.set(text, entry);
    if (form !== null && !draft.shareable) this.#byForm.set(form, null);
    return entry;
  }
}

/** What the prepared statements and cursors a text runs are now. */
function keyOfRuns(draft: Draft, state: SessionState): string {
  const known = draft.runs.map(({ kind, name }) =>
    (kind === 'prepared' ? state.preparedUnder(name) : state.cursorsUnder(name)).map(({ serial }) => serial),
  );
  return JSON.stringify([state.key, known]);
}
