/** Hides single members of JSON (RFC 8259), by their path, and leaves every other byte as it is. */

/** Names from the outside in; `*` is any. Arrays are walked through: their elements have the path of the array. */
export type MemberPath = readonly string[];

/** Deepest nesting on the way to a member (L10); a deeper document is hidden whole. */
const MAX_DEPTH = 256;
/** Longest path (L10). */
export const MAX_MEMBERS = 32;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPENS: ReadonlyMap<number, number> = new Map([
  [0x7b, 0x7d],
  [0x5b, 0x5d],
]);
const OBJECT = 0x7b;
/** Bytes of numbers, true, false and null. */
const LITERAL: ReadonlySet<number> = new Set(Buffer.from('0123456789+-.eEtrufalsn'));
const CLOSES: ReadonlySet<number> = new Set(OPENS.values());

/**
 * The text with every value at one of these paths replaced, or null when it is no JSON, or nests too deep: it must then
 * be hidden whole. Names are compared ignoring case. The text is the target's, and may be anything.
 */
export function hideMembers(
  json: Buffer,
  paths: readonly MemberPath[],
  placeholder: Uint8Array,
): Buffer | null {
  const walk = new MemberWalk(json, placeholder);
  return walk.run(paths.map((path) => path.map((name) => name.toLowerCase())));
}

class MemberWalk {
  readonly #bytes: Buffer;
  readonly #placeholder: Uint8Array;
  readonly #parts: Uint8Array[] = [];
  #copied = 0;
  #at = 0;

  constructor(bytes: Buffer, placeholder: Uint8Array) {
    this.#bytes = bytes;
    this.#placeholder = placeholder;
  }

  run(paths: readonly MemberPath[]): Buffer | null {
    this.#space();
    if (!this.#value(paths, 0)) return null;
    this.#space();
    if (this.#at !== this.#bytes.length) return null;
    return Buffer.concat([...this.#parts, this.#bytes.subarray(this.#copied)]);
  }

  /** Walks one value; `left` are what is left of the paths that lead through it. False when it is malformed. */
  #value(left: readonly MemberPath[], depth: number): boolean {
    const opens = this.#bytes[this.#at] ?? 0;
    const closes = OPENS.get(opens);
    if (left.length === 0 || closes === undefined) return this.#skip();
    if (depth === MAX_DEPTH) return false;
    this.#at += 1;
    this.#space();
    if (this.#takes(closes)) return true;
    for (;;) {
      const inside = opens === OBJECT ? this.#member(left, depth) : this.#value(left, depth + 1);
      if (!inside) return false;
      this.#space();
      if (this.#takes(closes)) return true;
      if (!this.#takes(COMMA)) return false;
      this.#space();
    }
  }

  #member(left: readonly MemberPath[], depth: number): boolean {
    const name = this.#name();
    if (name === null) return false;
    this.#space();
    if (!this.#takes(COLON)) return false;
    this.#space();
    const inside = left.filter(([next]) => next === '*' || next === name).map((path) => path.slice(1));
    if (!inside.some((path) => path.length === 0)) return this.#value(inside, depth + 1);
    const start = this.#at;
    if (!this.#skip()) return false;
    this.#parts.push(this.#bytes.subarray(this.#copied, start), this.#placeholder);
    this.#copied = this.#at;
    return true;
  }

  #name(): string | null {
    const start = this.#at;
    if (this.#bytes[start] !== QUOTE || !this.#string()) return null;
    const text = this.#bytes.toString('utf8', start, this.#at);
    if (!text.includes('\\')) return text.slice(1, -1).toLowerCase();
    try {
      return String(JSON.parse(text)).toLowerCase();
    } catch {
      return null;
    }
  }

  /** Passes over one value, however deep: brackets are counted, and what is between them is left to whoever reads it. */
  #skip(): boolean {
    const start = this.#at;
    let depth = 0;
    do {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) return false;
      if (byte === QUOTE) {
        if (!this.#string()) return false;
      } else if (depth === 0 && !OPENS.has(byte)) return this.#literal() && this.#at > start;
      else {
        if (OPENS.has(byte)) depth += 1;
        else if (CLOSES.has(byte)) depth -= 1;
        this.#at += 1;
      }
    } while (depth > 0);
    return true;
  }

  /** A number, true, false or null: everything up to what ends a value. */
  #literal(): boolean {
    const start = this.#at;
    while (LITERAL.has(this.#bytes[this.#at] ?? 0)) this.#at += 1;
    return this.#at > start;
  }

  #string(): boolean {
    for (let at = this.#at + 1; at < this.#bytes.length; at += 1) {
      const byte = this.#bytes[at];
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) {
        this.#at = at + 1;
        return true;
      }
    }
    return false;
  }

  #takes(byte: number): boolean {
    if (this.#bytes[this.#at] !== byte) return false;
    this.#at += 1;
    return true;
  }

  #space(): void {
    for (;;) {
      const byte = this.#bytes[this.#at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.#at += 1;
    }
  }
}
