import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { Fault } from '../lib/fault.ts';
import { type Bus, type BusHandler, checkWord, Subscriptions } from './bus.ts';

export interface PostgresBusOptions {
  readonly settings: pg.ClientConfig;
  readonly schema: string;
  /** Name of this gateway, which no other that shares the store may have. */
  readonly replica: string;
  /** Sends a notification, on whatever connection. */
  readonly notify: (channel: string, payload: string) => Promise<void>;
  /** Told whether the server answers, at least every `PING_MS`. */
  readonly seen: (answers: boolean) => void;
  readonly report: (fault: unknown) => void;
}

/** How often the listening connection is tried, and made anew when it broke, in milliseconds. */
const PING_MS = 1_000;
/** How long a server may say nothing before its connection is given up, in milliseconds. */
const SILENCE_MS = 3_000;
/** How often everything is looked at although nothing is known to be lost, in milliseconds: a gateway may stop between writing and telling. */
const SWEEP_MS = 30_000;
/** How long a start waits for a gateway of the same name to be gone, in milliseconds. */
const NAME_MS = 10_000;
/** In place of an id: words about several were lost. */
const ANYTHING = '*';

/** LISTEN and NOTIFY on a connection of its own, which also holds the name of this gateway for as long as it lives. */
export class PostgresBus implements Bus {
  readonly #options: PostgresBusOptions;
  readonly #subscriptions: Subscriptions;
  readonly #channel: string;
  /** Tells our own words, which we heard already, from those of others. */
  readonly #sender = randomUUID();
  readonly #stopped = new AbortController();
  #client: pg.Client | null = null;
  #running: Promise<void> = Promise.resolve();
  /** Topics of words that could not be sent; bounded by the number of topics. */
  readonly #unsent = new Set<string>();

  constructor(options: PostgresBusOptions) {
    this.#options = options;
    this.#subscriptions = new Subscriptions(options.report);
    this.#channel = `${options.schema}_bus`;
  }

  get isConnected(): boolean {
    return this.#client !== null;
  }

  /** Rejects with Fault `config-invalid` when another gateway has this name, and with what went wrong otherwise. */
  async start(): Promise<void> {
    const until = Date.now() + NAME_MS;
    while (!(await this.#connect())) {
      if (Date.now() > until) throw nameTaken(this.#options.replica);
      await pause(200);
    }
    this.#running = this.#keep();
  }

  async publish(topic: string, id: string): Promise<void> {
    checkWord(topic, id);
    // This gateway hears it even when the others cannot.
    this.#subscriptions.tell(topic, id);
    await this.#send(topic, id).catch(() => this.#unsent.add(topic));
  }

  subscribe(topic: string, handler: BusHandler): () => void {
    return this.#subscriptions.add(topic, handler);
  }

  async close(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
    const client = this.#client;
    this.#client = null;
    await client?.end().catch(() => undefined);
  }

  /** Keeps the connection, and looks at everything after each gap. */
  async #keep(): Promise<void> {
    const { signal } = this.#stopped;
    let sweptAt = Date.now();
    let refused = false;
    while (!signal.aborted) {
      const lives = this.#client !== null && (await this.#ping(this.#client));
      if (!lives && !signal.aborted) {
        const back = await this.#connect().catch(() => null);
        if (back === true) {
          refused = false;
          this.#subscriptions.tellAll();
          sweptAt = Date.now();
        } else if (back === false && !refused) {
          refused = true;
          this.#options.report(nameTaken(this.#options.replica));
        }
      }
      this.#options.seen(this.#client !== null);
      // A revocation that was heard of and could not be read must not wait for the sweep.
      if (lives) this.#subscriptions.tellFailed();
      if (Date.now() - sweptAt > SWEEP_MS) {
        sweptAt = Date.now();
        this.#subscriptions.tellAll();
      }
      await pause(PING_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** False when another gateway has the name. */
  async #connect(): Promise<boolean> {
    this.#drop();
    const client = new pg.Client({ ...this.#options.settings, query_timeout: SILENCE_MS });
    client.on('error', () => this.#drop(client));
    client.on('end', () => this.#drop(client));
    client.on('notification', ({ payload }) => this.#heard(payload ?? ''));
    try {
      await client.connect();
      const { rows } = await client.query<{ held: boolean }>('select pg_try_advisory_lock($1) as held', [
        nameLock(this.#options.schema, this.#options.replica),
      ]);
      if (rows[0]?.held !== true) {
        await client.end();
        return false;
      }
      await client.query(`listen ${client.escapeIdentifier(this.#channel)}`);
    } catch (error) {
      destroy(client);
      throw error;
    }
    this.#client = client;
    return true;
  }

  async #ping(client: pg.Client): Promise<boolean> {
    try {
      await client.query('select 1');
    } catch {
      this.#drop(client);
      return false;
    }
    for (const topic of [...this.#unsent]) {
      const sent = await this.#send(topic, ANYTHING).then(
        () => true,
        () => false,
      );
      if (sent) this.#unsent.delete(topic);
    }
    return true;
  }

  #send(topic: string, id: string): Promise<void> {
    return this.#options.notify(this.#channel, `${this.#sender} ${topic} ${id}`);
  }

  #heard(payload: string): void {
    const [, sender, topic, id] = /^(\S{1,40}) ([a-z][a-z-]{0,39}) (\S{1,200})$/.exec(payload) ?? [];
    // Others may use the channel: what is no word of ours is nothing.
    if (topic === undefined || id === undefined || sender === this.#sender) return;
    this.#subscriptions.tell(topic, id === ANYTHING ? null : id);
  }

  #drop(client = this.#client): void {
    if (client === null) return;
    if (this.#client === client) this.#client = null;
    destroy(client);
  }
}

/** Not ended politely: a server that hangs does not answer to that. */
function destroy(client: pg.Client): void {
  (client as unknown as { connection?: { stream?: { destroy(): void } } }).connection?.stream?.destroy();
}

/** The advisory lock of a name, as the text of a bigint. */
function nameLock(schema: string, replica: string): string {
  const digest = createHash('sha256').update(`sallyport replica ${schema} ${replica}`).digest();
  return digest.readBigInt64BE(0).toString();
}

function nameTaken(replica: string): Fault {
  return new Fault(
    'config-invalid',
    `Another gateway named "${replica}" uses this store: give each gateway a name of its own (storage.replica).`,
  );
}
