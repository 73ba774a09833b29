/** Room kept between texts; a text with more values in it gets more for itself only. */
const KEPT_SPANS = 256;

/** Where values are. Used again for each text, so that looking through one that is clean allocates nothing. */
export class Spans {
  #starts = new Int32Array(KEPT_SPANS);
  #ends = new Int32Array(KEPT_SPANS);
  #count = 0;
  #sorted = true;
  #skipTo = new Int32Array(0);
  #finder = 0;

  /** Forgets the last text; `finders` detectors are to look at the next. */
  clear(finders: number): void {
    this.#count = 0;
    this.#sorted = true;
    if (this.#starts.length > KEPT_SPANS) {
      this.#starts = new Int32Array(KEPT_SPANS);
      this.#ends = new Int32Array(KEPT_SPANS);
    }
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
    const at = this.#count;
    if (at === this.#starts.length) {
      this.#starts = doubled(this.#starts);
      this.#ends = doubled(this.#ends);
    }
    if (at > 0 && (start < (this.#starts[at - 1] as number) || end < (this.#ends[at - 1] as number)))
      this.#sorted = false;
    this.#starts[at] = start;
    this.#ends[at] = end;
    this.#count += 1;
    if (end > (this.#skipTo[this.#finder] as number)) this.#skipTo[this.#finder] = end;
  }

  /**
   * How many values are left when those that overlap are taken as one; they are in order then. Starts and ends may be
   * sorted apart: a value ends, and no other goes on, where as many have ended as have begun.
   */
  merge(): number {
    const starts = this.#starts;
    const ends = this.#ends;
    if (!this.#sorted) {
      starts.subarray(0, this.#count).sort();
      ends.subarray(0, this.#count).sort();
      this.#sorted = true;
    }
    let merged = 0;
    for (let first = 0, last = 0; first < this.#count; first = last) {
      for (last = first + 1; last < this.#count && (starts[last] as number) < (ends[last - 1] as number); )
        last += 1;
      starts[merged] = starts[first] as number;
      ends[merged] = ends[last - 1] as number;
      merged += 1;
    }
    this.#count = merged;
    return merged;
  }

  startOf(index: number): number {
    return this.#starts[index] as number;
  }

  endOf(index: number): number {
    return this.#ends[index] as number;
  }
}

function doubled(array: Int32Array): Int32Array<ArrayBuffer> {
  const more = new Int32Array(2 * array.length);
  more.set(array);
  return more;
}
