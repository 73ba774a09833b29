import { RE2JS } from 're2js';
import { ALPHANUMERIC, hasClass } from './byte-class.ts';
import type { Detector, TextDetector, WindowDetector } from './detector.ts';

/** Longest pattern of the configuration, in characters (L10). */
export const PATTERN_CHARS = 1_000;
/** Lengths of a word of the configuration, in bytes: four are what is looked for first. */
export const LEAST_WORD_BYTES = 4;
export const MOST_WORD_BYTES = 200;
/** A pattern looks at a line, and at a longer one in pieces, so that its time is in proportion to the text (L10). */
const PIECE_BYTES = 2_048;
/** Values up to this long are found wherever pieces are cut. */
const OVERLAP_BYTES = 512;
/** After so many values of one pattern the rest of a text is hidden (L10). */
const MAX_MATCHES = 10_000;
const NEWLINE = 0x0a;

/** What is wrong with a pattern, or null. */
export function patternProblem(pattern: string): string | null {
  try {
    const compiled = RE2JS.compile(pattern);
    return compiled.matcher('').find()
      ? 'it matches where there is nothing, so it would match everywhere'
      : null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Values an RE2 pattern matches: in linear time, whatever pattern and text are. */
export function patternDetector(dataClass: string, pattern: string): TextDetector {
  const compiled = RE2JS.compile(pattern);
  return {
    kind: 'text',
    dataClass,
    leastBytes: 1,
    finds(bytes, start, end, found) {
      let matches = 0;
      for (let from = start; from < end; ) {
        const to = pieceEnd(bytes, from, end);
        const matcher = compiled.matcher(bytes.subarray(from, to) as unknown as number[]);
        while (matcher.find()) {
          if (matcher.end() === matcher.start()) continue;
          matches += 1;
          if (matches > MAX_MATCHES) return found.add(from, end);
          found.add(from + matcher.start(), from + matcher.end());
        }
        from = to === end || bytes[to - 1] === NEWLINE ? to : characterStart(bytes, to - OVERLAP_BYTES);
      }
    },
  };
}

/** Where the line that begins at `from` ends, or the piece of it that is looked at. */
function pieceEnd(bytes: Uint8Array, from: number, end: number): number {
  const limit = Math.min(end, from + PIECE_BYTES);
  for (let i = from; i < limit; i += 1) if (bytes[i] === NEWLINE) return i + 1;
  return limit === end ? end : characterStart(bytes, limit);
}

/** The start of the UTF-8 character at `at`; three bytes back at most, whatever stands there. */
function characterStart(bytes: Uint8Array, at: number): number {
  let i = at;
  while (i > at - 3 && ((bytes[i] as number) & 0xc0) === 0x80) i -= 1;
  return i;
}

/** Words of the configuration, whole, ignoring the case of ASCII letters. */
export function wordsDetector(dataClass: string, words: readonly string[]): WindowDetector {
  const byBeginning = new Map<number, Uint8Array[]>();
  for (const word of words) {
    const bytes = Uint8Array.from(Buffer.from(word), lowered);
    const key = beginning(bytes, 0);
    byBeginning.set(
      key,
      [...(byBeginning.get(key) ?? []), bytes].sort((a, b) => b.length - a.length),
    );
  }
  const wordEnd = (bytes: Uint8Array, start: number, end: number, from: number, whole: boolean): number => {
    if (from < start) return 0;
    for (const word of byBeginning.get(beginning(bytes, from)) ?? []) {
      const to = from + word.length;
      if (to > end || !word.every((byte, i) => lowered(bytes[from + i] as number) === byte)) continue;
      if (!whole || !hasClass(bytes, start, end, to, ALPHANUMERIC)) return to;
    }
    return 0;
  };
  return {
    kind: 'window',
    dataClass,
    leastBytes: LEAST_WORD_BYTES,
    windows: words.flatMap((word) => spellings(Buffer.from(word).subarray(0, LEAST_WORD_BYTES))),
    confirms: (bytes, start, end, at) => wordEnd(bytes, start, end, at - LEAST_WORD_BYTES + 1, false) > 0,
    finds(bytes, start, end, at, found) {
      const from = at - LEAST_WORD_BYTES + 1;
      if (hasClass(bytes, start, end, from - 1, ALPHANUMERIC)) return;
      const to = wordEnd(bytes, start, end, from, true);
      if (to > 0) found.add(from, to);
    },
  };
}

/** The first four bytes from `at`, in small letters, as one number. */
function beginning(bytes: Uint8Array, at: number): number {
  let key = 0;
  for (let i = at; i < at + LEAST_WORD_BYTES; i += 1) key = (key << 8) | lowered(bytes[i] as number);
  return key;
}

function lowered(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}

/** Bytes in every mixture of small and capital letters. */
function spellings(bytes: Uint8Array): readonly Uint8Array[] {
  let spelt: number[][] = [[]];
  for (const byte of bytes) {
    const small = lowered(byte);
    const both = small >= 0x61 && small <= 0x7a ? [small, small - 0x20] : [small];
    spelt = spelt.flatMap((before) => both.map((one) => [...before, one]));
  }
  return spelt.map((one) => Uint8Array.from(one));
}

/** One entry of `masking.detectors.custom`. */
export type CustomDetector =
  | { readonly class: string; readonly pattern: string }
  | { readonly class: string; readonly words: readonly string[] };

export function customDetector(entry: CustomDetector): Detector {
  return 'pattern' in entry
    ? patternDetector(entry.class, entry.pattern)
    : wordsDetector(entry.class, entry.words);
}
