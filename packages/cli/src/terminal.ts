import { text as readAll } from 'node:stream/consumers';
import { inert } from '@sallyport/gateway/inert';

/** Colours, or nothing at all where they would only be noise. */
export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly wait: (text: string) => string;
  readonly note: (text: string) => string;
}

/** Where a command writes, and what it may ask for. */
export interface Terminal {
  /** One line of the answer. Text of others must be made inert before. */
  readonly out: (line: string) => void;
  /** One line about the answer. */
  readonly err: (line: string) => void;
  /** Width to lay out for; Infinity when nobody looks. */
  readonly columns: number;
  readonly paint: Paint;
  readonly readInput: () => Promise<string>;
  /** Standard input and output as streams, where there are any: for what is larger than memory. */
  readonly pipe?: Pipe;
}

export interface Pipe {
  readonly input: AsyncIterable<Uint8Array>;
  /** A promise comes back when the reader is slower than we are. */
  readonly write: (text: string) => void | Promise<void>;
}

const CODES = { bold: 1, dim: 2, good: 32, bad: 31, wait: 33, note: 36 };

export function createPaint(colours: boolean): Paint {
  const paint = (code: number) => (text: string) => (colours ? `\x1b[${code}m${text}\x1b[0m` : text);
  const { bold, dim, good, bad, wait, note } = CODES;
  return {
    bold: paint(bold),
    dim: paint(dim),
    good: paint(good),
    bad: paint(bad),
    wait: paint(wait),
    note: paint(note),
  };
}

/** The terminal of this process. Colours only on one, and never with NO_COLOR (no-color.org). */
export function processTerminal(): Terminal {
  const { stdout, stderr, env } = process;
  const colours = stdout.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
  return {
    out: (line) => void stdout.write(`${line}\n`),
    err: (line) => void stderr.write(`${line}\n`),
    columns: stdout.isTTY === true ? stdout.columns : Number.POSITIVE_INFINITY,
    paint: createPaint(colours),
    readInput: () => readAll(process.stdin),
    pipe: {
      input: process.stdin,
      write: (text) =>
        stdout.write(text) ? undefined : new Promise((resolve) => void stdout.once('drain', resolve)),
    },
  };
}

/** Text of an agent, an issuer or a database as one line that can do nothing to a terminal. */
export function oneLine(text: string): string {
  return inert(text.replace(/\s+/g, ' ').trim());
}

/** The same with every space it has: what people decide about must not look like something else. */
export function exactly(text: string): string {
  return inert(text);
}

/** A value as JSON that can do nothing to a terminal: what JSON leaves as it is, such as C1 controls, is escaped. */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
      .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** Such text, keeping its lines. */
export function someLines(text: string): readonly string[] {
  return inert(text.replaceAll('\r\n', '\n'), { lines: true }).replaceAll('\t', '  ').split('\n');
}

const ZERO_WIDTH = /\p{M}|\u200d|\ufe0f/u;
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** Cells a text takes on a terminal. Colours must not be in it yet. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    if (!ZERO_WIDTH.test(character)) width += WIDE.test(character) ? 2 : 1;
  }
  return width;
}

/** The start of a text that takes at most `width` cells. */
function takeCells(text: string, width: number): string {
  let taken = '';
  let used = 0;
  for (const character of text) {
    used += widthOf(character);
    if (used > width) break;
    taken += character;
  }
  return taken;
}

/** At most `width` cells, the last one "…" when something is left out. */
export function shorten(text: string, width: number): string {
  return widthOf(text) <= width ? text : `${takeCells(text, width - 1)}…`;
}

/** Breaks one line at spaces, or anywhere when a word is too long. `width` is at least 2. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (widthOf(joined) <= width) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (widthOf(line) > width) {
      const head = takeCells(line, width);
      lines.push(head);
      line = line.slice(head.length);
    }
  }
  return [...lines, line];
}

export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}
