import type { Disguise } from '../../protocols/protocol.ts';
import type { Keyed } from './keyed.ts';

export interface NoiseBounds {
  readonly ratio?: number | undefined;
  readonly days?: number | undefined;
}

/** Parts of one that a ratio is counted in where there are only whole numbers. */
const PARTS = 1_000_000;
const SECOND = 1_000_000n;
const DAY = 86_400n * SECOND;
/** More than any time there is; a type's own limits are narrower. */
const MOST_MICROS = 1n << 62n;
/** 2^53: as many as a double counts without a gap. */
const STEPS = 9_007_199_254_740_992n;

/**
 * Moves numbers and times by what is drawn for the value: never by nothing, never further than the bounds, never past
 * zero. What no move is possible for, such as a number that is smaller than one step, is hidden whole.
 */
export function noise(keyed: Keyed, { ratio, days }: NoiseBounds): Disguise {
  const numbers: Disguise = ratio === undefined ? {} : noisyNumbers(keyed, ratio);
  return days === undefined ? numbers : { ...numbers, ...noisyTimes(keyed, BigInt(days)) };
}

function noisyNumbers(keyed: Keyed, ratio: number): Disguise {
  const parts = BigInt(Math.round(ratio * PARTS));
  return {
    integer(value, least, most) {
      const bound = ((value < 0n ? -value : value) * parts) / BigInt(PARTS);
      return moved(keyed, value, bound, least, most);
    },
    float(value, text) {
      const drawn = Number(keyed.pick(text, 1n - STEPS, STEPS));
      return value * (1 + ((drawn > 0 ? drawn : drawn - 1) / Number(STEPS)) * ratio);
    },
  };
}

function noisyTimes(keyed: Keyed, days: bigint): Disguise {
  return {
    days: (day) => moved(keyed, day, days, -MOST_MICROS, MOST_MICROS),
    instant(micros) {
      // Whole seconds stay whole, so that the noise does not look like one.
      const unit = micros % SECOND === 0n ? SECOND : 1n;
      const other = moved(keyed, micros / unit, (days * DAY) / unit, -MOST_MICROS, MOST_MICROS);
      return other === null ? null : other * unit;
    },
  };
}

/** Another number at most `bound` away, within [least, most]; null when there is none. */
function moved(keyed: Keyed, value: bigint, bound: bigint, least: bigint, most: bigint): bigint | null {
  const from = value - bound < least ? least : value - bound;
  const to = value + bound > most ? most : value + bound;
  if (from >= to) return null;
  const drawn = keyed.pick(String(value), from, to - 1n);
  return drawn < value ? drawn : drawn + 1n;
}
