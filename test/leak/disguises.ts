/** How a value may be written so that somebody who wants it can read it: every disguise the searcher knows. */
import { createHash } from 'node:crypto';
import type { Canary } from './canaries.ts';

export interface Needle {
  readonly canary: Canary;
  readonly disguise: string;
  readonly bytes: Buffer;
  /** For a half: which one. A hit counts only beside the other half, unless the canary's halves tell enough. */
  readonly half: 'first' | 'second' | null;
}

export interface Needles {
  /** To be found in bytes as they are. */
  readonly exact: readonly Needle[];
  /** To be found in lower case; of letters and digits only, so that whatever stands between them may be left out. */
  readonly folded: readonly Needle[];
}

/** Shorter ones would be found by chance. */
const LEAST_BYTES = 8;
const DIGESTS = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'];

export function needlesOf(canaries: readonly Canary[]): Needles {
  const exact: Needle[] = [];
  const folded: Needle[] = [];
  for (const canary of canaries) {
    const add = (list: Needle[], disguise: string, bytes: Buffer | string, half: Needle['half'] = null) => {
      const found = Buffer.from(bytes as string);
      if (found.length >= LEAST_BYTES) list.push({ canary, disguise, bytes: found, half });
    };
    for (const raw of canary.raw) {
      add(exact, 'binary', raw);
      add(exact, 'binary, reversed', Buffer.from(raw).reverse());
      encoded(raw, (disguise, text) => add(folded, disguise, text));
      base64Cores(raw, (text) => add(exact, 'base64', text));
    }
    for (const text of canary.texts) {
      const bytes = Buffer.from(text);
      const plain = lettersAndDigits(text);
      add(folded, 'clear', plain);
      add(folded, 'reversed', backwards(plain));
      for (const [half, part] of halvesOf(plain)) add(folded, `${half} half`, part, half);
      encoded(bytes, (disguise, value) => add(folded, disguise, value));
      for (const spelling of [text, text.toLowerCase(), text.toUpperCase()])
        base64Cores(Buffer.from(spelling), (value) => add(exact, 'base64', value));
      for (const digest of DIGESTS) {
        const value = createHash(digest).update(bytes).digest();
        add(exact, digest, value);
        add(folded, digest, value.toString('hex'));
      }
    }
  }
  return { exact, folded };
}

function halvesOf(plain: string): [half: 'first' | 'second', part: string][] {
  const middle = plain.length >> 1;
  return [
    ['first', plain.slice(0, middle)],
    ['second', plain.slice(middle)],
  ];
}

/** Numbers of the bytes, as letters and digits alone: what is written between them is left out before one looks. */
function encoded(bytes: Buffer, add: (disguise: string, text: string) => void): void {
  const each = (write: (byte: number) => string): string => [...bytes].map(write).join('');
  const hex = (byte: number): string => byte.toString(16).padStart(2, '0');
  const octal = (byte: number): string => byte.toString(8).padStart(3, '0');
  const bits = (byte: number): string => byte.toString(2).padStart(8, '0');
  // %41 and \x41 come down to these two, \u0041 and U&'\0041' to the next.
  add('hex', each(hex));
  add('hex, reversed', backwards(each(hex)));
  add(
    'hex with x',
    each((byte) => `x${hex(byte)}`),
  );
  add(
    'hex of four digits',
    each((byte) => `00${hex(byte)}`),
  );
  add(
    'JSON escapes',
    each((byte) => `u00${hex(byte)}`),
  );
  add('octal', each(octal));
  add('decimal codes', each(String));
  add('bits', each(bits));
  add(
    'bits, least first',
    each((byte) => backwards(bits(byte))),
  );
}

/** What of a value's base64 does not depend on what stands around it, at each of the three alignments. */
function base64Cores(bytes: Buffer, add: (text: string) => void): void {
  for (const before of [0, 1, 2]) {
    const whole = Buffer.concat([Buffer.alloc(before), bytes]);
    const from = before === 0 ? 0 : before + 1;
    const to = Math.floor((whole.length * 8) / 6);
    add(whole.toString('base64').slice(from, to));
  }
}

export const lettersAndDigits = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '');
const backwards = (text: string): string => [...text].reverse().join('');
