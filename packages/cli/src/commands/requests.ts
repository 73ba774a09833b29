import { type AccessRequest, rowsOf } from '@sallyport/contract';
import { asking, type ControlPlaneOptions, MOST_ROWS, PAGE_ROWS } from '../control-plane.ts';
import { table } from '../table.ts';
import { exactly, jsonText, oneLine, someLines, type Terminal } from '../terminal.ts';
import { moment, span } from '../time.ts';

export interface RequestsOptions extends ControlPlaneOptions {
  readonly json?: boolean;
  readonly all?: boolean;
}

/** Lists access requests, or shows one with exactly what would run. */
export async function requests(
  id: string | undefined,
  options: RequestsOptions,
  terminal: Terminal,
): Promise<void> {
  if (id !== undefined) {
    const one = await asking(options, terminal, (client) => client.getAccessRequest({ id }));
    if (options.json === true) terminal.out(jsonText(one, 2));
    else for (const line of details(one, terminal)) terminal.out(line);
    return;
  }
  const query = options.all === true ? {} : ({ state: 'pending' } as const);
  const found = await asking(options, terminal, (client) =>
    rowsOf(
      (at) => client.listAccessRequests({ ...query, ...at, limit: PAGE_ROWS }),
      (page) => page.accessRequests,
      MOST_ROWS,
    ),
  );
  if (options.json === true) return terminal.out(jsonText(found, 2));
  if (found.length === 0) {
    return terminal.err(
      options.all === true ? 'There are no access requests you may see.' : 'Nothing waits for approval.',
    );
  }
  const headings = ['ID', 'STATE', 'EXPIRES', 'WHO', 'TARGET', 'WHAT'];
  for (const line of table(terminal, headings, found.map(row))) terminal.out(line);
  if (found.some((one) => one.decidable)) {
    terminal.err(
      'Look at one with "sallyport requests ID", then "sallyport approve ID" or "sallyport deny ID --reason …".',
    );
  }
}

function row(one: AccessRequest): readonly string[] {
  const left = one.state === 'pending' ? `in ${span(Date.parse(one.expiresAt) - Date.now())}` : '-';
  return [one.id, one.state, left, whoOf(one), oneLine(one.target), oneLine(one.form)];
}

/** `Nora via react-agent`: the name the issuer has, and the agent that acts. */
export function whoOf(one: {
  readonly displayName: string;
  readonly subject: string;
  readonly actor: string | null;
}): string {
  const name = oneLine(one.displayName === '' ? one.subject : one.displayName);
  return one.actor === null ? name : `${name} via ${oneLine(one.actor)}`;
}

/** One access request in full: an approver must see exactly what would run. */
export function details(one: AccessRequest, { paint }: Pick<Terminal, 'paint'>): readonly string[] {
  const field = (name: string, value: string) => `${paint.dim(name.padEnd(11))}${value}`;
  const needs = one.requirements.map(({ group, seats }) => `${seats} of ${oneLine(group)}`).join(' and ');
  const lines = [
    field('request', `${one.id} (${one.state}${one.mode === 'return' ? ', to be sent again' : ''})`),
    field('who', `${whoOf(one)} (${oneLine(one.subject)})`),
    ...(one.task === null ? [] : [field('task', oneLine(one.task))]),
    ...(one.delegation.length === 0 ? [] : [field('through', one.delegation.map(oneLine).join(' < '))]),
    ...(one.tokenId === null ? [] : [field('token', oneLine(one.tokenId))]),
    field('target', oneLine(one.target)),
    field('session', oneLine(one.sessionId)),
    field('needs', needs),
    field('why', oneLine(one.reason)),
    ...shownLines(one.shown, field),
    field('expires', `${moment(one.expiresAt)} UTC`),
    field('digest', oneLine(one.digest)),
    field('runs', one.text === null ? '(erased; its form was:)' : ''),
    ...someLines(one.text ?? one.form).map((line) => `  ${line}`),
    ...(one.parameters ?? []).map((value, at) => field(`  $${at + 1}`, exactly(value))),
  ];
  for (const decision of one.decisions)
    lines.push(field(decision.verdict === 'approve' ? 'approved' : 'denied', said(decision)));
  return lines;
}

function said(decision: AccessRequest['decisions'][number]): string {
  const { approverName, approver, reason, decidedAt, grantSeconds, withdrawnAt } = decision;
  const grant = grantSeconds === null ? '' : `, for ${span(grantSeconds * 1_000)}`;
  const withdrawn = withdrawnAt === null ? '' : ' (counts no more: may not decide any more)';
  const why = reason === '' ? '' : `: ${oneLine(reason)}`;
  return `${moment(decidedAt)} by ${oneLine(approverName === '' ? approver : approverName)}${grant}${withdrawn}${why}`;
}

/** What people are shown beside the operation: every word of it may be an attacker's. */
export function shownLines(
  shown: AccessRequest['shown'],
  field: (name: string, value: string) => string,
): readonly string[] {
  const { touches, touchesLeftOut, rows, risk, policies, stated, history, grantSeconds } = shown;
  const first = new Set(history.first);
  const leftOut = touchesLeftOut === 0 ? [] : [field('', `and ${touchesLeftOut} more`)];
  const before =
    history.permitted + history.denied === 0
      ? 'nothing of it, since the gateway started'
      : `${history.permitted} permitted, ${history.denied} denied, since the gateway started`;
  return [
    ...(stated === '' ? [] : [field('said', oneLine(stated))]),
    ...touches.map((one, at) =>
      field(at === 0 ? 'touches' : '', `${oneLine(one)}${first.has(one) ? ' (for the first time)' : ''}`),
    ),
    ...leftOut,
    ...(rows === null ? [] : [field('rows', `up to ${Math.round(rows)}, by the target's statistics`)]),
    ...(risk === null ? [] : [field('risk', `${risk.score} of 100${reasons(risk.reasons)}`)]),
    ...(policies.length === 0 ? [] : [field('policies', policies.map((one) => oneLine(one)).join(', '))]),
    field('before', before),
    ...(grantSeconds === null
      ? []
      : [field('grantable', `for up to ${span(grantSeconds * 1_000)} (--grant)`)]),
  ];
}

function reasons(all: readonly string[]): string {
  return all.length === 0 ? '' : `: ${all.map((one) => oneLine(one)).join(', ')}`;
}
