import {
  type EntryFields,
  type Log,
  LogError,
  type LogFiles,
  openLog,
  type Stamp,
} from '@sallyport/audit-log';
import type { Clock } from '../lib/clock.ts';
import { Fault } from '../lib/fault.ts';
import { type AuditEntry, type AuditLog, ENTRY_VERSION } from './audit.ts';
import type { AuditConfig } from './config.ts';
import { LastEntries, type LastEntry } from './last-entries.ts';

export interface AuditDeps {
  readonly clock: Clock;
  /** Told of checkpoints that could not be made; entries are appended all the same. */
  readonly onCheckpointFailure?: (fault: Fault) => void;
  /** Told when the disk refuses a sync, from when on nothing is appended, and with null when the log goes on by itself. */
  readonly onTrouble?: (fault: Fault | null) => void;
  /** What changes the files of the log; the system's, but in tests. */
  readonly files?: LogFiles;
}

/** The log as it was found. */
export interface OpenedAudit extends AuditLog {
  readonly lastEntry: LastEntry;
  /** Bytes of torn writes that were set aside, in files beside the log's: what was never acknowledged. */
  readonly cutBytes: number;
}

/** Opens the audit log of this replica. Fault `audit-unavailable` when it cannot be, or when it was tampered with. */
export function createAudit(config: AuditConfig, deps: AuditDeps): OpenedAudit {
  const { clock, onCheckpointFailure, onTrouble, files } = deps;
  const last = new LastEntries();
  const log = faulty(() =>
    openLog(config.directory, {
      origin: config.origin,
      segmentBytes: config.segmentBytes,
      checkpointMs: config.checkpointMs,
      now: () => clock.now(),
      onFound: (entry) => last.see(entry),
      onCheckpointFailure: (error) => onCheckpointFailure?.(unavailable(error)),
      onTrouble: (error) => onTrouble?.(error === null ? null : unavailable(error)),
      ...(files === undefined ? {} : { files }),
    }),
  );
  return new FileAudit(log, config, (type) => last.of(type));
}

class FileAudit implements OpenedAudit {
  readonly publicKey: string;
  readonly durability: 'write' | 'sync';
  readonly lastEntry: LastEntry;
  readonly #log: Log;
  readonly #formBytes: number;

  constructor(log: Log, config: AuditConfig, lastEntry: LastEntry) {
    this.#log = log;
    this.lastEntry = lastEntry;
    this.#formBytes = config.formBytes;
    this.publicKey = log.publicKey;
    this.durability = config.durability;
  }

  get cutBytes(): number {
    return this.#log.cutBytes;
  }

  get size(): number {
    return this.#log.size;
  }

  append(entry: AuditEntry): void {
    try {
      this.#log.append(inKeyOrder(entry, this.#log.next(), this.#formBytes));
    } catch (error) {
      throw unavailable(error);
    }
  }

  async synced(): Promise<void> {
    try {
      await this.#log.synced();
    } catch (error) {
      throw unavailable(error);
    }
  }

  async close(): Promise<void> {
    try {
      await this.#log.close();
    } catch (error) {
      throw unavailable(error);
    }
  }
}

/** Exactly the fields of `AuditEntry`, in canonical order: nothing unclassified can slip in, and nothing needs sorting. */
function inKeyOrder(entry: AuditEntry, stamp: Stamp, formBytes: number): EntryFields {
  return {
    actions: entry.actions,
    actor: entry.actor,
    delegation: entry.delegation,
    digest: entry.digest,
    effect: entry.effect,
    evaluationId: entry.evaluationId,
    facts: entry.facts,
    form: entry.form === undefined ? undefined : bounded(entry.form, formBytes),
    obligations: entry.obligations,
    policies: entry.policies,
    policyVersion: entry.policyVersion,
    protocol: entry.protocol,
    reason: entry.reason === undefined ? undefined : bounded(entry.reason, formBytes),
    requestId: entry.requestId,
    seq: stamp.seq,
    sessionId: entry.sessionId,
    subject: entry.subject,
    tables: entry.tables,
    target: entry.target,
    task: entry.task,
    time: stamp.time,
    tokenId: entry.tokenId,
    type: entry.type,
    v: ENTRY_VERSION,
  };
}

/** Form and reason can be as long as a client's statement; the digest still stands for all of it. */
function bounded(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}… (${text.length - limit} more left out)`;
}

function faulty<T>(open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw unavailable(error);
  }
}

function unavailable(error: unknown): Fault {
  const reason = error instanceof LogError ? error.message : String(error);
  return new Fault('audit-unavailable', `the audit log is not available: ${reason}`, { cause: error });
}
