/**
 * Telling from an entry's bytes alone that they are canonical JSON, in one pass and without making anything. It may say
 * "not sure" of what is canonical, never the other way round: then the entry is parsed and written again to compare.
 */
import { isUtf8 } from 'node:buffer';
import { maxEntryDepth } from './canonical.ts';

/** `seq` and `time` of the entry scanned last. */
export interface ScannedStamp {
  seq: number;
  time: number;
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;

/** What a byte is inside a string: plain, one that needs a second look, or one past ASCII. */
const plain = 0;
const special = 1;
const wide = 2;
const kinds = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte < 0x20 || byte === quote || byte === backslash) return special;
  return byte < 0x80 ? plain : wide;
});
/** Characters that stand after a backslash where nothing longer is called for: quote, backslash, b, f, n, r, t. */
const shortEscapes = new Set([quote, backslash, 0x62, 0x66, 0x6e, 0x72, 0x74]);

export class CanonicalScanner {
  readonly stamp: ScannedStamp = { seq: -1, time: -1 };
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #isWide = false;
  /** The integer read last. */
  #number = 0;

  /** Whether these bytes surely are one object in canonical form, with whole numbers as `seq` and `time`. */
  isCanonical(bytes: Uint8Array): boolean {
    this.#bytes = bytes;
    this.#at = 0;
    this.#isWide = false;
    this.stamp.seq = -1;
    this.stamp.time = -1;
    if (bytes[0] !== 0x7b || !this.#object(0) || this.#at !== bytes.length) return false;
    return this.stamp.seq >= 0 && this.stamp.time >= 0 && (!this.#isWide || isUtf8(bytes));
  }

  #value(depth: number): boolean {
    const bytes = this.#bytes;
    switch (bytes[this.#at]) {
      case quote:
        return this.#string();
      case 0x7b:
        return this.#object(depth);
      case 0x5b:
        return this.#array(depth);
      case 0x74:
        return this.#word(0x72, 0x75, 0x65);
      case 0x6e:
        return this.#word(0x75, 0x6c, 0x6c);
      case 0x66:
        this.#at += 1;
        return bytes[this.#at] === 0x61 && this.#word(0x6c, 0x73, 0x65);
      default:
        return this.#integer();
    }
  }

  #word(second: number, third: number, fourth: number): boolean {
    const bytes = this.#bytes;
    const at = this.#at;
    this.#at = at + 4;
    return bytes[at + 1] === second && bytes[at + 2] === third && bytes[at + 3] === fourth;
  }

  #object(depth: number): boolean {
    if (depth >= maxEntryDepth) return false;
    const bytes = this.#bytes;
    let lastStart = 0;
    let lastEnd = 0;
    this.#at += 1;
    if (bytes[this.#at] === 0x7d) {
      this.#at += 1;
      return true;
    }
    for (;;) {
      const start = this.#at + 1;
      if (bytes[this.#at] !== quote || !this.#plainString()) return false;
      const end = this.#at - 1;
      if (lastEnd > 0 && !this.#isBefore(lastStart, lastEnd, start, end)) return false;
      lastStart = start;
      lastEnd = end;
      if (bytes[this.#at] !== colon) return false;
      this.#at += 1;
      const first = bytes[this.#at] as number;
      if (!this.#value(depth + 1)) return false;
      if (depth === 0 && first >= 0x30 && first <= 0x39) this.#stamp(start, end);
      const next = bytes[this.#at];
      this.#at += 1;
      if (next === 0x7d) return true;
      if (next !== comma) return false;
    }
  }

  #array(depth: number): boolean {
    if (depth >= maxEntryDepth) return false;
    const bytes = this.#bytes;
    this.#at += 1;
    if (bytes[this.#at] === 0x5d) {
      this.#at += 1;
      return true;
    }
    for (;;) {
      if (!this.#value(depth + 1)) return false;
      const next = bytes[this.#at];
      this.#at += 1;
      if (next === 0x5d) return true;
      if (next !== comma) return false;
    }
  }

  #string(): boolean {
    const bytes = this.#bytes;
    let at = this.#at + 1;
    for (;;) {
      let kind = kinds[bytes[at] as number];
      while (kind === plain) {
        at += 1;
        kind = kinds[bytes[at] as number];
      }
      if (kind === wide) {
        this.#isWide = true;
        at += 1;
      } else if (bytes[at] === quote) {
        this.#at = at + 1;
        return true;
      } else if (bytes[at] === backslash && shortEscapes.has(bytes[at + 1] as number)) at += 2;
      else return false;
    }
  }

  /** A key: ASCII without escapes, so that its bytes sort as its UTF-16 does. */
  #plainString(): boolean {
    const bytes = this.#bytes;
    let at = this.#at + 1;
    while (kinds[bytes[at] as number] === plain) at += 1;
    this.#at = at + 1;
    return bytes[at] === quote;
  }

  #isBefore(start: number, end: number, otherStart: number, otherEnd: number): boolean {
    const bytes = this.#bytes;
    const length = Math.min(end - start, otherEnd - otherStart);
    for (let i = 0; i < length; i++) {
      const difference = (bytes[start + i] as number) - (bytes[otherStart + i] as number);
      if (difference !== 0) return difference < 0;
    }
    return end - start < otherEnd - otherStart;
  }

  /** A whole number below 10^15, which ECMAScript writes as it stands. */
  #integer(): boolean {
    const bytes = this.#bytes;
    const start = this.#at;
    let at = start;
    let value = 0;
    for (;;) {
      const digit = (bytes[at] as number) - 0x30;
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
      at += 1;
    }
    this.#at = at;
    this.#number = value;
    const length = at - start;
    return length === 1 || (length > 1 && length <= 15 && bytes[start] !== 0x30);
  }

  #stamp(start: number, end: number): void {
    const bytes = this.#bytes;
    if (end - start === 3 && bytes[start] === 0x73 && bytes[start + 1] === 0x65 && bytes[start + 2] === 0x71)
      this.stamp.seq = this.#number;
    else if (
      end - start === 4 &&
      bytes[start] === 0x74 &&
      bytes[start + 1] === 0x69 &&
      bytes[start + 2] === 0x6d
    ) {
      if (bytes[start + 3] === 0x65) this.stamp.time = this.#number;
    }
  }
}
