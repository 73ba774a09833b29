/** Puts out answers in the order they were asked for, whenever each is ready, and holds no more than it may. */

type MaybePromise<T> = T | Promise<T>;

/** Bytes gathered into one write. */
const WRITE_BYTES = 64 * 1024;

export class OrderedOutput {
  readonly #write: (text: string) => MaybePromise<void>;
  readonly #most: number;
  /** What waits, oldest first; null is not ready yet. */
  readonly #waiting: { text: string | null }[] = [];
  #gathered: string[] = [];
  #gatheredLength = 0;
  #writing: MaybePromise<void> = undefined;
  #onRoom: (() => void) | null = null;

  /** `most`: answers that may be outstanding. */
  constructor(write: (text: string) => MaybePromise<void>, most: number) {
    this.#write = write;
    this.#most = most;
  }

  /** Takes one answer, which must not reject. A promise comes back when nothing more should be asked for now. */
  put(answer: MaybePromise<string>): MaybePromise<void> {
    if (typeof answer === 'string' && this.#waiting.length === 0) this.#gather(answer);
    else {
      const slot: { text: string | null } = { text: typeof answer === 'string' ? answer : null };
      this.#waiting.push(slot);
      if (typeof answer !== 'string') {
        void answer.then((text) => {
          slot.text = text;
          this.#drain();
        });
      }
    }
    if (this.#gatheredLength >= WRITE_BYTES) this.#flush();
    if (this.#waiting.length >= this.#most) return this.#room();
    return this.#writing;
  }

  /** Resolves when everything is out. */
  async end(): Promise<void> {
    while (this.#waiting.length > 0) await this.#room();
    this.#flush();
    await this.#writing;
  }

  /** What is ready goes out now, so that whoever waits for it can go on. */
  flush(): MaybePromise<void> {
    this.#flush();
    return this.#writing;
  }

  #room(): Promise<void> {
    return new Promise((resolve) => {
      this.#onRoom = resolve;
    });
  }

  #drain(): void {
    let ready = 0;
    for (const { text } of this.#waiting) {
      if (text === null) break;
      this.#gather(text);
      ready += 1;
    }
    this.#waiting.splice(0, ready);
    if (this.#waiting.length === 0 || this.#gatheredLength >= WRITE_BYTES) this.#flush();
    if (this.#waiting.length >= this.#most) return;
    this.#onRoom?.();
    this.#onRoom = null;
  }

  #gather(text: string): void {
    this.#gathered.push(text);
    this.#gatheredLength += text.length;
  }

  #flush(): void {
    if (this.#gathered.length === 0) return;
    const text = this.#gathered.join('');
    this.#gathered = [];
    this.#gatheredLength = 0;
    const earlier = this.#writing;
    const writing = earlier instanceof Promise ? earlier.then(() => this.#write(text)) : this.#write(text);
    if (!(writing instanceof Promise)) return;
    const mine: Promise<void> = writing.finally(() => {
      if (this.#writing === mine) this.#writing = undefined;
    });
    this.#writing = mine;
  }
}
