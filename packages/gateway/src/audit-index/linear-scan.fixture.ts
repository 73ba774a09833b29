/** Logs to search, and what a search must answer, told the slow way; for tests only. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type EntryFields, openLog, readLog } from '@sallyport/audit-log';
import type { SearchFilter } from './filter.ts';
import type { IndexFile, IndexPlaces } from './index-file.ts';

export type Scanned = EntryFields;

/** Folders that are gone after the test. */
export function places(t: Pick<TestContext, 'after'>): IndexPlaces {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-index-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return { log: join(directory, 'audit'), directory: join(directory, 'index') };
}

/** Appends entries, a second apart from `from` on. */
export async function writeLog(
  log: string,
  entries: Iterable<EntryFields>,
  from = 1_000_000,
  segmentBytes = 1 << 20,
): Promise<void> {
  let now = from;
  const open = openLog(log, { checkpointMs: 0, segmentBytes, now: () => now });
  for (const entry of entries) {
    now += 1_000;
    open.append(entry);
  }
  await open.close();
}

export function caughtUp(index: IndexFile): IndexFile {
  while (!index.step().atEnd);
  return index;
}

export function scan(log: string): readonly Scanned[] {
  return [...readLog(log)].map(({ fields }) => fields);
}

const words = (text: string) =>
  text
    .toLowerCase()
    .split(/[^\p{L}\p{N}\p{M}_]+/u)
    .filter((word) => word !== '');
const list = (value: unknown): readonly string[] => (Array.isArray(value) ? value : []);

type Test = (entry: Scanned) => boolean;

/** One test for each thing asked for, times left out. */
function testsOf(filter: SearchFilter): readonly Test[] {
  const { table, action, policy, text } = filter;
  const tests: Test[] = [];
  for (const name of ['subject', 'actor', 'task', 'target', 'effect'] as const)
    if (filter[name] !== undefined) tests.push((entry) => entry[name] === filter[name]);
  if (action !== undefined) tests.push((entry) => list(entry.actions).includes(action));
  if (policy !== undefined) tests.push((entry) => list(entry.policies).includes(policy));
  if (table !== undefined)
    tests.push((entry) =>
      list(entry.tables).some(
        (one) => one === table || one.endsWith(`.${table}`) || one.split('.').includes('*'),
      ),
    );
  if (text !== undefined) {
    const wanted = words(text);
    if (wanted.length === 0) tests.push(() => false);
    for (const word of wanted)
      tests.push((entry) => typeof entry.form === 'string' && words(entry.form).includes(word));
  }
  return tests;
}

const isWithin = (time: unknown, { since = -Infinity, until = Infinity }: SearchFilter) =>
  Number(time) >= since && Number(time) < until;

const FOUND: readonly unknown[] = ['decision', 'authenticated', 'authentication-failed'];

/** `seq` of every decision and login that has all of it, newest first. */
export function scanOperations(entries: readonly Scanned[], filter: SearchFilter): readonly number[] {
  const tests = testsOf(filter);
  return entries
    .filter((entry) => FOUND.includes(entry.type) && isWithin(entry.time, filter))
    .filter((entry) => tests.every((passes) => passes(entry)))
    .map(({ seq }) => Number(seq))
    .reverse();
}

/** Id of every session that has all of it somewhere, the one that started last first. */
export function scanSessions(entries: readonly Scanned[], filter: SearchFilter): readonly string[] {
  const sessions = new Map<string, Scanned[]>();
  for (const entry of entries) {
    const { type, sessionId } = entry;
    if (typeof sessionId !== 'string') continue;
    if (type !== 'decision' && type !== 'session-started' && type !== 'session-ended') continue;
    const before = sessions.get(sessionId) ?? [];
    sessions.set(sessionId, [...before, entry]);
  }
  const tests = testsOf(filter);
  return [...sessions]
    .filter(([, own]) => isWithin(own[0]?.time, filter))
    .map(([id, own]) => [id, own.filter(({ type }) => type !== 'session-ended')] as const)
    .filter(([, own]) => own.length > 0 && tests.every((passes) => own.some(passes)))
    .map(([id]) => id)
    .reverse();
}

/** Every page of a search, put together. */
export function allPages<Found>(
  ask: (before: number | undefined) => { readonly found: readonly Found[]; readonly next: number | null },
): readonly Found[] {
  const all: Found[] = [];
  let before: number | undefined;
  for (;;) {
    const { found, next } = ask(before);
    all.push(...found);
    if (next === null) return all;
    before = next;
  }
}
