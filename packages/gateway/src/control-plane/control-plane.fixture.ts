/** A control plane on a real store, a real approval room and a real provider, for tests only. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLog } from '@sallyport/audit-log';
import { startTestProvider, TEST_AUDIENCE } from '../../../../test/fixtures/oidc-provider.ts';
import { testStore } from '../../../../test/fixtures/store.ts';
import {
  type AccessRequestSubject,
  type ApprovalRoom,
  approvalSection,
  createApprovals,
  NOTHING_SHOWN,
} from '../approval/index.ts';
import type { AuditEntry } from '../audit/index.ts';
import { createAuditIndex } from '../audit-index/index.ts';
import { type Containment, containmentSection, openContainment } from '../containment/index.ts';
import {
  createIdentityProvider,
  type IdentityProvider,
  identitySection,
  TaskTokenIssuer,
} from '../identity/index.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { Fault } from '../lib/fault.ts';
import { notificationSection, openNotifications } from '../notification/index.ts';
import type { Retention } from '../recording/index.ts';
import { createSignIn, signInSection, withSessions } from '../sign-in/index.ts';
import { createStepUp, stepUpSection } from '../step-up/index.ts';
import { createRowSeals, type Storage } from '../storage/index.ts';
import { createControlPlane } from './control-plane.ts';
import { controlPlaneSection } from './section.ts';

export type House = Awaited<ReturnType<typeof startHouse>>;

/** Sections for telling people, and for passkeys; without the latter there are none. */
interface PeopleSections {
  readonly notification?: object;
  readonly stepUp?: object;
}

