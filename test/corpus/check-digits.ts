/** Check digits, worked out here in another way than the detectors do, so that a mistake of theirs is not repeated. */

/** ISO/IEC 7812: the digit that makes the number right. */
export function luhnDigit(body: string): string {
  const valid = (text: string): boolean => {
    const values = [...text]
      .reverse()
      .map((digit, place) => (place % 2 === 1 ? String(2 * Number(digit)) : digit));
    return [...values.join('')].reduce((sum, digit) => sum + Number(digit), 0) % 10 === 0;
  };
  return [...'0123456789'].find((digit) => valid(body + digit)) ?? '';
}

/** ISO 13616: country, two check digits, account. */
export function ibanOf(country: string, account: string): string {
  const numeric = [...`${account}${country}00`].map((char) => Number.parseInt(char, 36).toString()).join('');
  return `${country}${String(98n - (BigInt(numeric) % 97n)).padStart(2, '0')}${account}`;
}

export function nhsDigit(body: string): string | null {
  const sum = [...body].reduce((total, digit, place) => total + Number(digit) * (10 - place), 0);
  const check = 11 - (sum % 11);
  return check === 10 ? null : check === 11 ? '0' : String(check);
}

export function bsnDigit(body: string): string | null {
  const rest = [...body].reduce((total, digit, place) => total + Number(digit) * (9 - place), 0) % 11;
  return rest === 10 ? null : String(rest);
}

export function nirKey(body: string): string {
  return String(97n - (BigInt(body) % 97n)).padStart(2, '0');
}

export function dniLetter(number: number): string {
  return 'TRWAGMYFPDXBNJZSQVHLCKE'.charAt(number % 23);
}

export function cpfDigits(body: string): string {
  let text = body;
  for (const from of [10, 11]) {
    const sum = [...text].reduce((total, digit, place) => total + Number(digit) * (from - place), 0);
    text += String(((sum * 10) % 11) % 10);
  }
  return text.slice(9);
}

/** Verhoeff's tables, as published. */
const multiplied = [
  '0123456789',
  '1234067895',
  '2340178956',
  '3401289567',
  '4012395678',
  '5987604321',
  '6598710432',
  '7659821043',
  '8765932104',
  '9876543210',
];
const permuted = [
  '0123456789',
  '1576283094',
  '5803796142',
  '8916043527',
  '9453126870',
  '4286573901',
  '2793806415',
  '7046913258',
];

export function verhoeffDigit(body: string): string {
  const valid = (text: string): boolean =>
    [...text].reverse().reduce((check, digit, place) => {
      const moved = Number(permuted[place % 8]?.[Number(digit)]);
      return Number(multiplied[check]?.[moved]);
    }, 0) === 0;
  return [...'0123456789'].find((digit) => valid(body + digit)) ?? '';
}
