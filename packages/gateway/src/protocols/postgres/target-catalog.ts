import type { Clock } from '../../lib/clock.ts';
import type { Line } from '../protocol.ts';
import { Introspection } from './introspection.ts';
import type { ColumnOrigins } from './mask/index.ts';
import {
  type CatalogRelation,
  createParser,
  createStatementBinder,
  type KeptCatalog,
  keepCatalog,
  type Parser,
  type StatementBinder,
} from './statement/index.ts';

/**
 * What is known of one database of one target, shared by its sessions: how its statements are understood, and where
 * its columns come from. It is read through a connection of the gateway's own, never a client's.
 */
export class TargetCatalog implements ColumnOrigins {
  readonly key: string;
  readonly binder: StatementBinder;
  readonly #kept: KeptCatalog;
  readonly #lines = new Set<Line>();
  readonly #introspection: Introspection;
  #changedUncommitted = false;

  constructor(key: string, facet: string, parser: Parser, clock: Clock) {
    this.key = key;
    this.#introspection = new Introspection(facet, this.#lines);
    this.#kept = keepCatalog((sql) => this.#introspection.query(sql), clock);
    this.binder = createStatementBinder({ database: facet, parser, catalog: this.#kept });
  }

  get sessions(): number {
    return this.#lines.size;
  }

  /** Joins a session; the first one waits until the catalog is read. Rejects when it cannot be. */
  async join(line: Line): Promise<void> {
    this.#lines.add(line);
    if (this.#kept.snapshot === null) await this.#kept.refresh();
  }

  leave(line: Line): void {
    this.#lines.delete(line);
    this.#introspection.leave(line);
  }

  get version(): number {
    return this.#kept.snapshot?.version ?? 0;
  }

  /** Unless the catalog was read, it may. */
  get declares(): boolean {
    return this.#kept.snapshot?.declares ?? true;
  }

  relation(oid: number): CatalogRelation | undefined {
    return this.#kept.snapshot?.relationByOid(oid);
  }

  named(schema: string, table: string): CatalogRelation | undefined {
    return this.#kept.snapshot?.relation(schema, table);
  }

  /** Whether an unknown column may have the catalog read again now: a target can make them up. */
  get mayRefresh(): boolean {
    return this.#kept.mayRefresh();
  }

  refresh(): Promise<void> {
    return this.#kept.refresh();
  }

  /** A statement that changes the catalog ran; others see it once its transaction is over. */
  changed(): void {
    this.#kept.changed();
    this.#changedUncommitted = true;
  }

  /** A transaction ended in a session of this database. */
  settled(): void {
    if (!this.#changedUncommitted) return;
    this.#changedUncommitted = false;
    this.#kept.changed();
  }
}

/** Every database that has sessions, and the one parser they share. */
export class CatalogShelf {
  readonly #clock: Clock;
  readonly #parser: Parser = createParser();
  readonly #catalogs = new Map<string, TargetCatalog>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The catalog of this session's database, read before it is first used. Rejects when it cannot be read. */
  async take(target: string, facet: string, line: Line): Promise<TargetCatalog> {
    const key = JSON.stringify([target, facet]);
    const catalog = this.#catalogs.get(key) ?? new TargetCatalog(key, facet, this.#parser, this.#clock);
    this.#catalogs.set(key, catalog);
    try {
      await catalog.join(line);
      return catalog;
    } catch (fault) {
      this.giveBack(catalog, line);
      throw fault;
    }
  }

  giveBack(catalog: TargetCatalog, line: Line): void {
    catalog.leave(line);
    // The last session takes the catalog with it: what a target has is looked at anew by the next one.
    if (catalog.sessions === 0) this.#catalogs.delete(catalog.key);
  }

  close(): Promise<void> {
    return this.#parser.close();
  }
}
