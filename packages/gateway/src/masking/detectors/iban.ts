import { ALPHANUMERIC, DIGIT, DIGITISH, hasClass, KEY_ID, runStart } from './byte-class.ts';
import type { NumberDetector } from './detector.ts';

/** Characters of an IBAN by country, from the IBAN registry (ISO 13616-2). */
const LENGTHS =
  'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 ' +
  'FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 ' +
  'LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 ' +
  'RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30';
const lengthOf: ReadonlyMap<number, number> = new Map(
  LENGTHS.split(' ').map((entry) => [
    (entry.charCodeAt(0) << 8) | entry.charCodeAt(1),
    Number(entry.slice(2)),
  ]),
);

const SPACE = 0x20;
const DASH = 0x2d;
const ZERO = 0x30;
const LETTER_A = 0x41;
const LETTER_Z = 0x5a;
/** Country and check digits, which come last when the check is made. */
const HEAD = 4;
const GROUP = 4;
/** How far before its long run of digits an IBAN begins at most: the country, check digits, a bank in letters. */
const BEFORE_RUN = 12;

/**
 * International bank account numbers: a country of the registry, its length, and check digits that come out at 1
 * modulo 97 (ISO 13616-1, ISO 7064). In upper case, whole or in groups of four, and with ten digits in a row, spaces
 * among them, as account numbers have.
 */
export const iban: NumberDetector = {
  kind: 'number',
  dataClass: 'bank-account',
  leastBytes: 15,
  leastRun: 10,
  leastDigits: 8,
  confirms(bytes, start, end, low, _high) {
    for (let from = earliest(bytes, start, low); from < low; from += 1) {
      if (ibanEnd(bytes, start, end, from) > low) return true;
    }
    return false;
  },
  finds(bytes, start, end, low, _high, found) {
    for (let from = earliest(bytes, start, low); from < low; from += 1) {
      const to = ibanEnd(bytes, start, end, from);
      if (to <= low || hasClass(bytes, start, end, to, ALPHANUMERIC)) continue;
      if (!hasClass(bytes, start, end, from - 1, ALPHANUMERIC)) found.add(from, to);
    }
  },
};

/** Where an IBAN with the run of digits at `low` begins at the earliest. */
function earliest(bytes: Uint8Array, start: number, low: number): number {
  return runStart(bytes, low, Math.max(start, low - BEFORE_RUN), KEY_ID | DIGITISH);
}

/** The end of the IBAN that begins at `from`, whatever stands around it, or 0. */
function ibanEnd(bytes: Uint8Array, start: number, end: number, from: number): number {
  const first = bytes[from] as number;
  if (first < LETTER_A || first > LETTER_Z) return 0;
  const length = lengthOf.get((first << 8) | (bytes[from + 1] as number));
  if (length === undefined || from + length > end) return 0;
  if (!hasClass(bytes, start, end, from + 2, DIGIT) || !hasClass(bytes, start, end, from + 3, DIGIT))
    return 0;
  let remainder = 0;
  let at = from + HEAD;
  for (let count = HEAD; count < length; count += 1) {
    const separated = count % GROUP === 0 && (bytes[at] === SPACE || bytes[at] === DASH);
    if (separated) at += 1;
    if (!hasClass(bytes, start, end, at, KEY_ID)) return 0;
    remainder = take(remainder, bytes[at] as number);
    at += 1;
  }
  for (let i = from; i < from + HEAD; i += 1) remainder = take(remainder, bytes[i] as number);
  return remainder === 1 ? at : 0;
}

/** Appends a digit, or a letter as two (A is 10), to a number modulo 97. */
function take(remainder: number, byte: number): number {
  if (byte < LETTER_A) return (remainder * 10 + byte - ZERO) % 97;
  return (remainder * 100 + byte - LETTER_A + 10) % 97;
}
