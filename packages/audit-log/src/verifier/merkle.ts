/** Verifying the proofs of RFC 9162, sections 2.1.3.2 and 2.1.4.2. Indices go to 2^53, so no bitwise operators. */
import { type Bytes, concat, equal } from './bytes.ts';

/** No path is longer: a tree of 2^53 leaves has 53 levels above them. */
export const maxPathHashes = 53;
export const hashBytes = 32;

export async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/** SHA-256(0x00 || entry). */
export function leafHash(entry: Uint8Array): Promise<Bytes> {
  return sha256(concat(Uint8Array.of(0), entry));
}

function nodeHash(left: Uint8Array, right: Uint8Array): Promise<Bytes> {
  return sha256(concat(Uint8Array.of(1), left, right));
}

const isOdd = (value: number): boolean => value % 2 === 1;
const half = (value: number): number => Math.floor(value / 2);

/** The root that a leaf at `index` of `size` and its path add up to; null when the path has not the one right length. */
export async function rootOfInclusion(
  leaf: Bytes,
  index: number,
  size: number,
  path: readonly Uint8Array[],
): Promise<Bytes | null> {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size || path.length > maxPathHashes) return null;
  let node = index;
  let last = size - 1;
  let root = leaf;
  for (const sibling of path) {
    if (last === 0) return null;
    if (isOdd(node) || node === last) {
      root = await nodeHash(sibling, root);
      // A right edge without siblings rises to the next level that has one.
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else root = await nodeHash(root, sibling);
    [node, last] = [half(node), half(last)];
  }
  return last === 0 ? root : null;
}

/** A tree as a checkpoint has it. */
export interface TreeHead {
  readonly size: number;
  readonly root: Uint8Array;
}

/** Whether the later tree is the earlier one with leaves added. */
export async function isConsistent(
  earlier: TreeHead,
  later: TreeHead,
  path: readonly Uint8Array[],
): Promise<boolean> {
  if (earlier.size > later.size || path.length > maxPathHashes + 1) return false;
  if (earlier.size === later.size) return path.length === 0 && equal(earlier.root, later.root);
  // Any tree grows from the empty one, whose root is the hash of nothing.
  if (earlier.size === 0) return path.length === 0 && equal(earlier.root, await sha256(new Uint8Array(0)));
  let node = earlier.size - 1;
  let last = later.size - 1;
  while (isOdd(node)) [node, last] = [half(node), half(last)];
  // A whole earlier tree is its own first node and is left out of the path.
  const [first, ...rest] = node === 0 ? [earlier.root, ...path] : path;
  if (first === undefined) return false;
  let oldRoot = first;
  let newRoot = first;
  for (const sibling of rest) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      oldRoot = await nodeHash(sibling, oldRoot);
      newRoot = await nodeHash(sibling, newRoot);
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else newRoot = await nodeHash(newRoot, sibling);
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && equal(oldRoot, earlier.root) && equal(newRoot, later.root);
}
