import type { Disguise } from '../../protocol.ts';
import type { Rewrite } from './hiding.ts';
import { numericBytes, numericText } from './numeric.ts';

/** int2, int4, int8, by how many bytes they have. */
const INTEGERS: ReadonlyMap<number, number> = new Map([
  [21, 2],
  [23, 4],
  [20, 8],
]);
const FLOATS: ReadonlyMap<number, number> = new Map([
  [700, 4],
  [701, 8],
]);
const NUMERIC = 1700;
/** Most digits of a number that is moved, and most bytes of a text that is read as one (L10). */
export const NUMBER_DIGITS = 1_000;

const WHOLE = /^-?[0-9]{1,19}$/;
const DECIMAL = /^(-?)([0-9]+)(?:\.([0-9]+))?$/;
const FLOAT = /^-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?$/i;

/** Rewrites a value of a number's type; null when the type is no number or the strategy has nothing for one. */
export function numberRewrite(type: number, binary: boolean, disguise: Disguise): Rewrite | null {
  const width = INTEGERS.get(type);
  if (width !== undefined) return integerRewrite(width, binary, disguise);
  const floatWidth = FLOATS.get(type);
  if (floatWidth !== undefined) return floatRewrite(floatWidth, binary, disguise);
  return type === NUMERIC ? numericRewrite(binary, disguise) : null;
}

function integerRewrite(width: number, binary: boolean, { integer }: Disguise): Rewrite | null {
  if (integer === undefined) return null;
  const most = (1n << BigInt(8 * width - 1)) - 1n;
  const least = -most - 1n;
  const other = (value: bigint): bigint | null => {
    const found = integer(value, least, most);
    return found === null || found < least || found > most ? null : found;
  };
  if (binary) {
    return (bytes, start, end) => {
      const found = end - start === width ? other(readInteger(bytes, start, width)) : null;
      return found === null ? null : integerBytes(found, width);
    };
  }
  return (bytes, start, end) => {
    const text = shortText(bytes, start, end);
    const value = WHOLE.test(text) ? BigInt(text) : null;
    const found = value === null || value < least || value > most ? null : other(value);
    return found === null ? null : Buffer.from(String(found));
  };
}

function readInteger(bytes: Buffer, at: number, width: number): bigint {
  if (width === 8) return bytes.readBigInt64BE(at);
  return BigInt(bytes.readIntBE(at, width));
}

function integerBytes(value: bigint, width: number): Buffer {
  const bytes = Buffer.alloc(width);
  if (width === 8) bytes.writeBigInt64BE(value);
  else bytes.writeIntBE(Number(value), 0, width);
  return bytes;
}

function numericRewrite(binary: boolean, { integer }: Disguise): Rewrite | null {
  if (integer === undefined) return null;
  return (bytes, start, end) => {
    const text = binary ? numericText(bytes, start, end) : shortText(bytes, start, end);
    const [, sign = '', whole = '', part = ''] = (text === null ? null : DECIMAL.exec(text)) ?? [];
    if (whole === '') return null;
    const unscaled = BigInt(sign + whole + part);
    // As many digits as it has: a column's precision may allow no more.
    const most = 10n ** BigInt(String(unscaled).replace('-', '').length) - 1n;
    const other = integer(unscaled, -most, most);
    if (other === null) return null;
    const digits = String(other < 0n ? -other : other).padStart(part.length + 1, '0');
    const point = digits.length - part.length;
    const shown = `${other < 0n ? '-' : ''}${digits.slice(0, point)}${part === '' ? '' : '.'}${digits.slice(point)}`;
    return binary ? numericBytes(shown) : Buffer.from(shown);
  };
}

function floatRewrite(width: number, binary: boolean, { float }: Disguise): Rewrite | null {
  if (float === undefined) return null;
  const single = width === 4;
  return (bytes, start, end) => {
    const value = binary
      ? floatIn(bytes, start, end, width)
      : fitted(textNumber(shortText(bytes, start, end)), single);
    if (!Number.isFinite(value)) return null;
    const found = float(value, shortest(value, single));
    const other = found === null ? Number.NaN : fitted(found, single);
    // What rounding made the value itself again would show it, and zero has no sign to keep.
    if (!Number.isFinite(other) || other === value || other === 0) return null;
    if (!binary) return Buffer.from(shortest(other, single));
    const written = Buffer.alloc(width);
    if (single) written.writeFloatBE(other);
    else written.writeDoubleBE(other);
    return written;
  };
}

function textNumber(text: string): number {
  return FLOAT.test(text) ? Number(text) : Number.NaN;
}

function floatIn(bytes: Buffer, start: number, end: number, width: number): number {
  if (end - start !== width) return Number.NaN;
  return width === 4 ? bytes.readFloatBE(start) : bytes.readDoubleBE(start);
}

function fitted(value: number, single: boolean): number {
  return single ? Math.fround(value) : value;
}

/** The shortest text that is read as the number again. Nine digits always are for a single one (IEEE 754, 5.12.2). */
function shortest(value: number, single: boolean): string {
  if (!single) return String(value);
  for (let digits = 1; digits < 9; digits += 1) {
    const text = String(Number(value.toPrecision(digits)));
    if (Math.fround(Number(text)) === value) return text;
  }
  return String(Number(value.toPrecision(9)));
}

/** The text of a value that may be a number; nothing when it is too long to be one. */
export function shortText(bytes: Buffer, start: number, end: number): string {
  return end - start > NUMBER_DIGITS ? '' : bytes.toString('latin1', start, end);
}
