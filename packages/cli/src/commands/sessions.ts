import { rowsOf, type Session } from '@sallyport/contract';
import { asking, type ControlPlaneOptions, MOST_ROWS, PAGE_ROWS } from '../control-plane.ts';
import { exitCode, Failure } from '../failure.ts';
import { table } from '../table.ts';
import { jsonText, oneLine, type Terminal } from '../terminal.ts';
import { moment, span } from '../time.ts';
import { isLocal, queryOf, type SearchOptions, searchSessions } from './audit-search.ts';
import { whoOf } from './requests.ts';

export interface SessionsOptions extends SearchOptions {
  readonly open?: boolean;
  readonly all?: boolean;
}

/** Lists sessions, newest first: those the gateway lists, or those of the whole audit log. */
export async function sessions(options: SessionsOptions, terminal: Terminal): Promise<void> {
  if (
    options.all === true ||
    isLocal(options) ||
    Object.values(queryOf(options)).some((value) => value !== undefined)
  ) {
    if (options.open !== true) return searchSessions(options, terminal);
    throw new Failure(
      exitCode.usage,
      '--open lists what is open now: it goes with no filter, and not with --all.',
    );
  }
  const query = options.open === true ? { open: true } : {};
  const found = await asking(options, terminal, (client) =>
    rowsOf(
      (at) => client.listSessions({ ...query, ...at, limit: PAGE_ROWS }),
      (page) => page.sessions,
      MOST_ROWS,
    ),
  );
  if (options.json === true) return terminal.out(jsonText(found, 2));
  if (found.length === 0) return terminal.err('There are no sessions you may see.');
  const headings = ['ID', 'STARTED (UTC)', 'LASTED', 'OPS', 'PROTOCOL', 'TARGET', 'WHO'];
  for (const line of table(terminal, headings, found.map(row))) terminal.out(line);
}

/** Ends one session. */
export async function kill(
  id: string,
  options: ControlPlaneOptions & { readonly reason: string },
  terminal: Terminal,
): Promise<void> {
  const one = await asking(options, terminal, (client) => client.endSession({ id, reason: options.reason }));
  terminal.out(`ended ${oneLine(one.id)}: ${whoOf(one)} at ${oneLine(one.target)}`);
}

function row(one: Session): readonly string[] {
  const lasted = one.endedAt === null ? 'open' : span(Date.parse(one.endedAt) - Date.parse(one.startedAt));
  const target = one.facet === '' ? one.target : `${one.target}/${one.facet}`;
  const operations = one.endedAt === null ? '-' : String(one.operations);
  return [
    one.id,
    moment(one.startedAt),
    lasted,
    operations,
    oneLine(one.protocol),
    oneLine(target),
    whoOf(one),
  ];
}
