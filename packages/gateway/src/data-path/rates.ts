import type { Rate } from '../policy/index.ts';

/** The longest anything is counted for, and how finely. A minute that began within a second is counted whole. */
const WINDOW_SECONDS = 60;
const BUCKETS = WINDOW_SECONDS + 1;
/** Most counters at once (L10): one for each caller and policy that limits it. */
const COUNTERS = 10_000;

/** Operations of one caller under one policy, by second. */
interface Counter {
  readonly seconds: Uint32Array;
  /** The newest second that is counted. */
  newest: number;
  total: number;
}

/** What was permitted in the last minute, by caller and policy. In this process alone, and empty at its start. */
export class Rates {
  readonly #counters = new Map<string, Counter>();
  readonly #most: number;

  constructor(most: number = COUNTERS) {
    this.#most = most;
  }

  /**
   * Counts one operation against all of these, or against none of them: the one that is used up. `caller` is who
   * operations are counted for, `now` a clock that never goes back, in milliseconds.
   */
  take(caller: string, rates: readonly Rate[], now: number): Rate | null {
    const second = Math.floor(now / 1_000);
    const counters: Counter[] = [];
    for (const rate of rates) {
      const counter = this.#counter(JSON.stringify([caller, rate.policy]), second);
      if (counter === null || counter.total >= rate.most) return rate;
      counters.push(counter);
    }
    for (const counter of counters) {
      counter.seconds[second % BUCKETS] = (counter.seconds[second % BUCKETS] ?? 0) + 1;
      counter.total += 1;
    }
    return null;
  }

  /** Null when there are too many callers to count one more: it is not let through uncounted. */
  #counter(key: string, second: number): Counter | null {
    const known = this.#counters.get(key);
    if (known !== undefined) {
      advance(known, second);
      return known;
    }
    if (this.#counters.size >= this.#most) this.#forgetOld(second);
    if (this.#counters.size >= this.#most) return null;
    const counter = { seconds: new Uint32Array(BUCKETS), newest: second, total: 0 };
    this.#counters.set(key, counter);
    return counter;
  }

  #forgetOld(second: number): void {
    for (const [key, { newest }] of this.#counters) {
      if (second - newest >= BUCKETS) this.#counters.delete(key);
    }
  }
}

/** Lets go of what is older than the window. */
function advance(counter: Counter, second: number): void {
  const passed = Math.min(second - counter.newest, BUCKETS);
  for (let step = 1; step <= passed; step += 1) {
    const at = (counter.newest + step) % BUCKETS;
    counter.total -= counter.seconds[at] ?? 0;
    counter.seconds[at] = 0;
  }
  if (passed > 0) counter.newest = second;
}
