/** Proofs of RFC 9162 as the ranges of leaves whose hashes they are made of, and those hashes from one pass over a log. */
import { CompactRange, type TreeHash } from './tree.ts';

/** Leaves from `start` up to, not including, `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** PATH of RFC 9162 section 2.1.3.1 for a leaf of a tree, in the order of the proof. */
export function inclusionRanges(index: number, size: number): readonly Range[] {
  const ranges: Range[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + largestPowerBelow(end - start);
    if (index < middle) {
      ranges.push({ start: middle, end });
      end = middle;
    } else {
      ranges.push({ start, end: middle });
      start = middle;
    }
  }
  return ranges.reverse();
}

/** PROOF of RFC 9162 section 2.1.4.1 from a tree to a later one, in the order of the proof. */
export function consistencyRanges(earlier: number, later: number): readonly Range[] {
  if (earlier === 0 || earlier === later) return [];
  const ranges: Range[] = [];
  let [start, end] = [0, later];
  // The whole earlier tree is known to whoever checks, as long as nothing stands before what is left of it.
  while (earlier < end) {
    const middle = start + largestPowerBelow(end - start);
    if (earlier <= middle) {
      ranges.push({ start: middle, end });
      end = middle;
    } else {
      ranges.push({ start, end: middle });
      start = middle;
    }
  }
  if (start > 0) ranges.push({ start, end });
  return ranges.reverse();
}

/** The largest power of two less than `count`, which is at least 2. */
function largestPowerBelow(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}

/** Hashes ranges that do not overlap while the leaves go by. */
export class Subtrees {
  readonly #ranges: readonly { readonly range: Range; readonly tree: CompactRange }[];
  readonly #ascending: readonly { readonly range: Range; readonly tree: CompactRange }[];
  #next = 0;

  constructor(ranges: readonly Range[]) {
    this.#ranges = ranges.map((range) => ({ range, tree: new CompactRange() }));
    this.#ascending = this.#ranges.toSorted((one, other) => one.range.start - other.range.start);
  }

  /** Every leaf, in order. */
  add(index: number, leaf: TreeHash): void {
    const current = this.#ascending[this.#next];
    if (current === undefined || index < current.range.start) return;
    current.tree.addHash(leaf);
    if (index + 1 === current.range.end) this.#next += 1;
  }

  /** In the order of the ranges. */
  roots(): readonly Buffer[] {
    return this.#ranges.map(({ tree }) => tree.root());
  }
}