export async function startHouse(
  section: Record<string, unknown> = {},
  clock: Clock = systemClock,
  people: PeopleSections = {},
) {
  const rooms = await openRooms(clock, people);
  const { directory, provider, storage, approvals, identity, auditIndex, ended, held, checks } = rooms;
  const plane = createControlPlane(controlPlaneSection.parse({ ...SECTION, ...section }), {
    ...rooms,
    exchange: null,
    clock,
    sessions: storage.sessions,
    endSessions: async (named, reason) => {
      ended.push(`${JSON.stringify(named)}: ${reason}`);
      return { ended: 2, problems: [] };
    },
    endSession: (id, reason) => ended.push(`${id}: ${reason}`) > 0 && id === 'alices',
    readSession: readTestSession,
    retention: retentionInto(held),
    exports: () => [],
    idempotency: storage.idempotency,
    health: async () => checks,
    metrics: () => '# EOF\n',
    checkAnswers: true,
  });
  const { address } = await plane.listen();
  return {
    ...rooms,
    address,
    ...granting(approvals, identity),
    startSession: (id: string, subject: string, actor: string | null) =>
      storage.sessions.record({ started: [startedSession(id, subject, actor)] }),
    async close() {
      await plane.close();
      await auditIndex.close();
      await approvals.close();
      await rooms.notifications.close();
      await rooms.containment.close();
      await storage.close();
      await provider.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** What stands behind the control plane, and what it was told. */
async function openRooms(clock: Clock, sections: PeopleSections) {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-control-'));
  const provider = await startTestProvider();
  const issuers = [{ name: 'test', issuer: provider.issuer, audience: TEST_AUDIENCE }];
  const storage = await testStore(directory, { clock });
  const entries: AuditEntry[] = [];
  const faults: unknown[] = [];
  const log = { isFull: false };
  const audit = logInto(entries, log);
  const report = (fault: unknown) => void faults.push(fault);
  const containment = await openTestContainment(directory, { storage, audit, clock, report });
  const people = await openIdentity(issuers, { storage, audit, clock, containment });
  const surroundings = { storage, clock, audit, random: counted(), report, key: KEY, storeKey: KEY };
  const told = openPeople(sections, { ...surroundings, directory });
  const approvals = createApprovals({
    config: approvalSection.parse({}),
    ...surroundings,
    observer: told.notifications,
  });
  const auditIndex = await startIndex(directory, report);
  const { keys: tokenKeys } = new TaskTokenIssuer(
    identitySection.parse({ issuers }),
    'https://gateway.example',
    join(directory, 'task-token-keys.json'),
    clock,
  );
  return {
    tokenKeys,
    ...{ directory, provider, storage, approvals, auditIndex, audit, report, log, entries, faults },
    ...people,
    ...told,
    containment,
    /** Sessions that were ended by command with the reason, what was held and released, what readiness is made of. */
    ended: [] as string[],
    held: [] as string[],
    checks: [{ name: 'store', ok: true, detail: '' }],
  };
}

/** How people are told, and what they prove with. */
function openPeople(
  { notification = {}, stepUp }: PeopleSections,
  deps: Surroundings & { readonly directory: string; report(fault: unknown): void },
) {
  const { slackLinks: links, passkeys } = deps.storage;
  const random = (bytes: number) => randomBytes(bytes).toString('hex');
  /** People that are revoked, by subject. */
  const revoked = new Set<string>();
  const isStillGood = ({ subject }: { readonly subject: string }) => !revoked.has(subject);
  const seals = createRowSeals({
    key: KEY,
    marksFile: join(deps.directory, 'store.marks'),
    bus: deps.storage.bus,
    refused: ({ table, row, subject, why }) =>
      deps.audit.append({ type: 'row-refused', subject, reason: why, facts: { table, row } }),
  });
  const notifications = openNotifications(notificationSection.parse(notification), {
    ...{ ...deps, random, links, seals, isStillGood },
  });
  const room =
    stepUp === undefined
      ? null
      : createStepUp(stepUpSection.parse(stepUp), { ...deps, random, passkeys, seals });
  return { notifications, stepUp: room, revoked, seals };
}

interface Surroundings {
  readonly storage: Storage;
  readonly audit: { append(entry: AuditEntry): void };
  readonly clock: Clock;
}

function openTestContainment(
  directory: string,
  { storage, audit, clock, report }: Surroundings & { report(fault: unknown): void },
): Promise<Containment> {
  return openContainment({
    ...{
      config: containmentSection.parse({}),
      table: storage.revocations,
      newestGroups: storage.newestGroups,
      bus: storage.bus,
      clock,
      report,
    },
    ...{ audit: { ...audit, synced: async () => undefined }, random: counted(), targets: ['shop'] },
    ...{ log: { publicKey: 'test', size: 0 }, directory: join(directory, 'no-log') },
  });
}

async function openIdentity(
  issuers: readonly object[],
  { storage, audit, clock, containment }: Surroundings & { readonly containment: Containment },
) {
  const config = identitySection.parse({ issuers });
  const tokens = containment.guard(createIdentityProvider(config, { clock }));
  const signInLimits = signInSection.parse({});
  const signIn = await createSignIn(signInLimits, config, {
    ...{ identity: tokens, store: storage.signIns, storeKey: KEY, clock, audit },
    ended: () => {},
    report: () => {},
    objectionTo: (who) => containment.objection({ identity: who })?.reason ?? null,
  });
  return { identity: withSessions(tokens, signIn), signIn, signInLimits };
}

/** What was asked for, what was granted, and what was done without waiting. */
function granting(approvals: ApprovalRoom, identity: IdentityProvider) {
  return {
    /** A pending access request of this caller's. */
    async ask(token: string, more: Partial<AccessRequestSubject> = {}) {
      return approvals.open({ identity: await identity.authenticate(token), ...ASKED, ...more });
    },
    /** A grant of this agent's, which this person approved. */
    async grant(token: string, approver: string): Promise<string> {
      const pending = approvals.open({ identity: await identity.authenticate(token), ...ASKED });
      await approvals.approve(pending.id, await identity.authenticate(approver), '', 60_000);
      const [grant] = await approvals.grants.list(await identity.authenticate(token));
      return grant?.id ?? 'none';
    },
    /** What this person did without waiting. */
    async review(token: string): Promise<string> {
      return approvals.breakGlass({ identity: await identity.authenticate(token), ...ASKED }, ['oncall']);
    },
  };
}

function startedSession(id: string, subject: string, actor: string | null) {
  return { id, subject, display_name: subject, actor, recording: `${id}.rec`, ...STARTED };
}

const KEY = Buffer.alloc(32, 7);

const SECTION = {
  listen: '127.0.0.1:0',
  roles: { auditors: ['auditors'], operators: ['security'], admins: ['admins'] },
  requestsPerMinute: 100_000,
  callerRequestsPerMinute: 100_000,
  failedLoginsPerMinute: 100_000,
};

function logInto(entries: AuditEntry[], log: { readonly isFull: boolean }) {
  return {
    append(entry: AuditEntry): void {
      if (log.isFull) throw new Fault('audit-unavailable', 'the disk is full');
      entries.push(entry);
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
  mode: 'hold',
  shown: {
    ...NOTHING_SHOWN,
    touches: ['delete on Table "shop/public/orders"'],
    rows: 12,
    policies: ['writes'],
    grantMs: 3_600_000,
  },
  scope: [{ action: 'delete', resource: { type: 'Table', path: ['shop', 'public', 'orders'] } }],
} as const;

const STARTED = {
  task: null,
  target: 'shop',
  facet: 'db',
  protocol: 'postgres',
  client: 'psql',
  started_at: 1,
};
