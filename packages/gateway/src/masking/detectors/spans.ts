/** Room kept between texts; a text with more values in it gets more for itself only. */
const KEPT_SPANS = 256;

/** Where values are. Used again for each text, so that looking through one that is clean allocates nothing. */
export class Spans {
  #pairs = new Int32Array(2 * KEPT_SPANS);
  #count = 0;
  #sorted = true;
  #skipTo = new Int32Array(0);
  #finder = 0;

  /** Forgets the last text; `finders` detectors are to look at the next. */
  clear(finders: number): void {
    this.#count = 0;
    this.#sorted = true;
    if (this.#pairs.length > 2 * KEPT_SPANS) this.#pairs = new Int32Array(2 * KEPT_SPANS);
    if (this.#skipTo.length === finders) this.#skipTo.fill(0);
    else this.#skipTo = new Int32Array(finders);
  }

  /** Says which detector adds values next. */
  turnOf(finder: number): void {
    this.#finder = finder;
  }

  /**
   * Whether `at` is before the end of what this detector found so far. One whose values have no longest length asks,
   * or a text that is one long value full of beginnings of values would cost its square.
   */
  passed(at: number): boolean {
    return at < (this.#skipTo[this.#finder] as number);
  }

  add(start: number, end: number): void {
    const at = 2 * this.#count;
    if (at === this.#pairs.length) {
      const more = new Int32Array(2 * at);
      more.set(this.#pairs);
      this.#pairs = more;
    }
    if (at > 0 && start < (this.#pairs[at - 2] as number)) this.#sorted = false;
    this.#pairs[at] = start;
    this.#pairs[at + 1] = end;
    this.#count += 1;
    if (end > (this.#skipTo[this.#finder] as number)) this.#skipTo[this.#finder] = end;
  }

  /** How many values are left when those that overlap are taken as one; they are in order then. */
  merge(): number {
    if (!this.#sorted) this.#sort();
    const pairs = this.#pairs;
    let last = 0;
    for (let i = 1; i < this.#count; i += 1) {
      const start = pairs[2 * i] as number;
      const end = pairs[2 * i + 1] as number;
      if (start < (pairs[2 * last + 1] as number)) {
        if (end > (pairs[2 * last + 1] as number)) pairs[2 * last + 1] = end;
        continue;
      }
      last += 1;
      pairs[2 * last] = start;
      pairs[2 * last + 1] = end;
    }
    this.#count = Math.min(this.#count, last + 1);
    this.#sorted = true;
    return this.#count;
  }

  startOf(index: number): number {
    return this.#pairs[2 * index] as number;
  }

  endOf(index: number): number {
    return this.#pairs[2 * index + 1] as number;
  }

  #sort(): void {
    const before = this.#pairs.slice(0, 2 * this.#count);
    const order = Uint32Array.from({ length: this.#count }, (_, i) => i);
    order.sort((a, b) => (before[2 * a] as number) - (before[2 * b] as number));
    for (let i = 0; i < order.length; i += 1) {
      const from = 2 * (order[i] as number);
      this.#pairs[2 * i] = before[from] as number;
      this.#pairs[2 * i + 1] = before[from + 1] as number;
    }
  }
}
