import type { FieldName } from '../protocols/protocol.ts';
import { DATA_CLASS } from './data-class.ts';
import { GLOB_CHARACTERS, globMatches } from './glob.ts';
import { MAX_MEMBERS, type MemberPath } from './json-members.ts';

/** A column named in the configuration; `target` is null for every target. Parts may hold wildcards. */
export interface ColumnPath {
  readonly target: string | null;
  readonly schema: string;
  readonly table: string;
  readonly column: string;
}

/** Reads `schema.table.column` or `target:schema.table.column`; null when the text is neither. */
export function parseColumnPath(text: string): ColumnPath | null {
  const colon = text.startsWith('"') ? -1 : text.indexOf(':');
  const target = colon < 0 ? null : text.slice(0, colon);
  if (target === '') return null;
  const parts = splitParts(text.slice(colon + 1));
  if (parts === null || parts.length !== 3) return null;
  const [schema = '', table = '', column = ''] = parts;
  return { target, schema, table, column };
}

/** A column of a target as `parseColumnPath` reads it. */
export function columnPathText(target: string, ...names: readonly [string, string, string]): string {
  return `${target}:${pathText(names)}`;
}

/** A column as policies name it: `schema.table.column`, where a name that holds a dot is in double quotes. */
export function fieldText({ schema, table, column }: FieldName): string {
  return pathText([schema, table, column]);
}

