import { hash } from 'node:crypto';

/** The Merkle tree of RFC 9162 section 2.1 over entry bytes, kept as a compact range: log2(n) hashes for n leaves. */
export class CompactRange {
  #size: number;
  /** Roots of the perfect subtrees that make up the tree, largest first. */
  readonly #roots: TreeHash[];

  constructor(size = 0, roots: readonly Uint8Array[] = []) {
    this.#size = size;
    this.#roots = roots.map(bytesToHash);
  }

  get size(): number {
    return this.#size;
  }

  get roots(): readonly Buffer[] {
    return this.#roots.map(hashToBytes);
  }

  /** Adds the leaf for one entry. */
  add(entry: Uint8Array): void {
    this.addHash(leafHash(entry));
  }

  addHash(leaf: TreeHash): void {
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
    let root: TreeHash | undefined;
    for (let i = this.#roots.length - 1; i >= 0; i--) {
      const subtree = this.#roots[i] as TreeHash;
      root = root === undefined ? subtree : nodeHash(subtree, root);
    }
    return root === undefined ? hash('sha256', '', 'buffer') : hashToBytes(root);
  }
}

/** 32 bytes as a string of 32 characters: Node hands out a short string in a third of the time it takes for a Buffer. */
export type TreeHash = string & { readonly __treeHash: never };

export function bytesToHash(bytes: Uint8Array): TreeHash {
  return Buffer.from(bytes).toString('latin1') as TreeHash;
}

export function hashToBytes(treeHash: TreeHash): Buffer {
  return Buffer.from(treeHash, 'latin1');
}

/** A zero byte and room for an entry. Longer ones get a buffer of their own. */
const scratch = Buffer.alloc(4096);
/** The beginnings of `scratch` by length: making a view costs as much as hashing 100 bytes. */
const beginnings: (Buffer | undefined)[] = Array.from({ length: scratch.length + 1 }, () => undefined);

/** SHA-256(0x00 || entry). */
export function leafHash(entry: Uint8Array): TreeHash {
  const length = entry.length + 1;
  if (length > scratch.length) return sha256(Buffer.concat([Buffer.of(0), entry]));
  scratch.set(entry, 1);
  beginnings[length] ??= scratch.subarray(0, length);
  return sha256(beginnings[length]);
}

function sha256(bytes: Uint8Array): TreeHash {
  return hash('sha256', bytes, 'binary') as TreeHash;
}

const node = Buffer.allocUnsafeSlow(65).fill(1, 0, 1);

/** SHA-256(0x01 || left || right). */
export function nodeHash(left: TreeHash, right: TreeHash): TreeHash {
  node.write(left, 1, 'latin1');
  node.write(right, 33, 'latin1');
  return sha256(node);
}
