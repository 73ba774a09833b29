/** What the tests of this room record with: a real log, a real folder. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type AuditLog, auditSection, createAudit } from '../audit/index.ts';
import { systemClock } from '../lib/clock.ts';
import type { Fault } from '../lib/fault.ts';
import { type RecordingConfig, recordingSection } from './config.ts';
import { createRecorder } from './file-recorder.ts';
import type { OperationResult, RecordedOperation, Recorder, RecordingHeader } from './recording.ts';
import type { Disk } from './recording-file.ts';

export interface TryOut {
  readonly directory: string;
  readonly auditDirectory: string;
  readonly audit: AuditLog;
  readonly recorder: Recorder;
  /** What was reported. */
  readonly faults: readonly Fault[];
  close(): Promise<void>;
}

export function tryOut(t: TestContext, config: Partial<RecordingConfig> = {}, disk?: Disk): TryOut {
  const root = mkdtempSync(join(tmpdir(), 'sallyport-recording-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  return tryOutIn(root, config, disk);
}

export function tryOutIn(root: string, config: Partial<RecordingConfig> = {}, disk?: Disk): TryOut {
  const directory = join(root, 'recordings');
  const faults: Fault[] = [];
  const auditDirectory = join(root, 'audit');
  const audit = createAudit(auditSection.parse({ directory: auditDirectory }), { clock: systemClock });
  const recorder = createRecorder(recordingSection.parse({ directory, flushMs: 10, ...config }), {
    clock: systemClock,
    audit,
    onFailure: (fault) => void faults.push(fault),
    ...(disk === undefined ? {} : { disk }),
  });
  const close = async (): Promise<void> => {
    await recorder.close();
    await audit.close();
  };
  return { directory, auditDirectory, audit, recorder, faults, close };
}

export function header(sessionId: string): RecordingHeader {
  return {
    sessionId,
    startedAt: Date.UTC(2026, 0, 2, 3, 4, 5),
    identity: {
      subject: 'main|1',
      displayName: 'agent \u202e operator',
      groups: ['agents'],
      actor: 'agent-7',
      task: null,
      kind: 'machine',
      expiresAt: 1,
      aliases: ['main|1'],
      tokenId: '',
      ...{ delegation: [], scope: null, confirmation: null, mayAct: null },
    },
    target: 'shop',
    facet: 'shop',
    protocol: 'postgres',
    client: 'psql',
    salt: '00ff',
  };
}

export function operation(text: string, changes: Partial<RecordedOperation> = {}): RecordedOperation {
  return {
    evaluationId: 'e1',
    text,
    form: 'SELECT $1',
    parameters: [],
    effect: 'permit',
    policies: ['read'],
    policyVersion: 'v1',
    reason: '',
    obligations: ['mask'],
    requestId: null,
    heldMs: 0,
    ...changes,
  };
}

export const done: OperationResult = { outcome: 'completed', rows: 1, bytes: 5, status: 'SELECT 1' };