function pathText(names: readonly string[]): string {
  const part = (name: string) => (/[."]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name);
  return names.map(part).join('.');
}

/** Splits at dots outside double quotes; a doubled quote inside quotes stands for one, as in SQL. */
function splitParts(text: string): readonly string[] | null {
  const parts: string[] = [];
  let part = '';
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const char = text.charAt(i);
    if (char === '"' && quoted && text[i + 1] === '"') {
      part += '"';
      i += 1;
    } else if (char === '"') quoted = !quoted;
    else if (char === '.' && !quoted) {
      parts.push(part);
      part = '';
    } else part += char;
  }
  parts.push(part);
  return quoted || parts.some((name) => name === '' || name.length > GLOB_CHARACTERS) ? null : parts;
}

/** Reads the path of a member of a JSON document, `contact.email` or `*.email`; null when the text is none. */
export function parseMemberPath(text: string): MemberPath | null {
  const parts = splitParts(text);
  return parts === null || parts.length > MAX_MEMBERS ? null : parts;
}

/** An entry of the configuration: a column, or a member of the JSON in it. */
export interface Classified {
  readonly column: string;
  readonly class: string;
  readonly member?: string | undefined;
}

/** The class of what is classified as nobody knows what; no policy reveals it. */
const UNKNOWN = 'unknown';

interface Rule<Subject> {
  readonly subject: Subject;
  readonly class: string;
}

/** Which class a column has. Names are compared ignoring case: of two spellings the stricter reading is the safe one. */
export class ColumnRules {
  readonly #exact = new Map<string, string[]>();
  readonly #paths: Rule<ColumnPath>[] = [];
  /** Those of `#paths` that name more than one column. */
  readonly #patterns: Rule<ColumnPath>[] = [];
  readonly #names: readonly Rule<string>[];
  /** Columns of which members are classified. */
  readonly #members: (Rule<ColumnPath> & { readonly path: MemberPath })[] = [];
  readonly #revealed: ReadonlySet<string>;

  constructor(
    target: string,
    classified: readonly Classified[],
    names: readonly { readonly pattern: string; readonly class: string }[],
    revealed: ReadonlySet<string>,
  ) {
    this.#revealed = revealed;
    for (const entry of classified) {
      const subject = parseColumnPath(entry.column);
      if (subject === null || revealed.has(entry.class)) continue;
      if (subject.target !== null && subject.target !== target) continue;
      const rule = { subject, class: entry.class };
      const path = entry.member === undefined ? null : parseMemberPath(entry.member);
      if (path !== null) {
        this.#members.push({ ...rule, path });
        continue;
      }
      this.#paths.push(rule);
      if (hasWildcard(subject)) {
        this.#patterns.push(rule);
        continue;
      }
      const key = columnKey(subject.schema, subject.table, subject.column);
      this.#exact.set(key, [...(this.#exact.get(key) ?? []), entry.class]);
    }
    this.#names = names
      .filter((entry) => !revealed.has(entry.class))
      .map((entry) => ({ subject: entry.pattern, class: entry.class }));
  }

  /** Whether any column at all could be hidden. */
  get any(): boolean {
    return this.#paths.length > 0 || this.#names.length > 0 || this.#members.length > 0;
  }

  /** The class of a column; of one with classified members, the class of the first. */
  ofColumn(schema: string, table: string, column: string): string | null {
    return this.#whole(schema, table, column) ?? this.#membersOf(schema, table, column)[0]?.class ?? null;
  }

  /** Paths of the members to hide of a column, or null when it is hidden as a whole, or not at all. */
  members(schema: string, table: string, column: string): readonly MemberPath[] | null {
    if (this.#members.length === 0 || this.#whole(schema, table, column) !== null) return null;
    const paths = this.#membersOf(schema, table, column).map(({ path }) => path);
    return paths.length === 0 ? null : paths;
  }

  #membersOf(schema: string, table: string, column: string) {
    return this.#members.filter(({ subject }) => matches(subject, schema, table, column));
  }

  #whole(schema: string, table: string, column: string): string | null {
    const exact = this.#exact.get(columnKey(schema, table, column));
    if (exact !== undefined) return exact[0] ?? null;
    const pattern = this.#patterns.find(({ subject }) => matches(subject, schema, table, column));
    return pattern?.class ?? this.#byName(column);
  }

  /** Every class that any rule gives a column; a `*` in place of a name is any name. */
  everyClass({ schema, table, column }: FieldName): ReadonlySet<string> {
    const known = !isAny(schema) && !isAny(table) && !isAny(column);
    const found = new Set(known ? this.#exact.get(columnKey(schema, table, column)) : []);
    for (const { subject, class: dataClass } of [
      ...(known ? this.#patterns : this.#paths),
      ...this.#members,
    ]) {
      if (!couldBe(subject.column, column) || !couldBe(subject.table, table)) continue;
      if (couldBe(subject.schema, schema)) found.add(dataClass);
    }
    for (const { subject, class: dataClass } of this.#names) {
      if (couldBe(subject, column)) found.add(dataClass);
    }
    return found;
  }

  /**
   * The class a target declares itself, unless it may be revealed. Whoever wrote something that is no class, or several,
   * meant to hide the column all the same.
   */
  ofDeclared(declared: string | null): string | null {
    if (declared === null) return null;
    if (!DATA_CLASS.test(declared)) return UNKNOWN;
    return this.#revealed.has(declared) ? null : declared;
  }

  ofName(column: string): string | null {
    for (const { subject, class: dataClass } of [...this.#paths, ...this.#members]) {
      if (globMatches(subject.column, column)) return dataClass;
    }
    return this.#byName(column);
  }

  #byName(column: string): string | null {
    for (const { subject, class: dataClass } of this.#names) {
      if (globMatches(subject, column)) return dataClass;
    }
    return null;
  }
}

/** What a binding puts in place of a name it does not know. A column that has this name is taken for any, too. */
function isAny(name: string): boolean {
  return name === '*';
}

function couldBe(pattern: string, name: string): boolean {
  return isAny(name) || globMatches(pattern, name);
}

/** The column first: it is the part that tells most columns apart. */
function matches(path: ColumnPath, schema: string, table: string, column: string): boolean {
  return (
    globMatches(path.column, column) && globMatches(path.schema, schema) && globMatches(path.table, table)
  );
}

function hasWildcard(path: ColumnPath): boolean {
  return /[*?]/.test(path.schema + path.table + path.column);
}

function columnKey(schema: string, table: string, column: string): string {
  return `${schema}\0${table}\0${column}`.toLowerCase();
}
