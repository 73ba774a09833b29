import { ALPHANUMERIC, DIGIT, hasClass, runEnd } from '../byte-class.ts';
import type { NumberDetector } from '../detector.ts';
import { continuesNumber, endsNumber } from '../number-bounds.ts';

const SPACE = 0x20;
const DASH = 0x2d;
const ZERO = 0x30;

/** The digits under judgement. Used again by each call: none waits. */
const digits = new Uint8Array(16);

/**
 * A detector of national numbers of so many digits: in one piece, or in these groups with a single space or dash
 * between them. `valid` judges by the check digits.
 */
export function nationalNumber(
  length: number,
  groups: readonly (readonly number[])[],
  valid: (digits: Uint8Array) => boolean,
): NumberDetector {
  const forms = [[length], ...groups];
  const endOf = (bytes: Uint8Array, from: number, high: number): number => {
    for (const form of forms) {
      const to = formEnd(bytes, from, high, form);
      if (to > 0 && valid(digits)) return to;
    }
    return 0;
  };
  return {
    kind: 'number',
    dataClass: 'national-id',
    leastBytes: length,
    leastRun: length,
    leastDigits: length,
    confirms(bytes, _start, _end, low, high) {
      for (let at = low; at + length <= high; at += 1) if (endOf(bytes, at, high) > 0) return true;
      return false;
    },
    finds(bytes, start, end, low, high, found) {
      for (let at = low; at + length <= high; ) {
        if (!hasClass(bytes, start, end, at, DIGIT)) {
          at += 1;
          continue;
        }
        const to = endOf(bytes, at, high);
        const alone =
          to > 0 &&
          !continuesNumber(bytes, start, end, at) &&
          endsNumber(bytes, start, end, to) &&
          !joined(bytes, start, end, at - 1, -1) &&
          !joined(bytes, start, end, to, 1);
        if (alone) found.add(at, to);
        at = alone ? to : runEnd(bytes, at, high, DIGIT);
      }
    },
  };
}

/** Reads the digits of groups of these sizes; the end of the last, or 0. */
function formEnd(bytes: Uint8Array, from: number, high: number, form: readonly number[]): number {
  let at = from;
  let count = 0;
  for (const size of form) {
    if (at > from) {
      if (bytes[at] !== SPACE && bytes[at] !== DASH) return 0;
      at += 1;
    }
    for (const groupEnd = at + size; at < groupEnd; at += 1) {
      if (!hasClass(bytes, from, high, at, DIGIT)) return 0;
      digits[count] = (bytes[at] as number) - ZERO;
      count += 1;
    }
  }
  return at;
}

/** Whether a dash joins the number to something: a part of a UUID, or of an order number. */
function joined(bytes: Uint8Array, start: number, end: number, at: number, step: number): boolean {
  return hasDash(bytes, start, end, at) && hasClass(bytes, start, end, at + step, ALPHANUMERIC);
}

function hasDash(bytes: Uint8Array, start: number, end: number, at: number): boolean {
  return at >= start && at < end && bytes[at] === DASH;
}
