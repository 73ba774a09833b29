/**
 * Lets so many go on in each turn of the event loop, in the order they came. When very much is to be done at once, what is
 * urgent gets its turn in between.
 */
export class Pace {
  readonly #most: number;
  #gone = 0;
  #isTurning = false;
  #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  async take(): Promise<void> {
    this.#turn();
    if (this.#gone < this.#most) this.#gone += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #turn(): void {
    if (this.#isTurning) return;
    this.#isTurning = true;
    setImmediate(() => {
      this.#isTurning = false;
      const next = this.#waiting.splice(0, this.#most);
      this.#gone = next.length;
      for (const go of next) go();
      if (this.#gone > 0) this.#turn();
    });
  }
}
