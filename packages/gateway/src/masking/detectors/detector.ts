import type { Spans } from './spans.ts';

/**
 * Finds values of one data class in bytes an attacker may have chosen: every function is linear in what it reads,
 * and never reads outside [start, end). `finds` adds whole values to `found`. `confirms` says whether any part of the
 * bytes could hold one: it may say yes too often, never no wrongly, so what stands around a value does not count.
 */
export type Detector = ByteDetector | NumberDetector | WindowDetector | TextDetector;

interface Named {
  /** The data class of what it finds. */
  readonly dataClass: string;
  /** Length of the shortest value found: shorter texts are not looked at. */
  readonly leastBytes: number;
}

/** Looks around one byte that stands in every value and is rare elsewhere. */
export interface ByteDetector extends Named {
  readonly kind: 'byte';
  readonly byte: number;
  confirms(bytes: Uint8Array, start: number, end: number, at: number): boolean;
  finds(bytes: Uint8Array, start: number, end: number, at: number, found: Spans): void;
}

/** Looks at runs [low, high) of digits, spaces and dashes, as long as nothing else follows; `digits` are in it. */
export interface NumberDetector extends Named {
  readonly kind: 'number';
  /** Fewest bytes of a value that are digits, or a space or dash between digits, without a gap. */
  readonly leastRun: number;
  readonly leastDigits: number;
  confirms(bytes: Uint8Array, start: number, end: number, low: number, high: number): boolean;
  finds(bytes: Uint8Array, start: number, end: number, low: number, high: number, found: Spans): void;
}

/** Looks around a window of four bytes; `at` is the last of them. */
export interface WindowDetector extends Named {
  readonly kind: 'window';
  /**
   * Four bytes each, of which at least one stands in or just before every value. `#` is any digit, `?` anything; a first
   * that is `?` may be before the text. As bytes they stand for themselves only.
   */
  readonly windows: readonly (string | Uint8Array)[];
  confirms(bytes: Uint8Array, start: number, end: number, at: number): boolean;
  finds(bytes: Uint8Array, start: number, end: number, at: number, found: Spans): void;
}

/** Looks at the whole text: nothing about its values is known before. */
export interface TextDetector extends Named {
  readonly kind: 'text';
  confirms(bytes: Uint8Array, start: number, end: number): boolean;
  finds(bytes: Uint8Array, start: number, end: number, found: Spans): void;
}
