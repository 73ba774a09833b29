import { ALPHANUMERIC, DIGIT, hasClass } from '../byte-class.ts';
import type { WindowDetector } from '../detector.ts';

const ZERO = 0x30;
const DASH = 0x2d;
const LETTER_X = 0x58;
const DIGITS = 8;
/** The check letter is that at the place the number gives modulo 23. */
const CHECK = 'TRWAGMYFPDXBNJZSQVHLCKE';

/**
 * Spanish identity numbers: eight digits and a check letter (DNI), or X, Y, Z, seven digits and a letter (NIE). A dash may
 * stand before the letter.
 */
export const esDni: WindowDetector = {
  kind: 'window',
  dataClass: 'national-id',
  leastBytes: DIGITS + 1,
  windows: Array.from(CHECK).flatMap((letter) => [`?##${letter}`, `?#-${letter}`]),
  confirms: (bytes, start, _end, at) => numberStart(bytes, start, at) >= 0,
  finds(bytes, start, end, at, found) {
    const from = numberStart(bytes, start, at);
    if (from < 0 || hasClass(bytes, start, end, at + 1, ALPHANUMERIC)) return;
    if (!hasClass(bytes, start, end, from - 1, ALPHANUMERIC)) found.add(from, at + 1);
  },
};

/** Where the number whose check letter is at `at` begins, or −1. */
function numberStart(bytes: Uint8Array, start: number, at: number): number {
  const to = bytes[at - 1] === DASH ? at - 1 : at;
  const from = to - DIGITS;
  if (from < start) return -1;
  let value = 0;
  for (let i = from; i < to; i += 1) {
    const foreign = i === from ? (bytes[i] as number) - LETTER_X : -1;
    if (foreign >= 0 && foreign <= 2) value = foreign;
    else if (hasClass(bytes, start, to, i, DIGIT)) value = value * 10 + (bytes[i] as number) - ZERO;
    else return -1;
  }
  return CHECK.charCodeAt(value % CHECK.length) === bytes[at] ? from : -1;
}
