import type { Mask } from '../protocol.ts';
import { revealEncodings } from './encodings.ts';

type TextMask = Pick<Mask, 'scrubText'>;

/** How many times JSON inside a JSON string is opened; deeper is withheld. */
const NESTED_DOCUMENTS = 3;

/** Longest member name that says what its value is, quotes included. */
const NAME_CHARS = 128;

/** A card or social security number may come as a JSON number; shorter ones are nobody's. */
const LONG_NUMBER = /-?\d[\d.eE+-]{7,}/g;

/**
 * Stricter than `Mask.scrubJson`: what cannot be read is not text to be scrubbed but withheld, and JSON or escapes inside
 * a string are looked into, because a target chooses its own quoting.
 *
 * The JSON text with every detected value masked, or null when it cannot be: it is not JSON, or nests too deep.
 * Works on the text, token by token, so that big numbers, duplicate keys and spacing arrive as the target sent them.
 */
export function maskJson(text: string, mask: TextMask, nested = 0): string | null {
  if (!isJson(text)) return null;
  const parts: string[] = [];
  let at = 0;
  let name = '';
  for (let quote = text.indexOf('"'); quote >= 0; quote = text.indexOf('"', at)) {
    const end = endOfString(text, quote);
    const token = text.slice(quote, end);
    const between = text.slice(at, quote);
    // A member's name says what its value is: a password, say.
    const before = between.trim() === ':' && name.length <= NAME_CHARS ? `${name}:"` : '';
    const safe = maskString(token, mask, nested, before);
    if (safe === null) return null;
    parts.push(maskNumbers(between, mask), safe);
    name = token.includes('\\') ? JSON.stringify(JSON.parse(token)) : token;
    at = end;
  }
  parts.push(maskNumbers(text.slice(at), mask));
  return parts.join('');
}

/** Just past the closing quote of the string that starts at `quote`; the text is known to be JSON. */
function endOfString(text: string, quote: number): number {
  for (let end = text.indexOf('"', quote + 1); ; end = text.indexOf('"', end + 1)) {
    if (end < 0) return text.length;
    let slashes = 0;
    while (text[end - 1 - slashes] === '\\') slashes += 1;
    if (slashes % 2 === 0) return end + 1;
  }
}

function maskString(token: string, mask: TextMask, nested: number, before: string): string | null {
  const value = JSON.parse(token) as string;
  const safe = maskValue(value, mask, nested, before);
  if (safe === null) return null;
  return safe === value ? token : JSON.stringify(safe);
}

function maskNumbers(between: string, mask: TextMask): string {
  return between.replace(LONG_NUMBER, (number) => {
    const safe = mask.scrubText(number);
    return safe === number ? number : JSON.stringify(safe);
  });
}

function maskValue(value: string, mask: TextMask, nested: number, before: string): string | null {
  if (/^\s*[{["]/.test(value) && isJson(value)) {
    return nested < NESTED_DOCUMENTS ? maskJson(value, mask, nested + 1) : null;
  }
  const masked = mask.scrubText(value, before);
  const revealed = revealEncodings(masked);
  if (revealed === masked) return masked;
  const again = mask.scrubText(revealed, before);
  return again === revealed ? masked : again;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
