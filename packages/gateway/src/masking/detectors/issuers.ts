/** Which lengths a card number with this prefix has: first and last prefix (same number of digits), then lengths. */
type Range = readonly [first: number, last: number, lengths: readonly number[]];

/** Issuer identification numbers (ISO/IEC 7812) as the schemes publish them. */
const ranges: readonly Range[] = [
  [4, 4, [13, 16, 18, 19]], // Visa
  [51, 55, [16]], // Mastercard
  [2221, 2720, [16]],
  [34, 34, [15]], // American Express
  [37, 37, [15]],
  [300, 305, [14, 15, 16, 17, 18, 19]], // Diners Club
  [3095, 3095, [14, 15, 16, 17, 18, 19]],
  [36, 36, [14, 15, 16, 17, 18, 19]],
  [38, 39, [14, 15, 16, 17, 18, 19]],
  [6011, 6011, [16, 17, 18, 19]], // Discover
  [644, 649, [16, 17, 18, 19]],
  [65, 65, [16, 17, 18, 19]],
  [3528, 3589, [16, 17, 18, 19]], // JCB
  [62, 62, [16, 17, 18, 19]], // UnionPay
  [8171, 8171, [16, 17, 18, 19]],
  [810, 817, [16, 17, 18, 19]],
  [50, 50, [13, 14, 15, 16, 17, 18, 19]], // Maestro
  [56, 58, [13, 14, 15, 16, 17, 18, 19]],
  [60, 61, [13, 14, 15, 16, 17, 18, 19]],
  [63, 64, [13, 14, 15, 16, 17, 18, 19]],
  [66, 69, [13, 14, 15, 16, 17, 18, 19]],
  [2200, 2204, [16, 17, 18, 19]], // Mir
  [9792, 9792, [16]], // Troy
];

/** For the first four digits of a number: a bit for every length (1 << length) a card number may have, or 0. */
export const cardLengths: Int32Array = buildTable();

function buildTable(): Int32Array {
  const table = new Int32Array(10_000);
  for (const [first, last, lengths] of ranges) {
    const scale = 10 ** (4 - String(first).length);
    const bits = lengths.reduce((sum, length) => sum | (1 << length), 0);
    for (let prefix = first * scale; prefix < (last + 1) * scale; prefix += 1) {
      table[prefix] = (table[prefix] ?? 0) | bits;
    }
  }
  return table;
}
