/** The index of the audit log: how fast it is made, and how long a search takes, for each filter and each pair of them. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { segmentSizes } from '@sallyport/audit-log';
import { IndexFile, type SearchFilter } from '../packages/gateway/src/audit-index/index.ts';
import { writeSyntheticLog } from './synthetic-log.ts';
import { printTable } from './table.ts';

const PAGE = { limit: 50 };
/** Searches for each figure, over the values of its filter. */
const SEARCHES = 60;

/** Common, middling, rare and absent values of each filter: what a p95 is taken over. */
const VALUES: Readonly<Record<string, readonly SearchFilter[]>> = {
  subject: of('subject', ['corp|person-0', 'corp|person-7', 'corp|person-1234', 'corp|nobody']),
  actor: of('actor', ['agent-0', 'agent-7', 'agent-49', 'agent-none']),
  task: of('task', ['ticket-1', 'ticket-777', 'ticket-4999', 'ticket-none']),
  target: of('target', ['warehouse', 'db-1', 'db-39', 'db-none']),
  table: of('table', ['t_0', 'public.t_1', 'shop.public.t_399', 't_none']),
  action: of('action', ['select', 'update', 'delete', 'none']),
  effect: [{ effect: 'permit' }, { effect: 'deny' }],
  policy: of('policy', ['no-deletes', 'team-0', 'team-29', 'none']),
  text: of('text', ['select', 'updated_at returning', 't_1 ref_7', 'nothing_such']),
  time: [
    { since: Date.UTC(2026, 1, 10), until: Date.UTC(2026, 1, 11) },
    { until: Date.UTC(2026, 1, 2) },
    { since: Date.UTC(2026, 1, 28) },
  ],
};

function of(name: keyof SearchFilter, values: readonly string[]): readonly SearchFilter[] {
  return values.map((value) => ({ [name]: value }));
}

export async function benchIndex(entries: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-bench-index-'));
  const places = { log: join(directory, 'audit'), directory: join(directory, 'index') };
  try {
    await writeSyntheticLog(places.log, entries);
    const index = new IndexFile(places);
    makeIndex(index, places);
    const names = Object.keys(VALUES);
    const rows = names.flatMap((name, at) =>
      names.slice(at).map((other) => figures(index, name, other, name === other)),
    );
    printTable(
      'a page of 50, newest first, in milliseconds',
      ['filter', 'p50', 'p95', 'longest', 'sessions p95'],
      rows.sort((one, other) => Number(other[2]) - Number(one[2])),
    );
    index.close();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function makeIndex(index: IndexFile, places: { readonly log: string; readonly directory: string }): void {
  const started = performance.now();
  const before = process.cpuUsage();
  let entries = 0;
  let longest = 0;
  for (;;) {
    const from = performance.now();
    const step = index.step();
    longest = Math.max(longest, performance.now() - from);
    entries += step.entries;
    if (step.atEnd) break;
  }
  const seconds = (performance.now() - started) / 1_000;
  const { user, system } = process.cpuUsage(before);
  const logBytes = segmentSizes(places.log).reduce((sum, [, bytes]) => sum + bytes, 0);
  const file = statSync(join(places.directory, 'audit-index.db')).size;
  printTable(
    'making it',
    ['entries', 'entries/s', 'CPU µs/entry', 'longest batch ms', 'log MB', 'index MB'],
    [
      [
        String(entries),
        (entries / seconds).toFixed(0),
        ((user + system) / entries).toFixed(1),
        longest.toFixed(0),
        (logBytes / 1e6).toFixed(0),
        (file / 1e6).toFixed(0),
      ],
    ],
  );
}

function figures(index: IndexFile, name: string, other: string, isOne: boolean): readonly string[] {
  const filters = isOne
    ? (VALUES[name] ?? [])
    : (VALUES[name] ?? []).flatMap((one) => (VALUES[other] ?? []).map((two) => ({ ...one, ...two })));
  const times: number[] = [];
  const sessionTimes: number[] = [];
  for (let at = 0; at < Math.max(SEARCHES, filters.length); at += 1) {
    const filter = filters[at % filters.length] ?? {};
    times.push(timed(() => index.operations(filter, PAGE)));
    sessionTimes.push(timed(() => index.sessions(filter, PAGE)));
  }
  const label = isOne ? name : `${name} + ${other}`;
  return [label, at(times, 0.5), at(times, 0.95), at(times, 1), at(sessionTimes, 0.95)];
}

function timed(work: () => unknown): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}

function at(times: readonly number[], part: number): string {
  const sorted = [...times].sort((one, other) => one - other);
  return (sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] ?? NaN).toFixed(2);
}
