/**
 * From a statement's text to its meaning. A text that was understood before is looked up in about a microsecond; one
 * that was not goes to the parser's worker.
 */

import type { MaybePromise } from '../../../lib/async.ts';
import type { Clock } from '../../../lib/clock.ts';
import { type CatalogQuery, type CatalogSnapshot, loadCatalog } from './catalog.ts';
import type { Draft, StatementMeaning } from './meaning.ts';
import { normalForm, shownForm } from './normal-form.ts';
import type { Parser } from './parser-pool.ts';
import { resolve } from './resolve.ts';
import type { SessionState } from './session-state.ts';
import { TwoGenerations } from './two-generations.ts';

export interface StatementBinderOptions {
  /** The database every session of this binder is in. */
  readonly database: string;
  readonly parser: Parser;
  /** Runs the gateway's own SQL in that database. */
  readonly query: CatalogQuery;
  readonly clock: Clock;
  readonly limits?: Partial<BinderLimits>;
}

export interface BinderLimits {
  /** Texts remembered. */
  readonly cachedStatements: number;
  /** Longest text that is remembered, in characters. */
  readonly cachedTextLength: number;
  /** Meanings of one text remembered, one per distinct session state. */
  readonly cachedMeanings: number;
  /** Least time between two loads of the catalog for names it does not know, in milliseconds. */
  readonly catalogIntervalMs: number;
  /** Age after which the catalog is loaded again on next use, in milliseconds. */
  readonly catalogAgeMs: number;
}

export const DEFAULT_BINDER_LIMITS: BinderLimits = {
  cachedStatements: 10_000,
  cachedTextLength: 16_384,
  cachedMeanings: 16,
  catalogIntervalMs: 1000,
  catalogAgeMs: 60_000,
};

export interface StatementBinder {
  /** What the text means in this session. At once when it is known. Never rejects. */
  bind(text: string, state: SessionState): MaybePromise<StatementMeaning>;
  /** The catalog in use, or null before the first load. */
  readonly catalog: CatalogSnapshot | null;
  /** Loads the catalog now, or joins the load under way. */
  refresh(): Promise<void>;
  /** Something in the database changed: the next statement waits for a new catalog. */
  catalogChanged(): void;
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
  readonly #limits: BinderLimits;
  readonly #byForm: TwoGenerations<Entry | null>;
  readonly #byText: TwoGenerations<Entry>;
  readonly #parsing = new Map<string, Promise<Entry>>();
  #catalog: CatalogSnapshot | null = null;
  #loading: Promise<void> | null = null;
  #loadedAt = Number.NEGATIVE_INFINITY;
  #stale = true;
  #failed = false;
  #version = 0;
  #serial = 0;

