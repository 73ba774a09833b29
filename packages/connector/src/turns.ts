/**
 * Lets only so many do something at once; the others wait for their turn, those in a hurry before those that are not, each in
 * the order they came.
 */
export class Turns {
  readonly #most: number;
  #taken = 0;
  readonly #hurried: (() => void)[] = [];
  readonly #patient: (() => void)[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /** Resolves when it is its turn, to what gives the turn back. */
  async take(isHurried: boolean): Promise<() => void> {
    if (this.#taken < this.#most) this.#taken += 1;
    // Whoever gives a turn back hands it on: nobody who comes meanwhile gets it first.
    else await new Promise<void>((resolve) => (isHurried ? this.#hurried : this.#patient).push(resolve));
    let isGiven = false;
    return () => {
      if (isGiven) return;
      isGiven = true;
      const next = this.#hurried.shift() ?? this.#patient.shift();
      if (next === undefined) this.#taken -= 1;
      else next();
    };
  }
}
