import { WireError } from '@sallyport/postgres-wire';
import type { Mask } from '../../protocol.ts';
import { hideFields } from './copy-hide.ts';
import { COPY_ROW_BYTES, type CopyColumn, type CopyRows } from './copy-rows.ts';
import { TextFields, type TextSyntax } from './copy-text-fields.ts';
import { readField, writeField } from './copy-text-values.ts';
import type { Rewrite } from './hiding.ts';
import type { CopyScope } from './reply-scope.ts';
import { Sink, viewOf } from './sink.ts';

const NEWLINE = 0x0a;
const BACKSLASH = 0x5c;
/** No byte has this value: the quote of a format without quotes. */
const NONE = -1;

/**
 * Rows of COPY in text and CSV format. A row ends at a newline that is neither escaped nor quoted, wherever the
 * messages were cut; the server sends one row per message, but the protocol does not promise it. What does not take
 * that way is read byte by byte.
 */
export class TextRows implements CopyRows {
  readonly mask: Mask;
  readonly readsAll: boolean;
  readonly #columns: readonly CopyColumn[] | null;
  readonly #replacements: readonly (Buffer | null)[];
  /** Whether some values have to be looked at to know what is shown instead: row by row, and once only. */
  readonly #rewrites: boolean;
  readonly #syntax: TextSyntax;
  readonly #delimiter: number;
  readonly #quote: number;
  readonly #escape: number;
  readonly #nullText: Buffer;
  readonly #fields: TextFields;
  #headerAwaited: boolean;
  /** The beginning of a row whose end has not come, how far it was looked through, and in what state. */
  #held = new Sink(0);
  #scanned = 0;
  #view: DataView = new DataView(new ArrayBuffer(0));
  #quoted = false;
  #escaped = false;

