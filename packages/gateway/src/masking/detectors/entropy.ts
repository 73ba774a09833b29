const DOLLAR = 0x24;
/** Bits of a character that a drawn value has at least on average; a short one cannot have more. */
const LEAST_BITS = 3;
const LEAST_BITS_SHORT = 2.5;
const SHORT_BYTES = 16;
/** Of ten neighbours, how many differ in kind at least: words and versions seldom change between letters and digits. */
const CHANGES_OF_TEN = 2;

/** Used again by each call: none waits. */
const counts = new Uint16Array(256);

/**
 * Whether bytes [from, to) look drawn at random: letters and digits mixed (in a password, or two cases and a mark), with
 * the entropy (Shannon) of what was drawn. At most a few dozen bytes, all of which are read.
 */
export function looksDrawn(bytes: Uint8Array, from: number, to: number, password: boolean): boolean {
  let lower = 0;
  let upper = 0;
  let digits = 0;
  let changes = 0;
  let before = '';
  counts.fill(0);
  for (let i = from; i < to; i += 1) {
    const byte = bytes[i] as number;
    counts[byte] = (counts[byte] as number) + 1;
    const kind = kindOf(byte);
    if (kind === 'lower') lower += 1;
    else if (kind === 'upper') upper += 1;
    else if (kind === 'digit') digits += 1;
    // A capital before small letters begins a word.
    if (kind !== before && !(before === 'upper' && kind === 'lower') && kind !== '' && before !== '')
      changes += 1;
    before = kind;
  }
  const length = to - from;
  const others = length - lower - upper - digits;
  const mixed = (digits > 0 && lower + upper > 1) || (password && lower > 0 && upper > 0 && others > 0);
  if (!mixed || isReference(bytes, from, to)) return false;
  if (entropy(bytes, from, to) < (length < SHORT_BYTES ? LEAST_BITS_SHORT : LEAST_BITS)) return false;
  return password || changes * 10 >= CHANGES_OF_TEN * (length - 1);
}

function kindOf(byte: number): 'lower' | 'upper' | 'digit' | '' {
  if (byte >= 0x61 && byte <= 0x7a) return 'lower';
  if (byte >= 0x41 && byte <= 0x5a) return 'upper';
  return byte >= 0x30 && byte <= 0x39 ? 'digit' : '';
}

/** `${NAME}`, `$(command)`, `{{ name }}`: where the value is, not what it is. */
function isReference(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < 2) return false;
  const second = bytes[from + 1];
  return (
    (bytes[from] === DOLLAR && (second === 0x7b || second === 0x28)) ||
    (bytes[from] === 0x7b && second === 0x7b)
  );
}

/** Bits a character, of bytes that are counted in `counts`. */
function entropy(bytes: Uint8Array, from: number, to: number): number {
  let bits = 0;
  for (let i = from; i < to; i += 1) {
    bits -= Math.log2((counts[bytes[i] as number] as number) / (to - from));
  }
  return bits / (to - from);
}
