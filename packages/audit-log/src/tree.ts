import { hash } from 'node:crypto';

/** The Merkle tree of RFC 9162 section 2.1 over entry bytes, kept as a compact range: log2(n) hashes for n leaves. */
export class CompactRange {
  #size: number;
  /** Roots of the perfect subtrees that make up the tree, largest first. */
  readonly #roots: Buffer[];

  constructor(size = 0, roots: readonly Buffer[] = []) {
    this.#size = size;
    this.#roots = [...roots];
  }

  get size(): number {
    return this.#size;
  }

  get roots(): readonly Buffer[] {
    return this.#roots;
  }

  /** Adds the leaf for one entry. */
  add(entry: Uint8Array): void {
    this.addHash(leafHash(entry));
  }

  addHash(leaf: Buffer): void {
    let node = leaf;
    // One merge for every trailing one bit of the size, as in binary addition.
    for (let carry = this.#size; carry % 2 === 1; carry = (carry - 1) / 2) {
      const left = this.#roots.pop();
      if (left === undefined) throw new RangeError('a compact range lost a subtree');
      node = nodeHash(left, node);
    }
    this.#roots.push(node);
    this.#size += 1;
  }

  /** MTH of RFC 9162: the root of the tree of `size` leaves; for none, the hash of nothing. */
  root(): Buffer {
    let root: Buffer | undefined;
    for (let i = this.#roots.length - 1; i >= 0; i--) {
      const subtree = this.#roots[i] as Buffer;
      root = root === undefined ? subtree : nodeHash(subtree, root);
    }
    return root ?? hash('sha256', '', 'buffer');
  }
}

let scratch = Buffer.allocUnsafe(4096);

/** SHA-256(0x00 || entry). */
export function leafHash(entry: Uint8Array): Buffer {
  if (entry.length + 1 > scratch.length) scratch = Buffer.allocUnsafe(2 * entry.length);
  scratch[0] = 0;
  scratch.set(entry, 1);
  return hash('sha256', scratch.subarray(0, entry.length + 1), 'buffer');
}

/** SHA-256(0x01 || left || right). */
export function nodeHash(left: Buffer, right: Buffer): Buffer {
  scratch[0] = 1;
  scratch.set(left, 1);
  scratch.set(right, 33);
  return hash('sha256', scratch.subarray(0, 65), 'buffer');
}
