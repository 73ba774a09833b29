/** Uses of hidden columns that do not show them, and still tell what they hold: `probe` and `declassify`. Pure. */
import type { Question } from './decision.ts';
import { plain } from './entities.ts';

/** Columns named in one sentence; of more only the number is told. */
const NAMED = 5;

/** What a statement does with a column, by the role the binding gives it. */
const VERBS: Readonly<Record<string, string>> = {
  filter: 'filters by',
  join: 'joins by',
  order: 'sorts by',
  group: 'groups by',
  aggregate: 'aggregates',
  compute: 'computes with',
  store: 'copies',
};

/** Whether it is asked of what is hidden only: of a class that may be seen in clear it is no question. */
export function isHiddenUse({ action, resource }: Question): boolean {
  return resource.type === 'DataClass' && (action === 'probe' || action === 'declassify');
}

/** The class it is about. */
export function classUsed({ resource }: Question): string {
  return resource.path[0] ?? '';
}

/** What the statement does, for whoever wrote it: `it filters by public.customers.email, which is classified as email`. */
export function hiddenUseSentence(question: Question): string {
  const { columns = ['*'], roles = [] } = question.facts ?? {};
  const verbs = question.action === 'declassify' ? ['declassifies'] : verbsOf(roles);
  const classed = `classified as ${plain(classUsed(question))}`;
  const told = columns.filter((column) => column !== '*' && !column.endsWith('.*'));
  // Of what could not be told, more than one column may be meant.
  const which =
    told.length < columns.length ? 'which may be' : columns.length === 1 ? 'which is' : 'which are';
  return `it ${listed(verbs)} ${columnsText(columns)}, ${which} ${classed}`;
}

function verbsOf(roles: readonly string[]): readonly string[] {
  const verbs = roles.map((role) => (Object.hasOwn(VERBS, role) ? (VERBS[role] ?? '') : 'uses'));
  return verbs.length === 0 ? ['uses'] : [...new Set(verbs)];
}

function columnsText(columns: readonly string[]): string {
  const named = columns.slice(0, NAMED).map(columnText);
  const more = columns.length - named.length;
  return listed(more === 0 ? named : [...named, `${more} more columns`]);
}

function columnText(column: string): string {
  if (column === '*') return 'columns that cannot be told';
  return column.endsWith('.*') ? `columns of ${plain(column.slice(0, -2))}` : plain(column);
}

function listed(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`;
}
