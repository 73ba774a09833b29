import { ALPHANUMERIC, DIGIT, hasClass } from '../byte-class.ts';
import type { WindowDetector } from '../detector.ts';

const ZERO = 0x30;
const FORM = '###.###.###-##';
/** Where the window ends, which is the first dot and two digits after it. */
const WINDOW_END = 5;

/** Brazilian taxpayer numbers (CPF) as they are written, ddd.ddd.ddd-dd, with two check digits modulo 11. */
export const brCpf: WindowDetector = {
  kind: 'window',
  dataClass: 'national-id',
  leastBytes: FORM.length,
  windows: ['#.##'],
  confirms: (bytes, start, end, at) => isCpf(bytes, start, end, at - WINDOW_END),
  finds(bytes, start, end, at, found) {
    const from = at - WINDOW_END;
    const to = from + FORM.length;
    if (hasClass(bytes, start, end, from - 1, ALPHANUMERIC) || hasClass(bytes, start, end, to, ALPHANUMERIC))
      return;
    if (isCpf(bytes, start, end, from)) found.add(from, to);
  },
};

function isCpf(bytes: Uint8Array, start: number, end: number, from: number): boolean {
  if (from < start || from + FORM.length > end) return false;
  let count = 0;
  let first = 0;
  let second = 0;
  let same = true;
  for (let i = 0; i < FORM.length; i += 1) {
    const byte = bytes[from + i] as number;
    if (FORM[i] !== '#') {
      if (byte !== FORM.charCodeAt(i)) return false;
      continue;
    }
    if (!hasClass(bytes, start, end, from + i, DIGIT)) return false;
    const digit = byte - ZERO;
    same &&= byte === bytes[from];
    if (count < 9) first += digit * (10 - count);
    if (count === 9 && digit !== checkDigit(first)) return false;
    if (count === 10 && digit !== checkDigit(second)) return false;
    second += digit * (11 - count);
    count += 1;
  }
  // Eleven times the same digit passes the check and is never given out.
  return !same;
}

function checkDigit(sum: number): number {
  const rest = sum % 11;
  return rest < 2 ? 0 : 11 - rest;
}
