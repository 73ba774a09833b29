import { join } from 'node:path';
import { type AuditLog, createAudit, type OpenedAudit } from '../audit/index.ts';
import { type AuditIndex, createAuditIndex } from '../audit-index/index.ts';
import { configurationEntry, type GatewayConfig } from '../config/index.ts';
import { type Exports, openExports } from '../export/index.ts';
import type { Clock } from '../lib/clock.ts';
import type { Metrics } from '../metrics/index.ts';
import { type Closing, ownedBy } from './closing.ts';

export interface OpenedLog {
  readonly auditIndex: AuditIndex;
  /** What opening the log set aside, in bytes: for the record. */
  readonly cutBytes: number;
  readonly exports: Exports;
  /** The log as everyone appends to it: counted, and closed to what permits while an export is too far behind. */
  readonly audit: AuditLog;
  readonly lastEntry: ReturnType<typeof createAudit>['lastEntry'];
}

/** The audit log with what reads it. */
export async function openLog(
  config: GatewayConfig,
  {
    clock,
    report,
    audit: replacement,
  }: { readonly clock: Clock; readonly audit?: OpenedAudit | undefined; report(fault: unknown): void },
  metrics: Metrics,
  closing: Closing,
): Promise<OpenedLog> {
  const owned = ownedBy(closing);
  const onTrouble = (fault: unknown): void => report(fault ?? 'the audit log is on disk again, and goes on');
  const log = owned(
    replacement ?? createAudit(config.audit, { clock, onCheckpointFailure: report, onTrouble }),
  );
  const { lastEntry } = log;
  const exports = owned(
    await openExports(config.audit.export, {
      log,
      directory: config.audit.directory,
      cursors: join(config.dataDirectory, 'export'),
      now: clock.now,
      random: Math.random,
      report,
    }),
  );
  const audit = exports.guard(metrics.watchLog(log));
  closing.unshift(() => audit.append({ type: 'gateway-stopped' }));
  audit.append(configurationEntry(config.digests, lastEntry('configuration-loaded')));
  const auditIndex = owned(
    createAuditIndex({ log: config.audit.directory, directory: config.auditIndex.directory }, { report }),
  );
  return { audit, lastEntry, cutBytes: log.cutBytes, auditIndex, exports };
}