  constructor(copy: CopyScope, columns: readonly CopyColumn[] | null, mask: Mask) {
    const { delimiter, quote, nullText, header } = copy.options;
    const csv = copy.format === 'csv';
    this.mask = mask;
    this.#columns = columns;
    this.readsAll = columns?.some(({ hiding }) => hiding !== null) ?? false;
    this.#rewrites = columns?.some(({ hiding }) => (hiding?.rewrite ?? null) !== null) ?? false;
    this.#delimiter = Buffer.from(delimiter)[0] ?? (csv ? 0x2c : 0x09);
    this.#quote = csv ? (Buffer.from(quote)[0] ?? 0x22) : NONE;
    this.#escape = csv ? (Buffer.from(copy.options.escape)[0] ?? 0x22) : BACKSLASH;
    this.#nullText = Buffer.from(nullText);
    this.#headerAwaited = header;
    this.#replacements = (columns ?? []).map((column) => this.#replacement(column));
    this.#syntax = {
      delimiter: this.#delimiter,
      quote: this.#quote,
      escape: this.#escape,
      nullText: this.#nullText,
    };
    this.#fields = new TextFields(this.#replacements, this.readsAll, this.#syntax);
  }

  endsRow(bytes: Buffer, view: DataView, start: number, end: number): boolean {
    if (!this.#idle || end - start < 2 || bytes[end - 1] !== NEWLINE) return false;
    // What an escape means that could itself be escaped is left to `push`; a quote is anywhere before.
    return this.#quote === NONE ? bytes[end - 2] !== BACKSLASH : this.#fields.locate(bytes, start, end, view);
  }

  hide(bytes: Buffer, view: DataView, at: number, end: number, sink: Sink): number {
    return this.#idle && !this.#rewrites ? hideFields(bytes, view, at, end, this.#fields, sink) : at;
  }

  push(bytes: Buffer, start: number, end: number, sink: Sink): void {
    if (this.#held.length > 0) {
      if (this.#held.length + end - start > COPY_ROW_BYTES)
        throw withheld(`a row is over ${COPY_ROW_BYTES} bytes`);
      this.#held.append(bytes.subarray(start, end));
      const held = this.#held.take();
      const rest = this.#rows(held, 0, held.length, this.#scanned, sink);
      this.#keep(held, rest, held.length);
      return;
    }
    this.#keep(bytes, this.#rows(bytes, start, end, start, sink), end);
  }

  finish(sink: Sink): void {
    if (this.#held.length === 0) return;
    const held = this.#held.take();
    this.#held = new Sink(0);
    if (this.#quoted) throw withheld('the last row ends inside quotes');
    this.#row(held, 0, held.length, held.length, sink);
  }

  /** Whether what comes next is the beginning of a row like any other. */
  get #idle(): boolean {
    return this.#held.length === 0 && !this.#headerAwaited;
  }

  /** Writes every whole row of [start, end), looking for row ends from `from` on. Returns where the unfinished one begins. */
  #rows(bytes: Buffer, start: number, end: number, from: number, sink: Sink): number {
    let rowStart = start;
    for (let at = from; at < end; at += 1) {
      const byte = bytes[at] as number;
      if (this.#escaped) this.#escaped = false;
      else if (byte === this.#quote) this.#quoted = !this.#quoted;
      else if (byte === this.#escape && (this.#quote === NONE || this.#quoted)) this.#escaped = true;
      else if (byte === NEWLINE && !this.#quoted) {
        this.#row(bytes, rowStart, at, at + 1, sink);
        rowStart = at + 1;
      }
    }
    return rowStart;
  }

  #keep(bytes: Buffer, from: number, end: number): void {
    if (from === end && this.#held.length === 0) return;
    const held = new Sink(end - from);
    held.append(bytes.subarray(from, end));
    this.#held = held;
    this.#scanned = end - from;
  }

  /** Writes one row, whose fields are [start, end) and whose line ends at `lineEnd`. */
  #row(bytes: Buffer, start: number, end: number, lineEnd: number, sink: Sink): void {
    const header = this.#headerAwaited;
    this.#headerAwaited = false;
    const dirty = !header && this.mask.suspects(bytes, start, end);
    sink.reserve(lineEnd - start);
    const view = this.#viewOf(bytes);
    let copied = start;
    let column = 0;
    for (let field = start; ; column += 1) {
      const fieldEnd = this.#fieldEnd(bytes, field, end);
      const shown = header ? null : this.#shown(bytes, field, fieldEnd, column, dirty);
      if (shown !== null) {
        sink.reserve(lineEnd - copied + shown.length);
        sink.run(bytes, view, copied, field);
        sink.append(shown);
        copied = fieldEnd;
      }
      if (fieldEnd >= end) break;
      field = fieldEnd + 1;
    }
    if (this.readsAll && column + 1 !== this.#columns?.length)
      throw withheld('a row has another number of columns than the table');
    sink.reserve(lineEnd - copied);
    sink.run(bytes, view, copied, lineEnd);
  }

  /** Rows come many to a buffer: its view is made once. */
  #viewOf(bytes: Buffer): DataView {
    const { buffer, byteOffset, byteLength } = this.#view;
    const same = buffer === bytes.buffer && byteOffset === bytes.byteOffset && byteLength === bytes.length;
    if (!same) this.#view = viewOf(bytes);
    return this.#view;
  }

  #fieldEnd(bytes: Buffer, start: number, end: number): number {
    let quoted = false;
    for (let at = start; at < end; at += 1) {
      const byte = bytes[at] as number;
      if (byte === this.#quote) quoted = !quoted;
      else if (byte === this.#escape && (this.#quote === NONE || quoted)) at += 1;
      else if (byte === this.#delimiter && !quoted) return at;
    }
    return end;
  }

  /** What is shown instead of the field [start, end), or null when it is shown as it is. */
  #shown(bytes: Buffer, start: number, end: number, column: number, dirty: boolean): Buffer | null {
    const replacement = this.#replacements[column] ?? null;
    if (replacement !== null) {
      if (this.#fields.isNull(bytes, start, end)) return null;
      const rewrite = this.#columns?.[column]?.hiding?.rewrite ?? null;
      return rewrite === null ? replacement : (this.#rewritten(bytes, start, end, rewrite) ?? replacement);
    }
    if (!dirty || (this.#columns?.[column]?.scan ?? 'text') === 'none') return null;
    return this.mask.scrub(bytes, start, end);
  }

  #rewritten(bytes: Buffer, start: number, end: number, rewrite: Rewrite): Buffer | null {
    const value = readField(bytes, start, end, this.#syntax);
    const shown = value === null ? null : rewrite(value, 0, value.length);
    return shown === null ? null : writeField(shown, this.#syntax);
  }

  #replacement({ hiding }: CopyColumn): Buffer | null {
    if (hiding === null) return null;
    const { form } = hiding;
    if (form === 'null') return this.#nullText;
    const text = Buffer.from(this.mask.placeholder).toString();
    const value = form === 'text' ? text : JSON.stringify(text);
    if (this.#quote === NONE) return Buffer.from(value);
    // In CSV an unquoted value could be the null marker, and JSON has quotes of its own.
    const quote = String.fromCharCode(this.#quote);
    const escaped = String.fromCharCode(this.#escape) + quote;
    const plain = form === 'text' && value !== this.#nullText.toString();
    return Buffer.from(plain ? value : quote + value.replaceAll(quote, escaped) + quote);
  }
}

function withheld(why: string): WireError {
  return new WireError('trailing-bytes', `COPY: ${why}: it is withheld`);
}
