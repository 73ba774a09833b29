import { createRequire } from 'node:module';
import type { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { ALPHANUMERIC, byteClass, DIGIT, hasClass, runStart } from './byte-class.ts';
import type { WindowDetector } from './detector.ts';

const PLUS = 0x2b;
const SPACE = 0x20;
/** Digits of an international number: seven at least are dialled anywhere, fifteen are the most (ITU-T E.164). */
const MIN_DIGITS = 7;
const MAX_DIGITS = 15;
/** How many groups of digits at the end may turn out not to belong to it. */
const TRIES = 4;
/** What may stand between two digits, two of them at most, as in `) `. */
const between: ReadonlySet<number> = new Set(Array.from(' -.()/', (char) => char.charCodeAt(0)));

/** Loaded when first needed: its tables are large, and the detector is off unless asked for. */
let parse: typeof parsePhoneNumberFromString | null = null;

/**
 * Telephone numbers in international form: `+`, a country code, and a number that the country's plan has (libphonenumber).
 * Looking a number up takes some microseconds, which whoever writes the text decides how often: so it is off by default.
 */
export const phone: WindowDetector = {
  kind: 'window',
  dataClass: 'phone',
  leastBytes: MIN_DIGITS + 1,
  windows: ['?+##', '?+# ', '?+#-', '?+#.', '?+#('],
  confirms: (bytes, _start, end, at) => numberEnd(bytes, at - 2, end) > 0,
  finds(bytes, start, end, at, found) {
    const from = at - 2;
    if (found.passed(from) || hasClass(bytes, start, end, from - 1, ALPHANUMERIC)) return;
    let to = numberEnd(bytes, from, end);
    if (hasClass(bytes, start, end, to, ALPHANUMERIC)) return;
    // What follows after a space may be another number.
    for (let tries = 0; tries < TRIES && to > 0; tries += 1) {
      if (isNumber(Buffer.from(bytes.subarray(from, to)).toString('latin1'))) return found.add(from, to);
      to = groupBefore(bytes, from, to);
    }
  },
};

/** The end of the group of digits before the one that ends at `to`, or 0. */
function groupBefore(bytes: Uint8Array, from: number, to: number): number {
  const group = runStart(bytes, to, from, DIGIT);
  for (let i = group; i > from; i -= 1) if (hasClass(bytes, from, to, i - 1, DIGIT)) return i;
  return 0;
}

/** The end of the digits that follow the `+` at `from` in the form of a number, one too many at most; 0 for too few. */
function numberEnd(bytes: Uint8Array, from: number, end: number): number {
  if (bytes[from] !== PLUS) return 0;
  let digits = 0;
  let last = from;
  for (let i = from + 1; i < end && i - last <= 3 && digits <= MAX_DIGITS; i += 1) {
    const byte = bytes[i] as number;
    if (((byteClass[byte] as number) & DIGIT) !== 0) {
      digits += 1;
      last = i;
    } else if (!between.has(byte) || (byte === SPACE && bytes[i - 1] === SPACE)) break;
  }
  return digits >= MIN_DIGITS ? last + 1 : 0;
}

function isNumber(text: string): boolean {
  parse ??= (
    createRequire(import.meta.url)('libphonenumber-js/max') as { parsePhoneNumberFromString: typeof parse }
  ).parsePhoneNumberFromString;
  return parse?.(text)?.isValid() === true;
}
