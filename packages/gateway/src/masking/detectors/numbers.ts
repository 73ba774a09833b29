import { byteClass, DIGIT, DIGITISH, hasClass } from './byte-class.ts';
import type { NumberDetector } from './detector.ts';
import type { Turn } from './scan.ts';
import type { Spans } from './spans.ts';

/** Detectors of numbers, and how far apart bytes may be looked at so that none is missed. */
export interface Numbers {
  readonly turns: readonly Turn<NumberDetector>[];
  readonly stride: number;
  readonly leastDigits: number;
}

export function compileNumbers(turns: readonly Turn<NumberDetector>[]): Numbers | null {
  if (turns.length === 0) return null;
  const least = (of: (detector: NumberDetector) => number) =>
    Math.min(...turns.map(({ detector }) => of(detector)));
  return {
    turns,
    stride: least(({ leastRun }) => leastRun),
    leastDigits: least(({ leastDigits }) => leastDigits),
  };
}

/** Shows each run of digits to every detector that it is long enough for. */
export function scanNumbers(
  { turns, stride, leastDigits }: Numbers,
  bytes: Uint8Array,
  start: number,
  end: number,
  found: Spans | null,
): boolean {
  for (let probe = start + stride - 1; probe < end; ) {
    const flags = byteClass[bytes[probe] as number] as number;
    if ((flags & DIGITISH) === 0 || ((flags & DIGIT) === 0 && !separates(bytes, start, end, probe))) {
      probe += stride;
      continue;
    }
    let low = probe;
    while (low > start && ((byteClass[bytes[low - 1] as number] as number) & DIGITISH) !== 0) low -= 1;
    let digits = 0;
    let high = low;
    for (; high < end; high += 1) {
      const byteFlags = byteClass[bytes[high] as number] as number;
      if ((byteFlags & DIGITISH) === 0) break;
      digits += byteFlags & DIGIT;
    }
    if (digits >= leastDigits && runHolds(turns, bytes, start, end, low, high, digits, found)) return true;
    probe = high + stride;
  }
  return false;
}

function runHolds(
  turns: readonly Turn<NumberDetector>[],
  bytes: Uint8Array,
  start: number,
  end: number,
  low: number,
  high: number,
  digits: number,
  found: Spans | null,
): boolean {
  for (const { detector, finder } of turns) {
    if (digits < detector.leastDigits) continue;
    if (found === null) {
      if (detector.confirms(bytes, start, end, low, high)) return true;
    } else {
      found.turnOf(finder);
      detector.finds(bytes, start, end, low, high, found);
    }
  }
  return false;
}

/** Whether the byte at `at` stands between two digits, as every separator inside a number does. */
function separates(bytes: Uint8Array, start: number, end: number, at: number): boolean {
  return hasClass(bytes, start, end, at - 1, DIGIT) && hasClass(bytes, start, end, at + 1, DIGIT);
}
