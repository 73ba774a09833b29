/** Group commit: everyone who waits while a sync runs shares the next one. */
export class SyncGroup {
  readonly #sync: () => Promise<void>;
  #dirty = false;
  #running: Promise<void> | null = null;
  #next: Promise<void> | null = null;

  constructor(sync: () => Promise<void>) {
    this.#sync = sync;
  }

  /** There is something new to sync. */
  appended(): void {
    this.#dirty = true;
  }

  synced(): Promise<void> {
    if (this.#running !== null) {
      if (!this.#dirty) return this.#running;
      const start = (): Promise<void> => this.#start();
      this.#next ??= this.#running.then(start, start);
      return this.#next;
    }
    return this.#dirty ? this.#start() : Promise.resolve();
  }

  /** Syncs what is new, without anyone waiting: who waits later is told of a failure. */
  begin(): void {
    if (this.#running === null) this.#start().catch(() => undefined);
  }

  /** Resolves when no sync is under way. */
  async settled(): Promise<void> {
    while (this.#running !== null || this.#next !== null)
      await (this.#next ?? this.#running)?.catch(() => undefined);
  }

  #start(): Promise<void> {
    this.#next = null;
    this.#running = new Promise<void>((resolve, reject) => {
      // Whoever else appends in this turn of the loop shares this sync.
      setImmediate(() => {
        this.#dirty = false;
        this.#sync().then(resolve, reject);
      });
    }).finally(() => {
      this.#running = null;
    });
    return this.#running;
  }
}
