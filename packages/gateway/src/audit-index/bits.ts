/**
 * Which of a block of numbered things have a term, as bytes: up to 1,023 positions of 16 bits, little endian and growing,
 * or else one bit for each position. As in Roaring bitmaps (https://arxiv.org/abs/1603.06549), with one size of block.
 */

/** Things in a block. */
export const BLOCK = 16_384;

const BITMAP_BYTES = BLOCK / 8;
const WORDS = BLOCK / 32;
/** From here on the bitmap is no longer than the list. */
const LIST_LENGTH = BITMAP_BYTES / 2;

export type Bits = Uint32Array<ArrayBuffer>;

export function noBits(): Bits {
  return new Uint32Array(WORDS);
}

/** What stands in the index cannot be read: it is damaged, and can be made anew. */
export class DamagedIndex extends Error {
  override readonly name = 'DamagedIndex';
}

/** Adds what these bytes hold. */
export function addBytes(bits: Bits, bytes: Uint8Array): void {
  if (bytes.length === BITMAP_BYTES) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let word = 0; word < WORDS; word += 1)
      bits[word] = (bits[word] as number) | view.getUint32(word * 4, true);
    return;
  }
  if (bytes.length > BITMAP_BYTES || bytes.length % 2 !== 0)
    throw new DamagedIndex(`a posting has ${bytes.length} bytes`);
  for (let at = 0; at < bytes.length; at += 2) {
    const position = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
    if (position >= BLOCK) throw new DamagedIndex(`a posting has position ${position}`);
    addBit(bits, position);
  }
}

/** Keeps in `bits` only what is in `other` too; whether anything is left. */
export function keepCommon(bits: Bits, other: Bits): boolean {
  let left = 0;
  for (let word = 0; word < WORDS; word += 1) {
    const common = (bits[word] as number) & (other[word] as number);
    bits[word] = common;
    left |= common;
  }
  return left !== 0;
}

function addBit(bits: Bits, position: number): void {
  bits[position >>> 5] = (bits[position >>> 5] as number) | (1 << (position & 31));
}

/** The bytes for what was there before and these positions, which may repeat and be in any order. */
export function bytesWith(before: Uint8Array | null, positions: readonly number[]): Uint8Array {
  if (before === null && positions.length < LIST_LENGTH && isGrowing(positions)) return listBytes(positions);
  const bits = noBits();
  if (before !== null) addBytes(bits, before);
  for (const position of positions) addBit(bits, position);
  return bytesOf(bits);
}

function isGrowing(positions: readonly number[]): boolean {
  for (let at = 1; at < positions.length; at += 1)
    if ((positions[at] as number) <= (positions[at - 1] as number)) return false;
  return true;
}

function bytesOf(bits: Bits): Uint8Array {
  const positions: number[] = [];
  for (let word = 0; word < WORDS; word += 1) {
    for (let rest = bits[word] as number; rest !== 0; rest &= rest - 1) {
      if (positions.length === LIST_LENGTH - 1) return bitmapBytes(bits);
      positions.push(word * 32 + 31 - Math.clz32(rest & -rest));
    }
  }
  return listBytes(positions);
}

function bitmapBytes(bits: Bits): Uint8Array {
  const bytes = new Uint8Array(BITMAP_BYTES);
  const view = new DataView(bytes.buffer);
  for (let word = 0; word < WORDS; word += 1) view.setUint32(word * 4, bits[word] as number, true);
  return bytes;
}

function listBytes(positions: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(positions.length * 2);
  for (let at = 0; at < positions.length; at += 1) {
    const position = positions[at] as number;
    bytes[2 * at] = position & 0xff;
    bytes[2 * at + 1] = position >>> 8;
  }
  return bytes;
}

/** The positions from `least` up to and without `end`, last first. */
export function* lastFirst(bits: Bits, least: number, end: number): Generator<number, void> {
  for (let word = Math.min(WORDS, Math.ceil(end / 32)) - 1; word >= 0 && word * 32 + 31 >= least; word -= 1) {
    let rest = bits[word] as number;
    while (rest !== 0) {
      const bit = 31 - Math.clz32(rest);
      rest &= ~(1 << bit);
      const position = word * 32 + bit;
      if (position >= least && position < end) yield position;
    }
  }
}
