import { nationalNumber } from './national-number.ts';

/** Sum of the first digits, each times its weight. */
function weighted(digits: Uint8Array, weights: readonly number[]): number {
  return weights.reduce((sum, weight, i) => sum + weight * (digits[i] as number), 0);
}

/** NHS numbers (England, Wales, Isle of Man): ten digits, the last a check digit modulo 11. */
export const ukNhs = nationalNumber(10, [[3, 3, 4]], (digits) => {
  const check = 11 - (weighted(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11);
  return check !== 10 && check % 11 === digits[9];
});

/** Dutch citizen service numbers (BSN): nine digits whose weighted sum divides by 11, the last weighing −1. */
export const nlBsn = nationalNumber(9, [], (digits) => {
  const sum = weighted(digits, [9, 8, 7, 6, 5, 4, 3, 2, -1]);
  return sum > 0 && sum % 11 === 0;
});

/**
 * French social security numbers (NIR): sex, year and month of birth, department, commune, order, and a key modulo 97.
 * Those of people born in Corsica, with a letter in the department, are not found.
 */
export const frNir = nationalNumber(
  15,
  [
    [13, 2],
    [1, 2, 2, 2, 3, 3, 2],
  ],
  (digits) => {
    const sex = digits[0] as number;
    const month = numberOf(digits, 3, 5);
    const department = numberOf(digits, 5, 7);
    if (![1, 2, 7, 8].includes(sex) || month === 0 || (month > 12 && month !== 20)) return false;
    return (
      department > 0 && department !== 96 && 97 - (numberOf(digits, 0, 13) % 97) === numberOf(digits, 13, 15)
    );
  },
);

/** The digits [from, to) as a number: thirteen are exact in a double. */
function numberOf(digits: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i += 1) value = value * 10 + (digits[i] as number);
  return value;
}

/** Products in the dihedral group of a pentagon, on which Verhoeff built his check digit (1969). */
function dihedral(a: number, b: number): number {
  if (a < 5) return b < 5 ? (a + b) % 5 : 5 + ((a + b) % 5);
  return b < 5 ? 5 + ((a - b) % 5) : (a - b + 5) % 5;
}

/** Verhoeff's permutation, applied once more at each place from the right. */
const PERMUTATION = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4] as const;

/** Indian Aadhaar numbers: twelve digits, the first no 0 or 1, the last a check digit of Verhoeff's. */
export const inAadhaar = nationalNumber(12, [[4, 4, 4]], (digits) => {
  if ((digits[0] as number) < 2) return false;
  let check = 0;
  for (let place = 0; place < 12; place += 1) {
    let digit = digits[11 - place] as number;
    for (let times = place % 8; times > 0; times -= 1) digit = PERMUTATION[digit] as number;
    check = dihedral(check, digit);
  }
  return check === 0;
});
