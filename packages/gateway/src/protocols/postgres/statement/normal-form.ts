/**
 * The normal form of a statement: its text with plain numbers and plain strings taken out, and nothing else changed.
 *
 * It is a cache key, so two texts of one form must be one statement to the server but for those literals. The lexer
 * therefore follows PostgreSQL's scan.l where it goes, and goes only where the rules are simple: anything unusual gives
 * null and the caller keys by the exact text. The text is the client's, so this runs in linear time and allocates one string.
 */
import { mayHold } from '../../../lib/marks.ts';

/** Stands for an integer that fits the grammar's ICONST. None of the three can be in a text that has a form. */
const INTEGER = '\u0001';
/** Stands for any other plain number (FCONST). */
const NUMBER = '\u0002';
/** Stands for a plain string. */
const STRING = '\u0003';

const LARGEST_INTEGER = 2_147_483_647;

const OTHER = 0;
const WORD = 1;
const DIGIT = 2;
const QUOTE = 3;
const DOUBLE_QUOTE = 4;
const DASH = 5;
const SLASH = 6;
const DOLLAR = 7;
/** Control characters, anything beyond ASCII, and backslash: not worth being clever about. */
const UNUSUAL = 8;

const CLASSES = classify();

function classify(): Uint8Array {
  const classes = new Uint8Array(128).fill(OTHER);
  for (let code = 0; code < 32; code += 1) classes[code] = UNUSUAL;
  for (const space of '\t\n\r\f') classes[space.charCodeAt(0)] = OTHER;
  for (let code = 65; code <= 90; code += 1) classes[code] = classes[code + 32] = WORD;
  for (let code = 48; code <= 57; code += 1) classes[code] = DIGIT;
  classes[95] = WORD;
  classes[39] = QUOTE;
  classes[34] = DOUBLE_QUOTE;
  classes[45] = DASH;
  classes[47] = SLASH;
  classes[36] = DOLLAR;
  classes[92] = classes[96] = classes[127] = UNUSUAL;
  return classes;
}

function classAt(text: string, index: number): number {
  const code = text.charCodeAt(index);
  return code < 128 ? (CLASSES[code] ?? UNUSUAL) : index < text.length ? UNUSUAL : OTHER;
}

/** The normal form, or null when only the exact text identifies the statement. */
export function normalForm(text: string): string | null {
  // A placeholder written as a value has the text refused, and another value has not.
  if (mayHold(text)) return null;
  let form = '';
  let kept = 0;
  let at = 0;
  while (at < text.length) {
    switch (classAt(text, at)) {
      case OTHER:
        at += 1;
        break;
      case WORD:
        at = endOfWord(text, at);
        // A string right after a word may be E'', B'', X'' or N''; a word right after `&` may belong to U&.
        if (text.charCodeAt(at) === 39) return null;
        break;
      case DIGIT: {
        const end = endOfNumber(text, at);
        if (end < 0) return null;
        form += text.slice(kept, at) + (isInteger(text, at, end) ? INTEGER : NUMBER);
        at = kept = end;
        break;
      }
      case QUOTE: {
        const end = endOfString(text, at);
        if (end < 0) return null;
        form += text.slice(kept, at) + STRING;
        at = kept = end;
        break;
      }
      case DOUBLE_QUOTE:
        if (text.charCodeAt(at - 1) === 38) return null;
        at = endOfIdentifier(text, at);
        break;
      case DASH:
        at = text.charCodeAt(at + 1) === 45 ? endOfLine(text, at) : at + 1;
        break;
      case SLASH:
        at = text.charCodeAt(at + 1) === 42 ? endOfComment(text, at) : at + 1;
        break;
      case DOLLAR:
        at = endOfParameter(text, at);
        break;
      default:
        return null;
    }
    if (at < 0) return null;
  }
  return kept === 0 ? text : form + text.slice(kept);
}

/** A normal form as something to show: literals are `?`. Null when it holds a comment, which may hold anything. */
export function shownForm(form: string): string | null {
  if (form.includes('--') || form.includes('/*')) return null;
  let shown = '';
  let kept = 0;
  for (let at = 0; at < form.length; at += 1) {
    if (form.charCodeAt(at) > 3) continue;
    shown += `${form.slice(kept, at)}?`;
    kept = at + 1;
  }
  return (kept === 0 ? form : shown + form.slice(kept)).trim();
}

function endOfWord(text: string, start: number): number {
  let at = start + 1;
  for (;;) {
    const kind = classAt(text, at);
    if (kind !== WORD && kind !== DIGIT && kind !== DOLLAR) return at;
    at += 1;
  }
}

/** Digits with at most one fraction, and nothing glued to it: `1e5`, `1_000`, `0x1`, `1.`, `1a` are not plain. */
function endOfNumber(text: string, start: number): number {
  // In `c.0.0` the scanner sees `.0` twice, in `.5` once: not worth telling apart.
  if (text.charCodeAt(start - 1) === 46) return -1;
  let at = start + 1;
  while (classAt(text, at) === DIGIT) at += 1;
  if (text.charCodeAt(at) === 46) {
    if (classAt(text, at + 1) !== DIGIT) return -1;
    at += 2;
    while (classAt(text, at) === DIGIT) at += 1;
    if (text.charCodeAt(at) === 46) return -1;
  }
  const next = classAt(text, at);
  return next === WORD || next === DOLLAR || next === QUOTE || next === UNUSUAL ? -1 : at;
}

/** The grammar takes ICONST and FCONST in different places, so they are different placeholders. */
function isInteger(text: string, start: number, end: number): boolean {
  let value = 0;
  for (let at = start; at < end; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || value > LARGEST_INTEGER) return false;
    value = value * 10 + digit;
  }
  return value <= LARGEST_INTEGER;
}

function endOfString(text: string, start: number): number {
  if (text.charCodeAt(start - 1) === 38) return -1;
  let at = start + 1;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    // Backslash and NUL mean different things under different settings.
    if (code === 92 || code === 0) return -1;
    if (code !== 39) continue;
    if (text.charCodeAt(at + 1) !== 39) return at + 1;
    at += 1;
  }
  return -1;
}

function endOfIdentifier(text: string, start: number): number {
  let at = start + 1;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 32 || code > 126) return -1;
    if (code !== 34) continue;
    if (text.charCodeAt(at + 1) !== 34) return text.charCodeAt(at + 1) === 39 ? -1 : at + 1;
    at += 1;
  }
  return -1;
}

function endOfLine(text: string, start: number): number {
  for (let at = start + 2; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 10 || code === 13) return at;
    if (code < 4) return -1;
  }
  return text.length;
}

/** Comments nest (scan.l, xc). */
function endOfComment(text: string, start: number): number {
  let depth = 1;
  for (let at = start + 2; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 4) return -1;
    if (code === 42 && text.charCodeAt(at + 1) === 47) {
      depth -= 1;
      at += 1;
      if (depth === 0) return at + 1;
    } else if (code === 47 && text.charCodeAt(at + 1) === 42) {
      depth += 1;
      at += 1;
    }
  }
  return -1;
}

/** `$1` stays as it is; `$tag$` is a dollar quote. */
function endOfParameter(text: string, start: number): number {
  let at = start + 1;
  if (classAt(text, at) !== DIGIT) return -1;
  while (classAt(text, at) === DIGIT) at += 1;
  const next = classAt(text, at);
  return next === WORD || next === DOLLAR || next === QUOTE || next === UNUSUAL ? -1 : at;
}
