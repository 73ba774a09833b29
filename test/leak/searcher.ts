/**
 * Finds canaries in bytes, in every disguise. It looks at the bytes as they are, and at what is left of them when
 * separators are taken out, so that each disguise is one string to look for:
 *
 *   as they are ─ lower case ─ letters and digits only ─ base64's alphabet only ─ every 2nd … 9th byte
 */
import type { Canary } from './canaries.ts';
import { type Needle, needlesOf } from './disguises.ts';

export interface Hit {
  readonly canary: Canary;
  readonly disguise: string;
}

/** Widest distance of one character from the next that is looked through. */
const WIDEST_STRIDE = 9;

export class Searcher {
  readonly #exact: Index;
  readonly #folded: Index;

  constructor(canaries: readonly Canary[]) {
    const { exact, folded } = needlesOf(canaries);
    this.#exact = new Index(exact);
    this.#folded = new Index(folded);
  }

  /** Every canary in any of these, each told once. Halves count when they are anywhere in `pages` together. */
  find(...pages: readonly Buffer[]): Hit[] {
    const found = new Set<Needle>();
    for (const page of pages) {
      this.#exact.search(page, found);
      this.#exact.search(kept(page, BASE64), found);
      const lower = kept(page, LOWER);
      this.#folded.search(lower, found);
      this.#folded.search(kept(page, LETTERS_AND_DIGITS), found);
      for (let stride = 2; stride <= WIDEST_STRIDE; stride += 1)
        for (let from = 0; from < stride; from += 1) this.#folded.search(every(lower, stride, from), found);
    }
    return hitsOf(found);
  }
}

function hitsOf(found: ReadonlySet<Needle>): Hit[] {
  const hits = new Map<Canary, string>();
  const halves = new Map<Canary, Set<Needle['half']>>();
  for (const { canary, disguise, half } of found) {
    if (half === null) hits.set(canary, disguise);
    else halves.set(canary, (halves.get(canary) ?? new Set()).add(half));
  }
  for (const [canary, which] of halves)
    if (!hits.has(canary) && (canary.halves || which.size === 2)) hits.set(canary, [...which].join(' and '));
  return [...hits].map(([canary, disguise]) => ({ canary, disguise }));
}

/** What becomes of each byte; 0 is left out. */
type Table = Uint8Array;

const table = (of: (byte: number) => number): Table =>
  Uint8Array.from({ length: 256 }, (_, byte) => of(byte));
const isUpper = (byte: number): boolean => byte >= 0x41 && byte <= 0x5a;
const isLower = (byte: number): boolean => byte >= 0x61 && byte <= 0x7a;
const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

const LETTERS_AND_DIGITS = table((byte) =>
  isUpper(byte) ? byte + 32 : isLower(byte) || isDigit(byte) ? byte : 0,
);
/** A NUL cannot be left out here: it would close up what it separates. */
const LOWER = table((byte) => (isUpper(byte) ? byte + 32 : byte === 0 ? 0x20 : byte));
/** base64url's two signs as base64's. */
const BASE64 = table((byte) => {
  if (byte === 0x2d) return 0x2b;
  if (byte === 0x5f) return 0x2f;
  return isUpper(byte) || isLower(byte) || isDigit(byte) || byte === 0x2b || byte === 0x2f ? byte : 0;
});

function kept(page: Buffer, by: Table): Buffer {
  const out = Buffer.allocUnsafe(page.length);
  let length = 0;
  for (let i = 0; i < page.length; i += 1) {
    const byte = by[page[i] as number] as number;
    if (byte !== 0) {
      out[length] = byte;
      length += 1;
    }
  }
  return out.subarray(0, length);
}

function every(page: Buffer, stride: number, from: number): Buffer {
  const out = Buffer.allocUnsafe(Math.max(0, Math.ceil((page.length - from) / stride)));
  for (let i = from, to = 0; i < page.length; i += stride, to += 1) out[to] = page[i] as number;
  return out;
}

const PREFIX_BYTES = 4;
const FILTER_BITS = 18;

/** Many needles, looked for at once: by their first four bytes, and by all of them where those fit. */
class Index {
  readonly #filter = new Uint8Array(1 << FILTER_BITS);
  readonly #byPrefix = new Map<number, Needle[]>();

  constructor(needles: readonly Needle[]) {
    for (const needle of needles) {
      const prefix = needle.bytes.readInt32LE(0);
      this.#filter[slot(prefix)] = 1;
      this.#byPrefix.set(prefix, [...(this.#byPrefix.get(prefix) ?? []), needle]);
    }
  }

  search(page: Buffer, found: Set<Needle>): void {
    const filter = this.#filter;
    if (page.length < PREFIX_BYTES) return;
    let prefix = page.readInt32LE(0) << 8;
    for (let at = 0; at + PREFIX_BYTES <= page.length; at += 1) {
      prefix = (prefix >>> 8) | ((page[at + PREFIX_BYTES - 1] as number) << 24);
      if (filter[slot(prefix)] === 0) continue;
      for (const needle of this.#byPrefix.get(prefix) ?? [])
        if (page.subarray(at, at + needle.bytes.length).equals(needle.bytes)) found.add(needle);
    }
  }
}

function slot(prefix: number): number {
  return Math.imul(prefix, 0x9e3779b1) >>> (32 - FILTER_BITS);
}
