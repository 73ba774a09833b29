/**
 * A bounded map that forgets what was not used for longest, roughly: when the young generation is full it becomes the
 * old one, and the old one goes. A hit on a young key costs one lookup.
 */
export class TwoGenerations<T> {
  readonly #half: number;
  readonly #halfCharacters: number;
  #characters = 0;
  #young = new Map<string, T>();
  #old = new Map<string, T>();

  /** Holds at most `size` keys, which have at most `characters` together. */
  constructor(size: number, characters: number) {
    this.#half = Math.max(1, size >> 1);
    this.#halfCharacters = Math.max(1, characters >> 1);
  }

  get(key: string): T | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: string, value: T): void {
    if (!this.#young.has(key)) {
      const characters = this.#characters + key.length;
      if (this.#young.size >= this.#half || characters > this.#halfCharacters) this.#age();
      this.#characters += key.length;
    }
    this.#young.set(key, value);
  }

  clear(): void {
    this.#age();
    this.#old = new Map();
  }

  #age(): void {
    this.#old = this.#young;
    this.#young = new Map();
    this.#characters = 0;
  }
}
