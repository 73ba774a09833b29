/** A control plane on a real store, a real approval room and a real provider, for tests only. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLog } from '@sallyport/audit-log';
import { startTestProvider, TEST_AUDIENCE } from '../../../../test/fixtures/oidc-provider.ts';
import { approvalSection, createApprovals } from '../approval/index.ts';
import type { AuditEntry } from '../audit/index.ts';
import { createAuditIndex } from '../audit-index/index.ts';
import { containmentSection, openContainment } from '../containment/index.ts';
import { createIdentityProvider, identitySection } from '../identity/index.ts';
import { systemClock } from '../lib/clock.ts';
import { Fault } from '../lib/fault.ts';
import type { Retention } from '../recording/index.ts';
import { openStorage, storageSection } from '../storage/index.ts';
import { createControlPlane } from './control-plane.ts';
import { controlPlaneSection } from './section.ts';

export type House = Awaited<ReturnType<typeof startHouse>>;

export async function startHouse(section: Record<string, unknown> = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-control-'));
  const provider = await startTestProvider();
  const issuers = [{ name: 'test', issuer: provider.issuer, audience: TEST_AUDIENCE }];
  const identity = createIdentityProvider(identitySection.parse({ issuers }), { clock: systemClock });
  const storage = await openStorage(storageSection.parse({ directory }), { clock: systemClock });
  const entries: AuditEntry[] = [];
  const faults: unknown[] = [];
  const ended: string[] = [];
  const held: string[] = [];
  const audit = { append: (entry: AuditEntry) => void entries.push(entry) };
  const report = (fault: unknown) => void faults.push(fault);
  const surroundings = { storage, clock: systemClock, audit, random: counted(), report };
  const approvals = createApprovals({ config: approvalSection.parse({}), ...surroundings });
  const containment = await openContainment({
    ...{ config: containmentSection.parse({}), table: storage.revocations, clock: systemClock, report },
    ...{ audit: { ...audit, synced: async () => undefined }, random: counted(), targets: ['shop'] },
    ...{ log: { publicKey: 'test', size: 0 }, directory: join(directory, 'no-log') },
  });
  const auditIndex = await startIndex(directory, report);
  const config = controlPlaneSection.parse({
    listen: '127.0.0.1:0',
    roles: { auditors: ['auditors'], operators: ['security'] },
    requestsPerMinute: 100_000,
    ...section,
  });
  const plane = createControlPlane(config, {
    identity: containment.guard(identity),
    approvals,
    sessions: storage.sessions,
    auditIndex,
    audit,
    clock: systemClock,
    report,
    containment,
    endSessions: (named, reason) => {
      ended.push(`${JSON.stringify(named)}: ${reason}`);
      return 2;
    },
    endSession: (id, reason) => {
      ended.push(`${id}: ${reason}`);
      return id === 'alices';
    },
    readSession: readTestSession,
    retention: retentionInto(held),
    exports: () => [],
  });

  const { address } = await plane.listen();
  return {
    address,
    provider,
    storage,
    approvals,
    identity,
    auditIndex,
    containment,
    entries,
    faults,
    /** Sessions that were ended by command, with the reason. */
    ended,
    /** What was held and released. */
    held,
    /** A pending access request of this caller's. */
    async ask(token: string) {
      return approvals.open({ identity: await identity.authenticate(token), ...ASKED });
    },
    async startSession(id: string, subject: string, actor: string | null) {
      const who = { id, subject, display_name: subject, actor, recording: `${id}.rec` };
      await storage.sessions.started({ ...who, ...STARTED });
    },
    async close() {
      await plane.close();
      await auditIndex.close();
      await approvals.close();
      await storage.close();
      await provider.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Numbers in place of randomness, so that ids are the same in every run. */
function counted(): () => string {
  let count = 0;
  return () => {
    count += 1;
    return String(count).padStart(16, '0');
  };
}

function retentionInto(held: string[]): Pick<Retention, 'hold' | 'release'> {
  return {
    hold: async (id, { subject }, reason) => void held.push(`hold ${id} ${subject}: ${reason}`),
    release: async (id, { subject }, reason) => void held.push(`release ${id} ${subject}: ${reason}`),
  };
}

/** An index of a log in which alice's agent once asked for something. */
async function startIndex(directory: string, report: (fault: unknown) => void) {
  const log = openLog(join(directory, 'audit'));
  const who = { sessionId: 'alices', subject: 'test|alice', actor: 'agent-7', target: 'shop' };
  log.append({
    type: 'session-started',
    ...who,
    protocol: 'postgres',
    facts: { client: 'psql', facet: 'db' },
  });
  log.append({
    type: 'decision',
    ...who,
    effect: 'deny',
    form: 'DELETE FROM orders',
    tables: ['db.public.orders'],
  });
  await log.close();
  return createAuditIndex({ log: log.directory, directory: join(directory, 'index') }, { report });
}

async function* readTestSession(id: string): AsyncGenerator<object> {
  if (id === 'broken') {
    yield { type: 'header', sessionId: id };
    throw new Fault('recording-unavailable', 'The recording is damaged.');
  }
  if (id !== 'alices') throw new Fault('not-found', 'There is no recording of this session.');
  yield { type: 'header', sessionId: id };
  yield { type: 'operation', text: 'SELECT 1' };
}

const ASKED = {
  sessionId: 'alices',
  target: 'shop',
  digest: 'd',
  text: 'DELETE FROM orders',
  form: 'DELETE FROM orders',
  parameters: [],
  reason: 'writes ask',
  requirements: [{ group: 'dba', seats: 1 }],
};

const STARTED = {
  task: null,
  target: 'shop',
  facet: 'db',
  protocol: 'postgres',
  client: 'psql',
  started_at: 1,
};