  constructor(options: StatementBinderOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_BINDER_LIMITS, ...options.limits };
    this.#byForm = new TwoGenerations(this.#limits.cachedStatements);
    this.#byText = new TwoGenerations(this.#limits.cachedStatements);
  }

  get catalog(): CatalogSnapshot | null {
    return this.#catalog;
  }

  catalogChanged(): void {
    this.#stale = true;
  }

  bind(text: string, state: SessionState): MaybePromise<StatementMeaning> {
    const form = text.length <= this.#limits.cachedTextLength ? normalForm(text) : null;
    // A form known to be shared by texts that differ is null: then only the exact text will do.
    const entry = (form === null ? null : this.#byForm.get(form)) ?? this.#byText.get(text);
    const now = this.#options.clock.elapsed();
    const fresh = !this.#stale && now - this.#loadedAt < this.#limits.catalogAgeMs;
    if (entry === undefined || !fresh || this.#catalog === null) return this.#understand(text, form, state);
    return this.#known(entry, this.#catalog, state) ?? this.#understand(text, form, state);
  }

  refresh(): Promise<void> {
    this.#loading ??= this.#load().finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  async #load(): Promise<void> {
    // A target that cannot be read is not asked for every statement.
    const since = this.#options.clock.elapsed() - this.#loadedAt;
    if (this.#failed && since < this.#limits.catalogIntervalMs) throw new Error('the catalog cannot be read');
    this.#stale = false;
    this.#version += 1;
    try {
      this.#catalog = await loadCatalog(this.#options.query, this.#version);
      this.#failed = false;
    } catch (fault) {
      this.#failed = true;
      this.#stale = true;
      throw fault;
    } finally {
      this.#loadedAt = this.#options.clock.elapsed();
    }
  }

  /** The meaning, when it was made before or needs nothing more than what is here. */
  #known(entry: Entry, catalog: CatalogSnapshot, state: SessionState): StatementMeaning | null {
    if (entry.catalogVersion !== catalog.version) {
      entry.meanings.clear();
      entry.last = null;
      entry.catalogVersion = catalog.version;
    }
    const key = entry.draft.runs.length === 0 ? state.key : keyOfRuns(entry.draft, state);
    if (entry.last !== null && entry.lastKey === key) return entry.last;
    const known = entry.meanings.get(key) ?? this.#resolve(entry, key, catalog, state);
    if (known === null) return null;
    entry.last = known;
    entry.lastKey = key;
    return known;
  }

  #resolve(
    entry: Entry,
    key: string,
    catalog: CatalogSnapshot,
    state: SessionState,
  ): StatementMeaning | null {
    const { database, clock } = this.#options;
    this.#serial += 1;
    const { draft, form } = entry;
    const { meaning, unknownName } = resolve({ draft, form, database, catalog, state, serial: this.#serial });
    // An unknown name may be newer than the catalog: look again, but not for every statement that has one.
    if (unknownName) {
      const due = clock.elapsed() - this.#loadedAt >= this.#limits.catalogIntervalMs;
      return due && this.#loading === null ? null : meaning;
    }
    if (entry.meanings.size >= this.#limits.cachedMeanings) entry.meanings.clear();
    entry.meanings.set(key, meaning);
    return meaning;
  }

  async #understand(text: string, form: string | null, state: SessionState): Promise<StatementMeaning> {
    const entry = await this.#entry(text, form);
    const due = this.#options.clock.elapsed() - this.#loadedAt >= this.#limits.catalogIntervalMs;
    try {
      if (this.#stale || this.#loading !== null || due) await this.#refreshWhenNeeded(entry, state);
    } catch {
      return this.#unknowable(entry, "the target's catalog cannot be read");
    }
    const catalog = this.#catalog;
    if (catalog === null) return this.#unknowable(entry, "the target's catalog cannot be read");
    const known = this.#known(entry, catalog, state);
    if (known !== null) return known;
    await this.refresh().catch(() => undefined);
    const { database } = this.#options;
    const newest = this.#catalog ?? catalog;
    return this.#known(entry, newest, state) ?? this.#final(entry, newest, database, state);
  }

  #final(entry: Entry, catalog: CatalogSnapshot, database: string, state: SessionState): StatementMeaning {
    this.#serial += 1;
    return resolve({ draft: entry.draft, form: entry.form, database, catalog, state, serial: this.#serial })
      .meaning;
  }

  async #refreshWhenNeeded(entry: Entry, state: SessionState): Promise<void> {
    const old = this.#options.clock.elapsed() - this.#loadedAt >= this.#limits.catalogAgeMs;
    if (this.#stale || this.#loading !== null || old || this.#catalog === null) await this.refresh();
    else if (this.#known(entry, this.#catalog, state) === null) await this.refresh();
  }

  #unknowable(entry: Entry, why: string): StatementMeaning {
    const { database } = this.#options;
    this.#serial += 1;
    const resource = { type: 'Database', path: [database] } as const;
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
  #entry(text: string, form: string | null): Promise<Entry> {
    const cached = (form === null ? null : this.#byForm.get(form)) ?? this.#byText.get(text);
    if (cached !== undefined && cached !== null) return Promise.resolve(cached);
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

function refusedDraft(why: string): Draft {
  return {
    statements: 0,
    form: null,
    undetermined: why,
    shareable: false,
    relations: [],
    routines: [],
    schemas: [],
    fixed: [],
    columnNames: [],
    rowCalls: [],
    star: false,
    anyColumn: true,
    copy: null,
    effects: [],
    runs: [],
  };
}

/** What the prepared statements and cursors a text runs are now. */
function keyOfRuns(draft: Draft, state: SessionState): string {
  const known = draft.runs.map(({ kind, name }) =>
    (kind === 'prepared' ? state.preparedUnder(name) : state.cursorsUnder(name)).map(({ serial }) => serial),
  );
  return JSON.stringify([state.key, known]);
}
