import { DIGIT, hasClass, runEnd } from './byte-class.ts';
import type { NumberDetector } from './detector.ts';
import { cardLengths } from './issuers.ts';
import { continuesNumber, endsNumber } from './number-bounds.ts';

const SPACE = 0x20;
const DASH = 0x2d;
const ZERO = 0x30;
const MIN_DIGITS = 13;
const MAX_DIGITS = 19;

/** Payment card numbers: 13 to 19 digits, single spaces or dashes between any of them, a known issuer, a right Luhn digit. */
export const paymentCard: NumberDetector = {
  kind: 'number',
  dataClass: 'payment-card',
  leastBytes: MIN_DIGITS,
  leastRun: MIN_DIGITS,
  leastDigits: MIN_DIGITS,
  confirms(bytes, _start, _end, low, high) {
    for (let at = low; at + MIN_DIGITS <= high; at += 1) {
      if ((bytes[at] as number) > DASH && matchCard(bytes, at, high, at, false) > 0) return true;
    }
    return false;
  },
  finds(bytes, start, end, low, high, found) {
    for (let at = low; at + MIN_DIGITS <= high; ) {
      if ((bytes[at] as number) <= DASH) {
        at += 1;
        continue;
      }
      const cardEnd = continuesNumber(bytes, start, end, at) ? 0 : matchCard(bytes, start, end, at, true);
      if (cardEnd > 0) found.add(at, cardEnd);
      at = cardEnd > 0 ? cardEnd : runEnd(bytes, at, high, DIGIT);
    }
  },
};

/**
 * The end of the longest card number that begins with the digit at `at`, or 0.
 * Luhn (ISO/IEC 7812-1 annex B) doubles every second digit counted from the last; both parities are summed on the
 * way, so that each length is judged without another pass.
 */
function matchCard(bytes: Uint8Array, start: number, end: number, at: number, whole: boolean): number {
  let doubledEven = 0;
  let doubledOdd = 0;
  let count = 0;
  let prefix = 0;
  let lengths = 0;
  let found = 0;
  let i = at;
  while (i < end) {
    const digit = (bytes[i] as number) - ZERO;
    if (digit < 0 || digit > 9) break;
    const doubled = digit > 4 ? digit * 2 - 9 : digit * 2;
    if ((count & 1) === 0) {
      doubledEven += doubled;
      doubledOdd += digit;
    } else {
      doubledEven += digit;
      doubledOdd += doubled;
    }
    count += 1;
    if (count <= 4) {
      prefix = prefix * 10 + digit;
      if (count === 4) {
        lengths = cardLengths[prefix] as number;
        if (lengths === 0) return 0;
      }
    }
    i += 1;
    if (count >= MIN_DIGITS && ((lengths >> count) & 1) === 1) {
      const sum = (count & 1) === 0 ? doubledEven : doubledOdd;
      if (sum % 10 === 0 && (!whole || endsNumber(bytes, start, end, i))) found = i;
    }
    if (count === MAX_DIGITS) break;
    const next = bytes[i];
    if (i + 1 < end && (next === SPACE || next === DASH) && hasClass(bytes, at, end, i + 1, DIGIT)) i += 1;
  }
  return found;
}
