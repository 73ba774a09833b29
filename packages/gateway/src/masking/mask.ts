import { PLACEHOLDER } from '../lib/marks.ts';
import type { FieldName, Mask, Strategy, TextScrubber } from '../protocols/protocol.ts';
import type { ColumnRules } from './columns.ts';
import type { Detector } from './detectors/detector.ts';
import { privateKey } from './detectors/private-key.ts';
import { scrubJson } from './json.ts';
import { hideMembers } from './json-members.ts';
import { compileScrub, type Scrub } from './scrub.ts';
import { FULL } from './strategies/strategies.ts';
import { createTextScrubber } from './text-scrubber.ts';

const placeholder = Buffer.from(PLACEHOLDER);
/** Stands for a hidden member of a JSON document. */
const MEMBER = Buffer.from(JSON.stringify(PLACEHOLDER));

/** The mask of one set of revealed classes at one target. */
export class CompiledMask implements Mask {
  readonly version: number;
  readonly hidesColumns: boolean;
  readonly hidesDeclared: boolean;
  readonly suspects: Scrub['suspects'];
  readonly placeholder: Uint8Array = placeholder;
  readonly #strategies: ReadonlyMap<string, Strategy>;
  readonly #columns: ColumnRules;
  readonly #scrub: Scrub['scrub'];
  readonly #hidesKeys: boolean;

  constructor(
    version: number,
    columns: ColumnRules,
    detectors: readonly Detector[],
    hidesDeclared: boolean,
    strategies: ReadonlyMap<string, Strategy>,
  ) {
    this.version = version;
    this.#strategies = strategies;
    this.hidesColumns = columns.any;
    this.hidesDeclared = hidesDeclared;
    this.#columns = columns;
    const { suspects, scrub } = compileScrub(detectors, placeholder);
    this.suspects = suspects;
    this.#scrub = scrub;
    this.#hidesKeys = detectors.includes(privateKey);
  }

  columnClass(schema: string, table: string, column: string, declared: string | null = null): string | null {
    const configured = this.#columns.ofColumn(schema, table, column);
    return configured ?? (this.hidesDeclared ? this.#columns.ofDeclared(declared) : null);
  }

  fieldClasses(field: FieldName, declared: string | null): readonly string[] {
    const classes = new Set(this.#columns.everyClass(field));
    const own = this.hidesDeclared ? this.#columns.ofDeclared(declared) : null;
    if (own !== null) classes.add(own);
    return [...classes].sort();
  }

  columnNameClass(column: string): string | null {
    return this.#columns.ofName(column);
  }

  members(schema: string, table: string, column: string, declared: string | null = null) {
    if (this.hidesDeclared && this.#columns.ofDeclared(declared) !== null) return null;
    const paths = this.#columns.members(schema, table, column);
    if (paths === null) return null;
    return (json: Buffer): Buffer | null => {
      const hidden = hideMembers(json, paths, MEMBER);
      return hidden === null ? null : this.scrubJson(hidden);
    };
  }

  strategy(dataClass: string): Strategy {
    return this.#strategies.get(dataClass) ?? FULL;
  }

  scrub(bytes: Buffer, start: number, end: number, from: number = start): Buffer | null {
    return this.#scrub(bytes, start, end, from);
  }

  scrubText(text: string, before = ''): string {
    const bytes = Buffer.from(before + text);
    return this.scrub(bytes, 0, bytes.length, Buffer.byteLength(before))?.toString() ?? text;
  }

  scrubJson(body: Buffer): Buffer {
    return scrubJson(this, body);
  }

  textScrubber(): TextScrubber {
    return createTextScrubber(this, this.#hidesKeys);
  }
}
