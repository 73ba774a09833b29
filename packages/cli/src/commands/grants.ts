import type { Grant } from '@sallyport/contract';
import { asking, type ControlPlaneOptions, PAGE_ROWS } from '../control-plane.ts';
import { table } from '../table.ts';
import { jsonText, oneLine, type Terminal } from '../terminal.ts';
import { moment, span } from '../time.ts';
import { whoOf } from './requests.ts';

export interface GrantsOptions extends ControlPlaneOptions {
  readonly json?: boolean;
  readonly past?: boolean;
}

/** Lists what people approved for a time. */
export async function grants(options: GrantsOptions, terminal: Terminal): Promise<void> {
  const query = { past: options.past === true, limit: PAGE_ROWS };
  const { grants } = await asking(options, terminal, (client) => client.listGrants(query));
  const found = grants;
  if (options.json === true) return terminal.out(jsonText(found, 2));
  if (found.length === 0)
    return terminal.err(
      options.past === true ? 'There are no grants you may see.' : 'Nothing is granted now.',
    );
  const headings = ['ID', 'LEFT', 'USES', 'WHO', 'TARGET', 'BY', 'WHAT'];
  for (const line of table(terminal, headings, found.map(row))) terminal.out(line);
  if (found.length === PAGE_ROWS) terminal.err(`There may be more: these are the newest ${PAGE_ROWS}.`);
}

/** Ends one. */
export async function revoke(
  id: string,
  options: GrantsOptions & { readonly reason: string },
  terminal: Terminal,
): Promise<void> {
  const one = await asking(options, terminal, (client) => client.revokeGrant({ id, reason: options.reason }));
  if (options.json === true) return terminal.out(jsonText(one, 2));
  terminal.out(
    `${terminal.paint.bad('revoked')} ${one.id}: ${scopeOf(one)} at ${oneLine(one.target)}, of ${whoOf(one)}`,
  );
}

function row(one: Grant): readonly string[] {
  const left = one.standing
    ? span(Date.parse(one.expiresAt) - Date.now())
    : `over ${moment(one.endedAt ?? one.expiresAt)}`;
  const by = one.approvers.map(({ name, subject }) => oneLine(name === '' ? subject : name)).join(', ');
  return [one.id, left, String(one.uses), whoOf(one), oneLine(one.target), by, scopeOf(one)];
}

function scopeOf({ scope }: Grant): string {
  return scope.map(({ action, type, path }) => oneLine(`${action} on ${type} ${path.join('/')}`)).join(', ');
}
