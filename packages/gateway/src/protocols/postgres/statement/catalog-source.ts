/**
 * Keeps one database's catalog: loads it when asked, one load at a time, not too often. What others change in the
 * database shows in counters the server keeps of its own tables; they are looked at now and then, while there is use.
 */
import type { Clock } from '../../../lib/clock.ts';
import { type CatalogQuery, type CatalogSnapshot, loadCatalog } from './catalog.ts';

/** Where the binder has its catalog from. */
export interface CatalogSource {
  /** The catalog in use, or null before the first load. */
  readonly snapshot: CatalogSnapshot | null;
  /** Known, or old enough, to be out of date: a statement then waits for `refresh`. Asking is what keeps it watched. */
  readonly stale: boolean;
  /** Whether a name that is not in it is reason to load it again: not for every statement that makes one up. */
  mayRefresh(): boolean;
  /** Loads it, or joins the load under way. Rejects when it cannot be loaded; the old one stays. */
  refresh(): Promise<void>;
}

export interface CatalogLimits {
  /** Least time between two loads for names that are not known, or after a failure, in milliseconds. */
  readonly intervalMs: number;
  /** Age after which it is loaded again on next use, in milliseconds. */
  readonly ageMs: number;
  /** Time between two looks at the server's counters, in milliseconds; a difference has it loaded in the background. */
  readonly lookMs: number;
}

export const DEFAULT_CATALOG_LIMITS: CatalogLimits = { intervalMs: 1000, ageMs: 60_000, lookMs: 2000 };

/**
 * How often rows of the tables that say what a statement means were changed, by anyone. The server adds to these
 * counters within about a second of a commit (pgstat.c); temporary tables count too, so a difference may mean nothing.
 */
const CHANGES_SQL = `
SELECT pg_catalog.sum(s.n_tup_ins OPERATOR(pg_catalog.+) s.n_tup_upd OPERATOR(pg_catalog.+) s.n_tup_del)::pg_catalog.text
  FROM pg_catalog.pg_stat_sys_tables s
  WHERE s.schemaname OPERATOR(pg_catalog.=) 'pg_catalog'
    AND s.relname OPERATOR(pg_catalog.=) ANY ('{pg_namespace,pg_class,pg_attribute,pg_attrdef,pg_constraint,pg_index,pg_inherits,pg_rewrite,pg_trigger,pg_event_trigger,pg_policy,pg_proc,pg_operator,pg_cast,pg_type,pg_enum,pg_range,pg_amop,pg_amproc,pg_opclass,pg_db_role_setting,pg_description}'::pg_catalog.name[])`;

export interface KeptCatalog extends CatalogSource {
  /** Something in the database changed: the next statement waits for a new catalog. */
  changed(): void;
}

export function keepCatalog(
  query: CatalogQuery,
  clock: Clock,
  limits: CatalogLimits = DEFAULT_CATALOG_LIMITS,
): KeptCatalog {
  return new LoadedCatalog(query, clock, limits);
}

class LoadedCatalog implements KeptCatalog {
  readonly #query: CatalogQuery;
  readonly #clock: Clock;
  readonly #limits: CatalogLimits;
  snapshot: CatalogSnapshot | null = null;
  #loading: Promise<void> | null = null;
  #triedAt = Number.NEGATIVE_INFINITY;
  #outdated = true;
  #failed = false;
  /** The counters as they were before the last load. */
  #counted = '';
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** Time between two looks now: longer, up to half the age, where they lead to nothing. */
  #lookEvery: number;

  constructor(query: CatalogQuery, clock: Clock, limits: CatalogLimits) {
    this.#query = query;
    this.#clock = clock;
    this.#limits = limits;
    this.#lookEvery = limits.lookMs;
  }

  get stale(): boolean {
    const now = this.#clock.elapsed();
    if (this.#outdated || now - this.#triedAt >= this.#limits.ageMs) return true;
    if (now - this.#lookedAt >= this.#lookEvery) this.#look(now);
    return false;
  }

  mayRefresh(): boolean {
    return this.#clock.elapsed() - this.#triedAt >= this.#limits.intervalMs;
  }

  changed(): void {
    this.#outdated = true;
  }

  refresh(): Promise<void> {
    // A target that cannot be read is not asked for every statement.
    if (this.#failed && this.#loading === null && !this.mayRefresh()) {
      return Promise.reject(new Error('the catalog could not be read a moment ago'));
    }
    this.#loading ??= this.#load().finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  /** Nobody waits for this: until the new catalog is here the old one serves, as it did before the look. */
  #look(now: number): void {
    this.#lookedAt = now;
    if (this.#loading !== null) return;
    this.#query(CHANGES_SQL)
      .then(async ([[counted = ''] = []]) => {
        // What was locked a moment ago may be free by now.
        if (counted === this.#counted && this.snapshot?.partial !== true) return;
        const known = this.snapshot;
        await this.refresh();
        // Where temporary tables come and go all the time, a difference means nothing, and reading it all costs something.
        const inVain = this.snapshot === known && !known?.partial;
        this.#lookEvery = inVain
          ? Math.min(this.#lookEvery * 2, this.#limits.ageMs / 2)
          : this.#limits.lookMs;
      })
      .catch(() => {
        // A target that cannot be asked cannot be trusted to be as it was: the next statement waits for a load.
        this.#outdated = true;
      });
  }

  async #load(): Promise<void> {
    // A change noted while the load runs may be missing from it, and counts for the next.
    this.#outdated = false;
    try {
      // Before the load: what changes during it must show as a difference later.
      const [[counted = ''] = []] = await this.#query(CHANGES_SQL);
      this.snapshot = await loadCatalog(this.#query, this.snapshot);
      this.#counted = counted;
      this.#failed = false;
    } catch (fault) {
      this.#failed = true;
      this.#outdated = true;
      throw fault;
    } finally {
      this.#triedAt = this.#clock.elapsed();
      this.#lookedAt = this.#triedAt;
    }
  }
}
