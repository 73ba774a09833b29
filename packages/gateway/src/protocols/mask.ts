/** What a protocol needs to hide what a reply must not show. */
import type { FieldName } from './meaning.ts';

/** What hiding this operation's reply takes: the mask obligation, compiled. Protocol-neutral. */
export interface Mask {
  /** Changes when any answer below could: a protocol may keep what it compiled for as long as this is the same. */
  readonly version: number;
  /**
   * The class to hide in this column, or null: it is unclassified or may be revealed. Names are as the catalog has
   * them; `declared` is the class the target itself declares for it.
   */
  columnClass(schema: string, table: string, column: string, declared?: string | null): string | null;
  /**
   * Every class that is hidden in this column by any rule or by what the target declares: who may see it may see all of
   * them. A `*` in place of a name is any name. Sorted; empty when it is unclassified or may be revealed.
   */
  fieldClasses(field: FieldName, declared: string | null): readonly string[];
  /** Every (schema, table, column) pattern is by name only: whether any table's column of this name would be hidden. */
  columnNameClass(column: string): string | null;
  /**
   * Where only members of the JSON in a column are classified: hides them in one value, or gives null when the value must
   * be hidden whole. Null for every other column. Names as in `columnClass`.
   */
  members(
    schema: string,
    table: string,
    column: string,
    declared?: string | null,
  ): ((json: Buffer) => Buffer | null) | null;
  /** The text that stands for a value that is hidden whole. Never longer than 16 bytes. */
  readonly placeholder: Uint8Array;
  /** How a value of this class is hidden where it is a column's own, unchanged; what is derived from one is hidden whole. */
  strategy(dataClass: string): Strategy;
  /** Whether bytes [start, end) could hold a value a detector hides. Never false when they do; cheap. */
  suspects(bytes: Buffer, start: number, end: number): boolean;
  /**
   * UTF-8 text [start, end) with every detected value replaced, or null when nothing was detected. With `from`, what
   * stands before it is context only, and neither shown nor replaced.
   */
  scrub(bytes: Buffer, start: number, end: number, from?: number): Buffer | null;
  /** `scrub` for a string. What stands `before` it is context only. */
  scrubText(text: string, before?: string): string;
  /** Whether any column at all would be hidden by configuration. */
  readonly hidesColumns: boolean;
  /** Whether a column is hidden because the target itself declares its class. When both are false, only detectors matter. */
  readonly hidesDeclared: boolean;
  /** A JSON text with every string and number scrubbed, still JSON; anything else is scrubbed as text. */
  scrubJson(body: Buffer): Buffer;
  /** `scrub` for a text that comes in chunks. */
  textScrubber(): TextScrubber;
}

/** `full`: the placeholder, or no value where a type has no text. `null`: no value, whatever the type. */
export type Strategy =
  | { readonly kind: 'full' | 'null' }
  | { readonly kind: 'disguise'; readonly disguise: Disguise };

/**
 * What is shown in place of one value, by what kind of value it is: the protocol knows how its types are written, the
 * strategy only values. A kind that is missing, and null, are hidden whole. Never throws.
 */
export interface Disguise {
  /** A text, in UTF-8 unless the target has no encoding. */
  text?(value: Buffer): Buffer | null;
  bytes?(value: Buffer): Buffer | null;
  /** A JSON text that is no string; what comes back is a string's. */
  document?(value: Buffer): Buffer | null;
  /** 16 bytes. */
  uuid?(value: Buffer): Buffer | null;
  /** A whole number, also of the smallest unit a decimal is written with, to stay within [least, most]. */
  integer?(value: bigint, least: bigint, most: bigint): bigint | null;
  /** `text` is the shortest that is read as the number again. */
  float?(value: number, text: string): number | null;
  /** Days and microseconds since an epoch of the protocol's. */
  days?(value: bigint): bigint | null;
  instant?(value: bigint): bigint | null;
}

/** Scrubs a text that comes in chunks, holding back what could be the beginning of a value. For one text only. */
export interface TextScrubber {
  /** What can be shown now; may be empty. */
  push(chunk: Buffer): Buffer;
  /** The rest. */
  finish(): Buffer;
}
