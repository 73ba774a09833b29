/** Keeps one database's catalog: loads it when asked, one load at a time, not too often. */
import type { Clock } from '../../../lib/clock.ts';
import { type CatalogQuery, type CatalogSnapshot, loadCatalog } from './catalog.ts';

/** Where the binder has its catalog from. */
export interface CatalogSource {
  /** The catalog in use, or null before the first load. */
  readonly snapshot: CatalogSnapshot | null;
  /** Known, or old enough, to be out of date: a statement then waits for `refresh`. */
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
}

export const DEFAULT_CATALOG_LIMITS: CatalogLimits = { intervalMs: 1000, ageMs: 60_000 };

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
  #version = 0;

  constructor(query: CatalogQuery, clock: Clock, limits: CatalogLimits) {
    this.#query = query;
    this.#clock = clock;
    this.#limits = limits;
  }

  get stale(): boolean {
    return this.#outdated || this.#clock.elapsed() - this.#triedAt >= this.#limits.ageMs;
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

  async #load(): Promise<void> {
    // A change noted while the load runs may be missing from it, and counts for the next.
    this.#outdated = false;
    this.#version += 1;
    try {
      this.snapshot = await loadCatalog(this.#query, this.#version, this.snapshot);
      this.#failed = false;
    } catch (fault) {
      this.#failed = true;
      this.#outdated = true;
      throw fault;
    } finally {
      this.#triedAt = this.#clock.elapsed();
    }
  }
}
