import type {
  AuditOperation,
  AuditOperationPage,
  AuditSearchQuery,
  AuditSession,
  AuditSessionPage,
} from '@sallyport/contract';
import { asking, type ControlPlaneOptions } from '../control-plane.ts';
import { table } from '../table.ts';
import { jsonText, oneLine, type Terminal } from '../terminal.ts';
import { moment, span } from '../time.ts';
import type { FolderOptions } from './audit-log.ts';
import { searchFiles } from './search-files.ts';

export interface SearchOptions extends ControlPlaneOptions, FolderOptions, AuditSearchQuery {
  readonly json?: boolean;
}

/** Finds decisions and logins in the audit log, newest first. */
export async function searchOperations(options: SearchOptions, terminal: Terminal): Promise<void> {
  const page: AuditOperationPage = isLocal(options)
    ? await searchFiles(options, queryOf(options), 'operations', terminal)
    : await asking(options, terminal, (client) => client.searchOperations(queryOf(options)));
  if (options.json === true) return terminal.out(jsonText(page, 2));
  if (page.operations.length === 0) terminal.err('Nothing in the audit log has all of that.');
  else {
    const headings = ['TIME (UTC)', 'EFFECT', 'WHO', 'TARGET', 'SESSION', 'POLICY', 'WHAT'];
    for (const line of table(terminal, headings, page.operations.map(operationRow))) terminal.out(line);
  }
  sayWhatIsLeft(page, terminal);
}

/** Finds sessions in the audit log, newest first. */
export async function searchSessions(options: SearchOptions, terminal: Terminal): Promise<void> {
  const page: AuditSessionPage = isLocal(options)
    ? await searchFiles(options, queryOf(options), 'sessions', terminal)
    : await asking(options, terminal, (client) => client.searchSessions(queryOf(options)));
  if (options.json === true) return terminal.out(jsonText(page, 2));
  if (page.sessions.length === 0) terminal.err('No session in the audit log has all of that.');
  else {
    const headings = ['ID', 'STARTED (UTC)', 'LASTED', 'PERMITS', 'DENIES', 'PROTOCOL', 'TARGET', 'WHO'];
    for (const line of table(terminal, headings, page.sessions.map(sessionRow))) terminal.out(line);
  }
  sayWhatIsLeft(page, terminal);
}

/** The filters that were given; only these, so that nothing else of the options is sent. */
export function queryOf(options: AuditSearchQuery): AuditSearchQuery {
  const { subject, actor, task, target, table: touched, action, effect, policy, text } = options;
  const { since, until, limit, cursor } = options;
  const query = { subject, actor, task, target, table: touched, action, effect, policy, text };
  return { ...query, since, until, limit, cursor };
}

export function isLocal({ data, config }: FolderOptions): boolean {
  return data !== undefined || config !== undefined;
}

function operationRow(one: AuditOperation): readonly string[] {
  return [
    moment(one.time),
    oneLine(one.effect ?? '-'),
    whoOf(one),
    oneLine(one.target ?? '-'),
    oneLine(one.sessionId ?? '-'),
    oneLine(one.policies.join(' ')) || '-',
    oneLine(one.form ?? (one.type === 'decision' ? '-' : one.type)),
  ];
}

function sessionRow(one: AuditSession): readonly string[] {
  const target = one.facet === '' ? (one.target ?? '-') : `${one.target}/${one.facet}`;
  return [
    oneLine(one.id),
    moment(one.startedAt),
    one.endedAt === null ? '-' : span(Date.parse(one.endedAt) - Date.parse(one.startedAt)),
    String(one.permitted),
    String(one.denied),
    oneLine(one.protocol ?? '-'),
    oneLine(target),
    whoOf(one),
  ];
}

function whoOf({ subject, actor }: Pick<AuditSession, 'subject' | 'actor'>): string {
  const name = oneLine(subject ?? '-');
  return actor === null ? name : `${name} via ${oneLine(actor)}`;
}

function sayWhatIsLeft(
  { next, complete }: Pick<AuditSessionPage, 'next' | 'complete'>,
  terminal: Terminal,
): void {
  if (next !== null) terminal.err(`There is more: go on with --cursor ${next}.`);
  if (!complete) terminal.err('The newest entries are not in the index yet: ask again in a moment.');
}
