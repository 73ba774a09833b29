import { rowsOf, type Session } from '@sallyport/contract';
import { asking, type ControlPlaneOptions, MOST_ROWS, PAGE_ROWS } from '../control-plane.ts';
import { exitCode, Failure } from '../failure.ts';
import { table } from '../table.ts';
import { jsonText, oneLine, type Terminal } from '../terminal.ts';
import { moment, span } from '../time.ts';
import { isLocal, queryOf, type SearchOptions, searchSessions } from './audit-search.ts';
import { whoOf } from './requests.ts';
import { sessionsEnded } from './revoke.ts';

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
  for (const line of table(terminal, ...columnsOf(found))) terminal.out(line);
}

/** Which gateway each is at is shown where there are several. */
function columnsOf(found: readonly Session[]): readonly [headings: string[], rows: string[][]] {
  const isOne = new Set(found.map(({ replica }) => replica)).size < 2;
  const gateway = (cell: string) => (isOne ? [] : [cell]);
  const headings = [
    'ID',
    'STARTED (UTC)',
    'LASTED',
    'OPS',
    'PROTOCOL',
    'TARGET',
    ...gateway('GATEWAY'),
    'WHO',
  ];
  return [headings, found.map((one) => row(one, gateway(oneLine(one.replica))))];
}

export interface KillOptions extends ControlPlaneOptions {
  readonly reason: string;
  readonly subject?: string;
  readonly actor?: string;
  readonly task?: string;
  readonly target?: string;
  readonly all?: boolean;
}

/** Ends one session, or all that have what is named. */
export async function kill(id: string | undefined, options: KillOptions, terminal: Terminal): Promise<void> {
  const { reason, subject, actor, task, target, all } = options;
  const filter = Object.fromEntries(
    Object.entries({ subject, actor, task, target }).filter(([, value]) => value !== undefined),
  );
  const isFiltered = Object.keys(filter).length > 0;
  if ([id !== undefined, isFiltered, all === true].filter(Boolean).length !== 1) {
    throw new Failure(
      exitCode.usage,
      'Say which: the id of one session, or --subject, --actor, --task and --target, or --all.',
    );
  }
  if (id !== undefined) {
    const one = await asking(options, terminal, (client) => client.endSession({ id, reason }));
    return terminal.out(`ended ${oneLine(one.id)}: ${whoOf(one)} at ${oneLine(one.target)}`);
  }
  const body = isFiltered ? { ...filter, reason } : { all: true as const, reason };
  const { ended, problems } = await asking(options, terminal, (client) => client.endSessions(body));
  if (problems.length > 0)
    throw new Failure(exitCode.failed, `${sessionsEnded(ended)}, but ${problems.map(oneLine).join('; ')}`);
  if (ended === 0)
    throw new Failure(exitCode.refused, 'No open session has that. See "sallyport sessions --open".');
  terminal.out(sessionsEnded(ended));
}

function row(one: Session, gateway: readonly string[]): string[] {
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
    ...gateway,
    whoOf(one),
  ];
}
