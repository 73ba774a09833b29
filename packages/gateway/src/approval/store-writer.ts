/** Most writes that wait for the store. */
const WRITES_WAITING = 10_000;
/** How often a write is made again, each time the store is back. */
const WRITE_TRIES = 3;

type Work = () => Promise<unknown>;

interface Missed {
  readonly work: Work;
  readonly tries: number;
}

/** Writes to the store one after the other, in the order things happened. Nobody waits for them but who asks to. */
export class StoreWriter {
  readonly #report: (fault: unknown) => void;
  #written: Promise<void> = Promise.resolve();
  #waiting = 0;
  /** What the store did not take, for when it is back; at most WRITES_WAITING. */
  #missed: Missed[] = [];

  constructor(report: (fault: unknown) => void) {
    this.#report = report;
  }

  /** How many wait, when that is too many for anything new; else 0. */
  get overflow(): number {
    return this.#waiting >= WRITES_WAITING ? this.#waiting : 0;
  }

  /** What the store does not take is kept for `again`. */
  write(work: Work): void {
    this.#write({ work, tries: 0 });
  }

  /** For what is worth nothing later: it is not made again. */
  writeOnce(work: Work, failed: () => void = () => {}): void {
    this.#write({ work, tries: WRITE_TRIES }, failed);
  }

  /** The store is back: what it did not take is written in its turn. */
  again(): void {
    for (const { work, tries } of this.#missed.splice(0)) this.#write({ work, tries: tries + 1 });
  }

  /** Resolves when everything so far was written, or could not be. Never rejects. */
  written(): Promise<void> {
    return this.#written;
  }

  #write(one: Missed, failed: () => void = () => {}): void {
    this.#waiting += 1;
    this.#written = this.#written
      .then(one.work)
      .catch((fault: unknown) => {
        this.#report(fault);
        if (one.tries < WRITE_TRIES && this.#missed.length < WRITES_WAITING) this.#missed.push(one);
        failed();
      })
      .then(() => {
        this.#waiting -= 1;
      });
  }
}
