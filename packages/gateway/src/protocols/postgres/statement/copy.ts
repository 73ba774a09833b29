/** The options of a COPY that moves rows over the client's connection. */
import type { RangeVar } from './draft-builder.ts';
import type { CopyOptions, Draft } from './meaning.ts';
import { as, type Body, constantSetting, list, names, text, untag } from './tree.ts';

/** What the rows look like, or null when an option is not known. */
export function copyMeaning(
  body: Body,
  incoming: boolean,
  relation: RangeVar | null,
  columns: readonly string[] | null,
): Draft['copy'] {
  const given = new Map<string, unknown>();
  for (const item of list(body.options)) {
    const option = as('DefElem', item);
    const name = option === null ? '' : text(option, 'defname');
    if (!KNOWN.has(name) || given.has(name)) return null;
    given.set(name, option?.arg);
  }
  const format = constantSetting(given.get('format')) ?? 'text';
  if (format !== 'text' && format !== 'csv' && format !== 'binary') return null;
  const csv = format === 'csv';
  const quote = constantSetting(given.get('quote')) ?? '"';
  const options: CopyOptions = {
    delimiter: constantSetting(given.get('delimiter')) ?? (csv ? ',' : '\t'),
    nullText: constantSetting(given.get('null')) ?? (csv ? '' : '\\N'),
    quote,
    escape: constantSetting(given.get('escape')) ?? quote,
    header: given.has('header') && isOn(given.get('header')),
    forceQuote: forceQuote(given.get('force_quote')),
    encoding: constantSetting(given.get('encoding')) ?? null,
  };
  return {
    direction: incoming ? 'in' : 'out',
    format,
    relation:
      relation === null ? null : { schema: relation.schemaname || null, name: relation.relname ?? '' },
    columns,
    options,
  };
}

/** Every option of COPY up to PostgreSQL 18. */
const KNOWN = new Set(
  (
    'format freeze delimiter null default header quote escape force_quote force_not_null force_null encoding ' +
    'on_error log_verbosity reject_limit'
  ).split(' '),
);

/** `header` alone, on, true, 1 or match. */
function isOn(value: unknown): boolean {
  const written = constantSetting(value)?.toLowerCase();
  if (written !== undefined) return !['false', 'off', '0', 'no'].includes(written);
  return value === undefined || as('Boolean', value)?.boolval === true;
}

function forceQuote(value: unknown): readonly string[] {
  const node = untag(value);
  if (node === null) return [];
  return node.tag === 'A_Star' ? ['*'] : names(node.body.items);
}
