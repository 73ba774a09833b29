/** What an entry can be found by, as terms; and what a filter asks for, in the same terms. */
import type { LogEntry } from '@sallyport/audit-log';
import { ANY_TABLE, tableParts, tableText } from '../audit/index.ts';
import type { SearchFilter } from './filter.ts';

export type Fields = LogEntry['fields'];

/** Types of entries that a search for operations finds: what was decided, and who came in to have it decided. */
const OPERATIONS: ReadonlySet<unknown> = new Set(['decision', 'authenticated', 'authentication-failed']);

export function isOperation({ type }: Fields): boolean {
  return OPERATIONS.has(type);
}

/** What is found by its whole value, in one field or a list of them. */
const WHOLE = {
  subject: 'subject',
  actor: 'actor',
  task: 'task',
  target: 'target',
  effect: 'effect',
  action: 'actions',
  policy: 'policies',
} as const;

/** Every operation, and every session, has it. */
export const EVERYTHING = 'all:';

/** Words as people and SQL have them: letters, digits and underscores; everything else parts them. */
const WORD = /[\p{L}\p{N}\p{M}_]+/gu;

/** The distinct words of a text, in lower case. Linear in the text, which a client chooses. */
export function wordsOf(text: string): readonly string[] {
  return [...new Set(text.toLowerCase().match(WORD) ?? [])];
}

/** Fields that tend to repeat together: who, what was decided, and the form. Together they are all that is searched. */
export const PARTS: readonly (readonly string[])[] = [
  ['subject', 'actor', 'task', 'target'],
  ['effect', 'actions', 'policies', 'tables'],
  ['form'],
];

const NAMES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(WHOLE).map(([name, field]) => [field, name]),
);

/** The terms of these fields of an entry. The values in it are anyone's. */
export function termsOf(entry: Fields, fields: readonly string[]): readonly string[] {
  const terms = new Set<string>();
  for (const field of fields) {
    const value = entry[field];
    if (field === 'form') for (const word of wordsOf(textOf(value) ?? '')) terms.add(`word:${word}`);
    else if (field === 'tables')
      for (const table of textsOf(value)) for (const name of tableNames(table)) terms.add(`table:${name}`);
    else for (const text of textsOf(value)) terms.add(`${NAMES[field]}:${text}`);
  }
  return [...terms];
}

/** What an entry must have: one term of each list. Null when nothing can be found, such as by a text without a word. */
export function wantedTerms(filter: SearchFilter): readonly (readonly string[])[] | null {
  const wanted: (readonly string[])[] = [];
  for (const name of Object.keys(WHOLE) as (keyof typeof WHOLE)[]) {
    const value = filter[name];
    if (value !== undefined) wanted.push([`${name}:${value}`]);
  }
  if (filter.table !== undefined)
    wanted.push([`table:${tableText(tableParts(filter.table))}`, `table:${ANY_TABLE}`]);
  if (filter.text !== undefined) {
    const words = wordsOf(filter.text);
    if (words.length === 0) return null;
    wanted.push(...words.map((word) => [`word:${word}`]));
  }
  return wanted.length === 0 ? [[EVERYTHING]] : wanted;
}

/** Whether an entry has what is asked for, told from the entry alone. */
export function hasWanted(fields: Fields, wanted: readonly (readonly string[])[]): boolean {
  const terms = new Set([EVERYTHING, ...PARTS.flatMap((part) => termsOf(fields, part))]);
  return wanted.every((either) => either.some((term) => terms.has(term)));
}

/** What one table is found by: its name alone, with its schema, with its database. One that holds a `*` is any table. */
function tableNames(text: string): readonly string[] {
  const parts = tableParts(text);
  if (parts.some((part) => part === ANY_TABLE)) return [ANY_TABLE];
  return parts.map((_, at) => tableText(parts.slice(at)));
}

export function textOf(value: Fields[string]): string | null {
  return typeof value === 'string' ? value : null;
}

export function textsOf(value: Fields[string]): readonly string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}
