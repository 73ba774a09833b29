import { ALPHANUMERIC, hasClass } from './byte-class.ts';
import type { Detector, WindowDetector } from './detector.ts';
import { patternDetector } from './pattern.ts';

/** Lengths of a word of the configuration, in bytes: four are what is looked for first. */
export const LEAST_WORD_BYTES = 4;
export const MOST_WORD_BYTES = 200;

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
