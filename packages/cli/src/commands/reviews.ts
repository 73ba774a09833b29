import type { Review, ReviewVerdict } from '@sallyport/contract';
import { asking, type ControlPlaneOptions, PAGE_ROWS } from '../control-plane.ts';
import { table } from '../table.ts';
import { exactly, jsonText, oneLine, someLines, type Terminal } from '../terminal.ts';
import { moment, span } from '../time.ts';
import { shownLines } from './requests.ts';

export interface ReviewsOptions extends ControlPlaneOptions {
  readonly json?: boolean;
  readonly past?: boolean;
}

/** Lists what was done without waiting, overdue ones marked. */
export async function reviews(options: ReviewsOptions, terminal: Terminal): Promise<void> {
  const query = { past: options.past === true, limit: PAGE_ROWS };
  const { reviews } = await asking(options, terminal, (client) => client.listReviews(query));
  const found = reviews;
  if (options.json === true) return terminal.out(jsonText(found, 2));
  if (found.length === 0)
    return terminal.err(
      options.past === true ? 'There are no reviews you may see.' : 'Nothing waits for a review.',
    );
  const headings = ['ID', 'STATE', 'DUE', 'WHO', 'TARGET', 'WHAT'];
  for (const line of table(terminal, headings, found.map(row))) terminal.out(line);
  if (found.length === PAGE_ROWS) terminal.err(`There may be more: these are the newest ${PAGE_ROWS}.`);
  const overdue = found.filter(({ state }) => state === 'overdue').length;
  if (overdue > 0)
    terminal.err(terminal.paint.bad(`${overdue} of them overdue: whoever it is about cannot break glass.`));
  if (found.some(({ closable }) => closable))
    terminal.err(
      'Look at one with "sallyport reviews show ID", then "sallyport reviews close ID --verdict … --words …".',
    );
}

/** Shows one in full: a reviewer must see exactly what ran. */
export async function review(id: string, options: ReviewsOptions, terminal: Terminal): Promise<void> {
  const one = await asking(options, terminal, (client) => client.getReview({ id }));
  if (options.json === true) return terminal.out(jsonText(one, 2));
  for (const line of details(one, terminal)) terminal.out(line);
}

export async function close(
  id: string,
  options: ReviewsOptions & { readonly verdict: ReviewVerdict; readonly words: string },
  terminal: Terminal,
): Promise<void> {
  const { verdict, words } = options;
  const one = await asking(options, terminal, (client) => client.closeReview({ id, verdict, words }));
  if (options.json === true) return terminal.out(jsonText(one, 2));
  terminal.out(
    `closed ${one.id} as ${verdict}: ${oneLine(one.form)} at ${oneLine(one.target)}, by ${nameOf(one)}`,
  );
}

function row(one: Review): readonly string[] {
  const left = Date.parse(one.dueAt) - Date.now();
  const due = one.state === 'closed' ? '-' : left > 0 ? `in ${span(left)}` : `${span(-left)} ago`;
  return [one.id, one.state, due, nameOf(one), oneLine(one.target), oneLine(one.form)];
}

function nameOf({ displayName, subject }: Review): string {
  return oneLine(displayName === '' ? subject : displayName);
}

function details(one: Review, { paint }: Pick<Terminal, 'paint'>): readonly string[] {
  const field = (name: string, value: string) => `${paint.dim(name.padEnd(11))}${value}`;
  const closers = one.requirements.map(({ group }) => oneLine(group)).join(', ');
  const lines = [
    field('review', `${one.id} (${one.state})`),
    field('who', `${nameOf(one)} (${oneLine(one.subject)})`),
    field('target', oneLine(one.target)),
    field('session', oneLine(one.sessionId)),
    field('said', oneLine(one.reason)),
    field('done', `${moment(one.openedAt)} UTC`),
    field('due', `${moment(one.dueAt)} UTC, by another member of ${closers}`),
    ...shownLines({ ...one.shown, stated: '', grantSeconds: null }, field),
    field('ran', one.text === null ? '(erased; its form was:)' : ''),
    ...someLines(one.text ?? one.form).map((line) => `  ${line}`),
    ...(one.parameters ?? []).map((value, at) => field(`  $${at + 1}`, exactly(value))),
  ];
  if (one.closed !== null) {
    const { at, by, byName, verdict, words } = one.closed;
    lines.push(
      field(
        'closed',
        `${moment(at)} by ${oneLine(byName === '' ? by : byName)} as ${verdict}: ${oneLine(words)}`,
      ),
    );
  }
  return lines;
}
