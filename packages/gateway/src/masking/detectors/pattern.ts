import { RE2JS } from 're2js';
import type { TextDetector } from './detector.ts';

/** Longest pattern of the configuration, in characters (L10). */
export const PATTERN_CHARS = 1_000;
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

/** Values an RE2 pattern matches: in time in proportion to the text, whatever pattern and text are. */
export function patternDetector(dataClass: string, pattern: string): TextDetector {
  const compiled = RE2JS.compile(pattern);
  const anywhere = compiledAnywhere(pattern);
  return {
    kind: 'text',
    dataClass,
    leastBytes: 1,
    confirms(bytes, start, end) {
      // A value that fills a piece of its own text may lie anywhere in this one.
      return (
        anywhere === null ||
        eachPiece(bytes, start, end, 4 * PIECE_BYTES, PIECE_BYTES, (from, to) =>
          anywhere.matcher(asInput(bytes, from, to)).find(),
        )
      );
    },
    finds(bytes, start, end, found) {
      let matches = 0;
      eachPiece(bytes, start, end, PIECE_BYTES, OVERLAP_BYTES, (from, to) => {
        const matcher = compiled.matcher(asInput(bytes, from, to));
        while (matcher.find() && matches < MAX_MATCHES) {
          if (matcher.end() === matcher.start()) continue;
          matches += 1;
          found.add(from + matcher.start(), matches < MAX_MATCHES ? from + matcher.end() : end);
        }
        return matches === MAX_MATCHES;
      });
    },
  };
}

/**
 * The pattern without what it asks of the places around a value, such as `^` and `\b`: what it matches in a part of some
 * bytes, this one matches in all of them. Null when it cannot be had so, and anything is suspected.
 */
function compiledAnywhere(pattern: string): RE2JS | null {
  if (pattern.includes('\\Q')) return null;
  const loose = withoutAssertions(pattern);
  return patternProblem(loose) === null ? RE2JS.compile(loose) : null;
}

/** Takes out `^`, `$` and the escapes that match no character; in a class in brackets they are characters. */
function withoutAssertions(pattern: string): string {
  let kept = '';
  for (let i = 0; i < pattern.length; i += 1) {
    const char = pattern.charAt(i);
    if (char === '\\') {
      i += 1;
      if (!'AbBzZ'.includes(pattern.charAt(i))) kept += char + pattern.charAt(i);
    } else if (char === '[') {
      const close = classEnd(pattern, i);
      kept += pattern.slice(i, close);
      i = close - 1;
    } else if (char !== '^' && char !== '$') kept += char;
  }
  return kept;
}

/** Where the class that begins at `open` ends. A bracket that comes first in it is a character, and names have their own. */
function classEnd(pattern: string, open: number): number {
  const first = open + (pattern.charAt(open + 1) === '^' ? 2 : 1);
  for (let i = first; i < pattern.length; i += 1) {
    if (pattern.charAt(i) === '\\') i += 1;
    else if (pattern.startsWith('[:', i) && pattern.includes(':]', i + 2))
      i = pattern.indexOf(':]', i + 2) + 1;
    else if (pattern.charAt(i) === ']' && i > first) return i + 1;
  }
  return pattern.length;
}

/** The matcher reads bytes as UTF-8, each invalid one as one character, and counts in bytes. */
function asInput(bytes: Uint8Array, from: number, to: number): number[] {
  return bytes.subarray(from, to) as unknown as number[];
}

/** Shows each line to `look`, a long one in pieces that overlap, until it says yes. */
function eachPiece(
  bytes: Uint8Array,
  start: number,
  end: number,
  size: number,
  overlap: number,
  look: (from: number, to: number) => boolean,
): boolean {
  for (let from = start; from < end; ) {
    const to = pieceEnd(bytes, from, end, size);
    if (look(from, to)) return true;
    from = to === end || bytes[to - 1] === NEWLINE ? to : characterStart(bytes, to - overlap);
  }
  return false;
}

/** Where the line that begins at `from` ends, or the piece of it that is looked at. */
function pieceEnd(bytes: Uint8Array, from: number, end: number, size: number): number {
  const limit = Math.min(end, from + size);
  for (let i = from; i < limit; i += 1) if (bytes[i] === NEWLINE) return i + 1;
  return limit === end ? end : characterStart(bytes, limit);
}

/** The start of the UTF-8 character at `at`; three bytes back at most, whatever stands there. */
function characterStart(bytes: Uint8Array, at: number): number {
  let i = at;
  while (i > at - 3 && ((bytes[i] as number) & 0xc0) === 0x80) i -= 1;
  return i;
}
