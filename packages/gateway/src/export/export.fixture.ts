/** An audit log with exports on it, for tests of this room only. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AuditEntry, type AuditLog, auditSection, createAudit } from '../audit/index.ts';
import { systemClock } from '../lib/clock.ts';
import { type Exports, openExports } from './exports.ts';
import { exportSection } from './section.ts';

/** A folder that is gone when the process is: a log in it may be closed after its test. */
export function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-export-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export interface Desk {
  readonly audit: AuditLog;
  /** What a data path is given. */
  readonly guarded: AuditLog;
  readonly exports: Exports;
  readonly faults: Error[];
  close(): Promise<void>;
}

/** Opens the log in a folder with these exports, as a gateway that starts does. */
export async function openDesk(
  directory: string,
  configs: readonly Readonly<Record<string, unknown>>[],
  {
    segmentBytes = 65_536,
    now = Date.now,
  }: { readonly segmentBytes?: number; readonly now?: () => number } = {},
): Promise<Desk> {
  const config = auditSection.parse({ directory: join(directory, 'audit'), segmentBytes });
  const audit = createAudit(config, { clock: systemClock });
  const faults: Error[] = [];
  const exports = await openExports(exportSection.parse(configs.map((one) => ({ ...QUICK, ...one }))), {
    log: audit,
    directory: config.directory,
    cursors: join(directory, 'export'),
    now,
    random: () => 0.5,
    report: (fault) => void faults.push(fault as Error),
  });
  return {
    audit,
    guarded: exports.guard(audit),
    exports,
    faults,
    async close() {
      await exports.close();
      await audit.close();
    },
  };
}

const QUICK = { retryMs: 20, retryMostMs: 100, timeoutMs: 2_000, batchEntries: 7 };

let count = 0;

/** An entry nobody takes for another: the mark is in its form. */
export function someEntry(more: Partial<AuditEntry> = {}): AuditEntry {
  count += 1;
  return {
    type: 'decision',
    effect: 'deny',
    form: `SELECT ${count} -- é\u009b`,
    target: 'db',
    protocol: 'postgres',
    ...more,
  };
}

export function append(audit: AuditLog, entries: number): void {
  for (let n = 0; n < entries; n += 1) audit.append(someEntry());
}

/** The numbers of entries in the order in which each was first seen, given them all. */
export function firstSeen(seqs: readonly number[]): number[] {
  return [...new Set(seqs)];
}

export function numbers(count_: number): number[] {
  return Array.from({ length: count_ }, (_, seq) => seq);
}
