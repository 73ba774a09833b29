import type { Mask } from '../protocols/protocol.ts';

/** Deepest nesting followed (L10); a deeper document is scrubbed as text. */
const MAX_DEPTH = 1_000;
/** An AWS secret key has 40 characters and is told by what stands before it: the name of the member, usually. */
const SECRET_BYTES = 40;
const CONTEXT_BYTES = 128;
/** Longest member name that says what its value is. */
const NAME_BYTES = 128;

const number = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

type Scrub = Pick<Mask, 'suspects' | 'scrub' | 'scrubText'>;

/**
 * Scrubs each string (member names too) and each number of a JSON text (RFC 8259) by itself, so that what comes out
 * is JSON again; a number that is hidden becomes a string. What is not JSON is scrubbed as plain text.
 */
export function scrubJson(mask: Scrub, body: Buffer): Buffer {
  if (!mask.suspects(body, 0, body.length) && !body.includes(BACKSLASH)) return body;
  const rewriter = new JsonRewriter(mask, body);
  const rewritten = rewriter.run();
  if (rewritten !== null) return rewritten;
  return mask.scrub(body, 0, body.length) ?? body;
}

type Expectation = 'value' | 'value-or-close' | 'name' | 'name-or-close' | 'colon' | 'comma-or-close' | 'end';

class JsonRewriter {
  readonly #mask: Scrub;
  readonly #bytes: Buffer;
  readonly #parts: Uint8Array[] = [];
  /** Closing byte of each open object and array: an own stack, since the nesting is chosen by a peer. */
  readonly #open: number[] = [];
  #copied = 0;
  #at = 0;
  /** Where the name begins whose value comes next, or −1. */
  #named = -1;

  constructor(mask: Scrub, bytes: Buffer) {
    this.#mask = mask;
    this.#bytes = bytes;
  }

  /** The document rewritten, or null when it is not JSON. */
  run(): Buffer | null {
    let expected: Expectation = 'value';
    while (this.#at < this.#bytes.length) {
      const byte = this.#bytes[this.#at] as number;
      if (byte === 0x20 || (byte >= 0x09 && byte <= 0x0d && byte !== 0x0b && byte !== 0x0c)) {
        this.#at += 1;
        continue;
      }
      const next = this.#token(byte, expected);
      if (next === null) return null;
      expected = next;
    }
    if (expected !== 'end') return null;
    if (this.#parts.length === 0) return this.#bytes;
    this.#parts.push(this.#bytes.subarray(this.#copied));
    return Buffer.concat(this.#parts);
  }

  /** Takes one token; returns what may come next, or null when this may not come here. */
  #token(byte: number, expected: Expectation): Expectation | null {
    const wantsValue = expected === 'value' || expected === 'value-or-close';
    const wantsName = expected === 'name' || expected === 'name-or-close';
    if (byte === QUOTE) {
      if (!wantsValue && !wantsName) return null;
      const name = wantsName ? this.#at : -1;
      if (!this.#string()) return null;
      this.#named = name;
      return wantsName ? 'colon' : this.#afterValue();
    }
    if (byte === 0x7b || byte === 0x5b) {
      if (!wantsValue || this.#open.length >= MAX_DEPTH) return null;
      this.#open.push(byte + 2);
      this.#at += 1;
      this.#named = -1;
      return byte === 0x7b ? 'name-or-close' : 'value-or-close';
    }
    if (byte === 0x7d || byte === 0x5d) {
      const closable =
        expected === 'comma-or-close' || expected === (byte === 0x7d ? 'name-or-close' : 'value-or-close');
      if (!closable || this.#open.pop() !== byte) return null;
      this.#at += 1;
      return this.#afterValue();
    }
    if (byte === 0x3a || byte === 0x2c) {
      if (expected !== (byte === 0x3a ? 'colon' : 'comma-or-close')) return null;
      this.#at += 1;
      return byte === 0x2c && this.#open.at(-1) === 0x7d ? 'name' : 'value';
    }
    this.#named = -1;
    return wantsValue && this.#scalar() ? this.#afterValue() : null;
  }

  #afterValue(): Expectation {
    return this.#open.length === 0 ? 'end' : 'comma-or-close';
  }

  #string(): boolean {
    const start = this.#at + 1;
    let end = start;
    let escaped = false;
    while (end < this.#bytes.length && this.#bytes[end] !== QUOTE) {
      const byte = this.#bytes[end] as number;
      if (byte < 0x20) return false;
      if (byte === BACKSLASH) escaped = true;
      end += byte === BACKSLASH ? 2 : 1;
    }
    if (end >= this.#bytes.length) return false;
    this.#at = end + 1;
    if (escaped) return this.#escapedString(start, end);
    const context = start - this.#contextBytes(start, end - start);
    const hidden = this.#mask.scrub(this.#bytes, context, end, start);
    if (hidden !== null) this.#replace(start, end, hidden);
    return true;
  }

  /** A string with escapes is judged by what it stands for, not by how it is written. */
  #escapedString(start: number, end: number): boolean {
    let value: string;
    try {
      value = JSON.parse(this.#bytes.toString('utf8', start - 1, end + 1)) as string;
    } catch {
      return false;
    }
    const text = Buffer.from(value);
    const context = this.#bytes.subarray(start - this.#contextBytes(start, text.length), start);
    const both = Buffer.concat([context, text]);
    const hidden = this.#mask.scrub(both, 0, both.length, context.length);
    if (hidden !== null) this.#replace(start - 1, end + 1, Buffer.from(JSON.stringify(hidden.toString())));
    return true;
  }

  /** How much of what stands before the string at `start` may say what it is. */
  #contextBytes(start: number, length: number): number {
    if (length === SECRET_BYTES) return Math.min(start, CONTEXT_BYTES);
    const name = this.#named < 0 ? 0 : start - this.#named;
    return name > NAME_BYTES ? 0 : name;
  }

  #scalar(): boolean {
    const start = this.#at;
    let end = start;
    while (end < this.#bytes.length && isScalarByte(this.#bytes[end] as number)) end += 1;
    this.#at = end;
    const hidden = this.#mask.scrub(this.#bytes, start, end);
    if (hidden !== null) {
      this.#replace(start, end, Buffer.from(JSON.stringify(hidden.toString())));
      return true;
    }
    // Longer than any number that means something: not worth turning into a string.
    if (end - start > 1_024) return false;
    const text = this.#bytes.toString('latin1', start, end);
    return text === 'true' || text === 'false' || text === 'null' || number.test(text);
  }

  #replace(start: number, end: number, by: Uint8Array): void {
    this.#parts.push(this.#bytes.subarray(this.#copied, start), by);
    this.#copied = end;
  }
}

/** A byte of a number or of true, false, null. */
function isScalarByte(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    byte === 0x45 ||
    byte === 0x2b ||
    byte === 0x2d ||
    byte === 0x2e
  );
}
