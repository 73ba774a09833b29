import { isUtf8 } from 'node:buffer';
import type { Disguise } from '../../protocols/protocol.ts';
import { asUuid } from './hash.ts';
import type { Keyed } from './keyed.ts';

/** Longest text that is written anew, in bytes (L10); a longer one is hidden whole. */
const TEXT_BYTES = 65_536;

const ASCII = /^[\0-\x7f]$/;
const NUMBER = /^\p{N}$/u;
const UPPER = /^[\p{Lu}\p{Lt}]$/u;
/** What stands between words, and signs of money. Anything else beyond ASCII may be what the value says. */
const BETWEEN = /^[\p{P}\p{Z}\p{Sc}]$/u;
const MANTISSA = /^-?([0-9]+)(?:\.([0-9]+))?/;

/**
 * Keeps the shape of a value. Every character is drawn by a generator that is keyed by the whole value, so that it
 * cannot be turned back, and a value that differs in one character differs in all. Not an encryption such as FF1:
 * nothing ever needs the value back, and most values are too short to be a domain for one (NIST SP 800-38G, table 1).
 */
export function format(keyed: Keyed): Disguise {
  return {
    text: (value) => reshapedText(keyed, value),
    uuid: (value) => asUuid(keyed.digest(value), value[6] as number, value[8] as number),
    integer: (value, least, most) => reshapedInteger(keyed, String(value), value, least, most),
    float: (value, text) => reshapedFloat(keyed, value, text),
  };
}

function reshapedText(keyed: Keyed, value: Buffer): Buffer | null {
  if (value.length > TEXT_BYTES || !isUtf8(value)) return null;
  const text = value.toString();
  // Two bytes for each character: the first few of 65,536 are likelier than the rest by one in 2,500 at most.
  const drawn = keyed.bytes(value, 2 * text.length);
  let shaped = '';
  let changed = false;
  let at = 0;
  for (const character of text) {
    const random = drawn.readUInt16BE(at);
    at += 2;
    const other = reshaped(character, random);
    changed ||= other !== '';
    shaped += other === '' ? character : other;
  }
  // Nothing but punctuation: there is no shape to keep, only the value itself.
  return changed ? Buffer.from(shaped) : null;
}

/** Another character of the same kind, or nothing where it stays. */
function reshaped(character: string, random: number): string {
  if (character >= '0' && character <= '9') return String.fromCharCode(0x30 + (random % 10));
  if (character >= 'a' && character <= 'z') return String.fromCharCode(0x61 + (random % 26));
  if (character >= 'A' && character <= 'Z') return String.fromCharCode(0x41 + (random % 26));
  if (ASCII.test(character) || BETWEEN.test(character)) return '';
  if (NUMBER.test(character)) return String.fromCharCode(0x30 + (random % 10));
  return String.fromCharCode((UPPER.test(character) ? 0x41 : 0x61) + (random % 26));
}

/** A number of as many digits and the same sign, within the type. */
function reshapedInteger(keyed: Keyed, by: string, value: bigint, least: bigint, most: bigint): bigint {
  const negative = value < 0n;
  const text = String(negative ? -value : value);
  const bottom = text.length === 1 ? (negative ? 1n : 0n) : 10n ** BigInt(text.length - 1);
  const widest = 10n ** BigInt(text.length) - 1n;
  const limit = negative ? -least : most;
  const drawn = keyed.pick(by, bottom, widest < limit ? widest : limit);
  return negative ? -drawn : drawn;
}

/** Other digits in the mantissa; how large it is stays. */
function reshapedFloat(keyed: Keyed, value: number, text: string): number | null {
  const [mantissa, whole = '', part = ''] = MANTISSA.exec(text) ?? [];
  if (mantissa === undefined) return null;
  const digits = BigInt(whole + part);
  const limit = 10n ** BigInt(whole.length + part.length) - 1n;
  const other = String(reshapedInteger(keyed, text, digits, 0n, limit)).padStart(part.length + 1, '0');
  const point = other.length - part.length;
  const written = `${other.slice(0, point)}.${other.slice(point)}0${text.slice(mantissa.length)}`;
  return value < 0 ? -Number(written) : Number(written);
}
