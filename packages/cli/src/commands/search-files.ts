/** Searching, and making the index anew, with the files alone: no gateway has to run. */
import { LogError, segmentSizes } from '@sallyport/audit-log';
import {
  type AuditOperationPage,
  type AuditSearchQuery,
  type AuditSessionPage,
  auditSearchQuerySchema,
} from '@sallyport/contract';
import type { IndexFile } from '@sallyport/gateway';
import { exitCode, Failure } from '../failure.ts';
import type { Terminal } from '../terminal.ts';
import { type FolderOptions, foldersOf } from './audit-log.ts';
import { progressOf } from './progress.ts';

type PageOf<What> = What extends 'operations' ? AuditOperationPage : AuditSessionPage;

/** A page of what the files hold. Indexes first what is not indexed yet. */
export async function searchFiles<What extends 'operations' | 'sessions'>(
  options: FolderOptions,
  query: AuditSearchQuery,
  what: What,
  terminal: Terminal,
): Promise<PageOf<What>> {
  const parsed = auditSearchQuerySchema.safeParse(query);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Failure(exitCode.usage, `--${issue?.path.join('.')} cannot be used: it ${issue?.message}.`);
  }
  const { limit, cursor, since, until, ...values } = parsed.data;
  const timeOf = (text: string | undefined) => (text === undefined ? undefined : Date.parse(text));
  const filter = { ...values, since: timeOf(since), until: timeOf(until) };
  const page = { limit, before: cursor === undefined ? undefined : Number(cursor) };
  return withIndex(options, (index, log) => {
    catchUp(index, log, terminal);
    const { found, next, complete } = index[what](filter, page);
    const shown = found.map((one) => withTimes(one));
    return { [what]: shown, next: next === null ? null : String(next), complete } as unknown as PageOf<What>;
  });
}

/** Makes the index anew from the log. */
export async function reindex(options: FolderOptions, terminal: Terminal): Promise<void> {
  await withIndex(options, (index, log) => {
    const started = performance.now();
    index.clear();
    const entries = catchUp(index, log, terminal);
    const seconds = ((performance.now() - started) / 1_000).toFixed(1);
    terminal.out(`indexed ${entries} entries of the audit log in ${seconds} s`);
  });
}

async function withIndex<T>(options: FolderOptions, work: (index: IndexFile, log: string) => T): Promise<T> {
  const folders = await foldersOf(options);
  const { IndexFile } = await import('@sallyport/gateway');
  const index = new IndexFile({ log: folders.audit, directory: folders.index });
  try {
    return work(index, folders.audit);
  } catch (cause) {
    if (!(cause instanceof LogError)) throw cause;
    throw new Failure(
      exitCode.failed,
      `The audit log cannot be indexed further: ${cause.message}. Look at it with "sallyport audit verify".`,
      { cause },
    );
  } finally {
    index.close();
  }
}

/** Indexes what is not indexed yet; gives how many entries that were. */
function catchUp(index: IndexFile, log: string, terminal: Terminal): number {
  const sizes = segmentSizes(log);
  const total = sizes.reduce((sum, [, bytes]) => sum + bytes, 0);
  let entries = 0;
  const tell = progressOf(terminal, undefined, 'indexed');
  for (;;) {
    const step = index.step();
    entries += step.entries;
    if (step.atEnd) return entries;
    tell(Math.min(total, index.bytesRead(sizes)), total);
  }
}

function withTimes(one: object): object {
  const times = Object.entries(one).map(([name, value]) =>
    ['time', 'startedAt', 'endedAt'].includes(name) && typeof value === 'number'
      ? [name, new Date(value).toISOString()]
      : [name, value],
  );
  return Object.fromEntries(times);
}
