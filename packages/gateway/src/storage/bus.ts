/**
 * Word between the gateways that share a store. What comes over it is only a hint where to look: anyone who may write
 * to the store could send it, and it may be lost or repeated, so whoever hears it reads the tables.
 */
export interface Bus {
  /** Tells every gateway, this one too, that something happened to `id`. Never rejects: what was not sent is made up for. */
  publish(topic: string, id: string): Promise<void>;
  /**
   * Calls `handler` with an id, or with null when words may have been lost: then look at everything. A handler that
   * fails is reported, and called with null later. Returns what ends it.
   */
  subscribe(topic: string, handler: BusHandler): () => void;
}

export type BusHandler = (id: string | null) => void | Promise<void>;

/** A topic is a word, an id is short: a notification of PostgreSQL holds less than 8,000 bytes. */
const WORD = /^[a-z][a-z-]{0,39}$/;
const ID_LENGTH = 200;

interface Subscription {
  readonly handler: BusHandler;
  /** What it was told last, or before, is not known to it yet. */
  failed: boolean;
}

/** The handlers of one process. */
export class Subscriptions {
  readonly #topics = new Map<string, Set<Subscription>>();
  readonly #report: (fault: unknown) => void;

  constructor(report: (fault: unknown) => void) {
    this.#report = report;
  }

  add(topic: string, handler: BusHandler): () => void {
    checkTopic(topic);
    const set = this.#topics.get(topic) ?? new Set();
    const subscription = { handler, failed: false };
    this.#topics.set(topic, set.add(subscription));
    return () => void set.delete(subscription);
  }

  tell(topic: string, id: string | null): void {
    for (const one of this.#topics.get(topic) ?? []) this.#call(one, id);
  }

  /** Words may have been lost, of every topic. */
  tellAll(): void {
    for (const topic of this.#topics.keys()) this.tell(topic, null);
  }

  /** Those that failed are told again, and nobody else of their topic. */
  tellFailed(): void {
    for (const set of this.#topics.values())
      for (const one of set) {
        if (!one.failed) continue;
        one.failed = false;
        this.#call(one, null);
      }
  }

  #call(one: Subscription, id: string | null): void {
    // Not at once: nobody who publishes runs the handlers of others.
    setImmediate(() => {
      void (async () => one.handler(id))().catch((fault: unknown) => {
        one.failed = true;
        this.#report(fault);
      });
    });
  }
}

/** The bus of a gateway that has its store to itself. */
export function inProcessBus(report: (fault: unknown) => void): Bus {
  const subscriptions = new Subscriptions(report);
  return {
    publish: async (topic, id) => subscriptions.tell(topic, checkWord(topic, id)),
    subscribe: (topic, handler) => subscriptions.add(topic, handler),
  };
}

export function checkTopic(topic: string): void {
  if (!WORD.test(topic)) throw new TypeError(`not a topic: ${topic}`);
}

/** The id, if it can travel. */
export function checkWord(topic: string, id: string): string {
  checkTopic(topic);
  if (id.length === 0 || id.length > ID_LENGTH || /[^\x21-\uFFFD]/.test(id))
    throw new TypeError(`not an id for the bus (${topic})`);
  return id;
}
