import type { PostgresPool, PostgresPoolClient } from 'kysely';
import pg from 'pg';
import { Fault } from '../lib/fault.ts';
import type { PostgresStorageConfig } from './section.ts';

/** How long work fails at once after the store could not be reached, in milliseconds: nobody queues for a dead server. */
const REST_MS = 1_000;

/** Connections to the store: bounded, and quick to say that there are none. */
export class StorePool implements PostgresPool {
  readonly options: object = {};
  readonly #pool: pg.Pool;
  readonly #clients = new WeakMap<pg.PoolClient, StoreClient>();
  readonly #waitingMost: number;
  readonly #now: () => number;
  #unreachableAt: number | null = null;

  constructor(
    settings: pg.ClientConfig,
    limits: Pick<PostgresStorageConfig, 'connections' | 'idleMs' | 'waiting'>,
    now: () => number,
  ) {
    this.#pool = new pg.Pool({ ...settings, max: limits.connections, idleTimeoutMillis: limits.idleMs });
    // An idle connection that broke is replaced at the next need; unheard, it would end the process.
    this.#pool.on('error', () => this.#lost());
    this.#waitingMost = limits.waiting;
    this.#now = now;
  }

  /** Whether the last use reached the server. */
  get isReachable(): boolean {
    return this.#unreachableAt === null;
  }

  /** Someone else saw the server answer, or not. */
  seen(answers: boolean): void {
    if (answers) this.#unreachableAt = null;
    else this.#lost();
  }

  async connect(): Promise<PostgresPoolClient> {
    if (this.#pool.waitingCount >= this.#waitingMost)
      throw new Fault(
        'storage-unavailable',
        `Could not use the store: ${this.#waitingMost} wait for a connection already (storage.postgres.waiting).`,
      );
    if (this.#unreachableAt !== null && this.#now() - this.#unreachableAt < REST_MS)
      throw new Fault(
        'storage-unavailable',
        'Could not use the store: its server did not answer a moment ago; it is tried again every second.',
      );
    let client: pg.PoolClient;
    try {
      client = await this.#pool.connect();
    } catch (error) {
      this.#lost();
      throw error;
    }
    this.#unreachableAt = null;
    const known = this.#clients.get(client) ?? new StoreClient(client, () => this.#lost());
    this.#clients.set(client, known);
    return known as unknown as PostgresPoolClient;
  }

  end(): Promise<void> {
    return this.#pool.end();
  }

  #lost(): void {
    this.#unreachableAt = this.#now();
  }
}

/** What Kysely needs of a connection; cursors are not used. */
class StoreClient {
  readonly #client: pg.PoolClient;
  readonly #lost: () => void;
  #broken = false;

  constructor(client: pg.PoolClient, lost: () => void) {
    this.#client = client;
    this.#lost = lost;
    client.on('error', () => this.#break());
  }

  async query(text: string, parameters: readonly unknown[]): Promise<pg.QueryResult> {
    try {
      return await this.#client.query(text, parameters.slice());
    } catch (error) {
      // Without a word from the server the connection is in an unknown state: the next one to use it would wait for ever.
      if (!(error instanceof pg.DatabaseError)) this.#break();
      throw error;
    }
  }

  release(): void {
    this.#client.release(this.#broken);
  }

  #break(): void {
    this.#broken = true;
    this.#lost();
    // Not ended politely: a server that hangs does not answer to that either.
    (
      this.#client as unknown as { connection?: { stream?: { destroy(): void } } }
    ).connection?.stream?.destroy();
  }
}
