import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createConnector } from '@sallyport/connector';
import { type ApprovalRoom, createApprovals } from './approval/index.ts';
import { type AuditLog, createAudit } from './audit/index.ts';
import { type AuditIndex, createAuditIndex } from './audit-index/index.ts';
import type { GatewayConfig, ListenerConfig } from './config/index.ts';
import { type Containment, openContainment } from './containment/index.ts';
import { createControlPlane, type Following, type SessionsNamed } from './control-plane/index.ts';
import {
  createDecisionMemo,
  createSessionRegistry,
  endRevoked,
  type House,
  type Listener,
  listen,
  Rates,
  regate,
  type Session,
  type SessionObserver,
  Uses,
  useOf,
} from './data-path/index.ts';
import { type Exports, openExports } from './export/index.ts';
import { createIdentityProvider, type Identity } from './identity/index.ts';
import { type Clock, systemClock } from './lib/clock.ts';
import { Fault } from './lib/fault.ts';
import { createMasking, readMaskingKey } from './masking/index.ts';
import {
  createDecisionPoint,
  type PolicyDecisionPoint,
  type Reload,
  workingHoursOf,
} from './policy/index.ts';
import type { Protocol } from './protocols/protocol.ts';
import { createProtocols } from './protocols/registry.ts';
import {
  createRecorder,
  createRetention,
  createUploads,
  findRecording,
  followRecording,
  type Recorder,
  type Retention,
  replayRecording,
  type Uploads,
} from './recording/index.ts';
import { openStorage, type Storage } from './storage/index.ts';

export interface Gateway {
  readonly listeners: readonly Pick<Listener, 'protocol' | 'host' | 'port'>[];
  /** Base URL of the control plane. */
  readonly controlPlane: string;
  reloadPolicies(): Promise<Reload>;
  /** Ends every session this matches; for revocation and for tests of it. */
  endSessions(
    matches: (session: Pick<Session, 'id' | 'identity' | 'target'>) => boolean,
    reason: string,
  ): number;
  /** Ends every session, then closes everything in reverse order. */
  close(): Promise<void>;
}

export interface GatewayDeps {
  readonly clock?: Clock;
  /** Replaces the log in the data directory. */
  readonly audit?: AuditLog;
  /** Told of faults nobody waits for. */
  report(fault: unknown): void;
}

/** How often rows and recordings past their retention are looked for, in milliseconds. */
const RETENTION_MS = 86_400_000;

/** Wires the rooms together and opens the doors: the only place where one room meets the insides of another. */
export async function createGateway(config: GatewayConfig, deps: GatewayDeps): Promise<Gateway> {
  const closing: Closing = [];
  const close = async (): Promise<void> => {
    for (const one of closing.splice(0)) await Promise.resolve(one()).catch(deps.report);
  };
  try {
    const rooms = await openRooms(config, deps, closing);
    const listeners = await openListeners(config, rooms, closing);
    const controlPlane = await openControlPlane(config, rooms, closing);
    rooms.house.audit.append({ type: 'gateway-started', policyVersion: rooms.decisionPoint.version });
    const { sessions } = rooms.house;
    closing.unshift(() => sessions.endWhere(() => true, 'the gateway is stopping'));
    closing.unshift(() => rooms.house.recorder.stop());
    return {
      listeners,
      controlPlane,
      reloadPolicies: () => rooms.decisionPoint.reload(),
      endSessions: (matches, reason) => sessions.endWhere(matches, reason),
      close,
    };
  } catch (fault) {
    await close();
    throw fault;
  }
}

/** What has to be closed, last opened first. */
type Closing = (() => unknown)[];

interface Rooms {
  /** For listeners without TLS; `tls` is each listener's own. */
  readonly house: House;
  readonly storage: Storage;
  readonly auditIndex: AuditIndex;
  readonly approvals: ApprovalRoom;
  readonly containment: Containment;
  readonly exports: Exports;
  readonly decisionPoint: PolicyDecisionPoint;
  readonly protocols: ReturnType<typeof createProtocols>;
  readonly retention: Retention;
}

async function openRooms(config: GatewayConfig, deps: GatewayDeps, closing: Closing): Promise<Rooms> {
  const { clock = systemClock, report } = deps;
  const owned = <T extends { close(): unknown }>(thing: T): T => {
    closing.unshift(() => thing.close());
    return thing;
  };
  const random = (bytes: number): string => randomBytes(bytes).toString('hex');
  const log = owned(deps.audit ?? createAudit(config.audit, { clock, onCheckpointFailure: report }));
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
  const audit = exports.guard(log);
  closing.unshift(() => audit.append({ type: 'gateway-stopped' }));
  const auditIndex = owned(
    createAuditIndex({ log: config.audit.directory, directory: config.auditIndex.directory }, { report }),
  );
  const storage = owned(await openStorage(config.storage, { clock }));
  await storage.sessions.endOpen('the gateway stopped', clock.now());
  await storage.applyRetention();

  const masking = createMasking(config.masking, readMaskingKey(config.masking, config.dataDirectory));
  const decisionPoint = owned(await createDecisionPoint(config.policy, { audit, classes: masking.classes }));
  const connector = createConnector(config.connector, { randomBytes, ...config.secrets });
  const surroundings = { audit, clock, random, report };
  const containment = owned(await openContainmentOf(config, { ...surroundings, storage, log, connector }));
  const identity = containment.guard(createIdentityProvider(config.identity, { clock }));
  const isContained = (who: Identity) => containment.objection({ identity: who }) !== null;
  const approvals = owned(
    createApprovals({ config: config.approval, storage, clock, audit, random, report, isContained }),
  );
  const { recorder, retention } = openRecordings(config, { clock, audit, report }, owned);
  const daily = () => void Promise.all([storage.applyRetention(), retention.apply()]).catch(report);
  const timer = setInterval(daily, RETENTION_MS);
  closing.unshift(() => clearInterval(timer.unref()));
  // Not waited for: there may be many to delete, and nobody has to wait for it.
  void retention.apply().catch(report);
  const protocols = owned(createProtocols({ clock, random: randomBytes, http: config.http }));
  const decisions = createDecisionMemo(decisionPoint);
  const sessions = createSessionRegistry(sessionIndex(storage, clock, report));
  const house: House = {
    clock,
    random,
    report,
    limits: config.limits,
    tls: null,
    identity,
    decisionPoint,
    decisions,
    rates: new Rates(),
    uses: new Uses(),
    workingHours: workingHoursOf(config.policy),
    approvals,
    masking,
    recorder,
    audit,
    connector,
    sessions,
    containment,
    connectorOf: () => OWN_CONNECTOR,
  };
  decisionPoint.onChange(() => void regate(house).catch(report));
  contain(containment, house, approvals);
  return { house, storage, auditIndex, approvals, containment, decisionPoint, protocols, retention, exports };
}

/** Ends every session that has all of these names. */
function endNamed({ house, containment }: Rooms, named: SessionsNamed, reason: string): number {
  const matchers = named.map(([kind, value]) => containment.matcher(kind, value));
  return house.sessions.endWhere((session) => matchers.every((matches) => matches(useOf(session))), reason);
}

/** The connector in this process, which reaches every target. */
const OWN_CONNECTOR = 'local';

/** What a revocation does beside letting nothing new in: sessions end, and nobody's word counts any more. */
function contain(containment: Containment, { sessions }: House, approvals: ApprovalRoom): void {
  containment.onAdded((revocation) => {
    const ended = endRevoked({ sessions }, revocation);
    approvals.recheck();
    return ended;
  });
  containment.onGroupsLost((standsOnLost) =>
    sessions.endWhere(
      ({ identity }) => standsOnLost(identity),
      'a newer token of the same caller has fewer groups',
      'connect again with the newer token',
    ),
  );
}

/** The list of what is revoked, as the store and the log have it. */
function openContainmentOf(
  config: GatewayConfig,
  deps: Pick<House, 'audit' | 'clock' | 'random' | 'report' | 'connector'> & {
    readonly storage: Storage;
    readonly log: AuditLog;
  },
): Promise<Containment> {
  const { storage, connector, ...rest } = deps;
  return openContainment({
    ...rest,
    config: config.containment,
    table: storage.revocations,
    directory: config.audit.directory,
    targets: connector.targets.map(({ name }) => name),
  });
}

function openRecordings(
  config: GatewayConfig,
  deps: { readonly clock: Clock; readonly audit: AuditLog; report(fault: unknown): void },
  owned: <T extends { close(): unknown }>(thing: T) => T,
): { readonly recorder: Recorder; readonly retention: Retention } {
  let uploads: Uploads | null = null;
  const recorder = owned(
    createRecorder(config.recording, {
      ...deps,
      onFailure: deps.report,
      onOver: (file) => uploads?.add(file),
      isFull: () => uploads?.isFull === true,
    }),
  );
  const isOpen = (id: string) => recorder.isOpen(id);
  uploads = createUploads(config.recording, { ...deps, isOpen });
  if (uploads !== null) owned(uploads);
  const isKept = (file: string) => uploads?.isStored(file) !== false;
  return { recorder, retention: createRetention(config.recording, { ...deps, isOpen, isKept }) };
}

async function openListeners(config: GatewayConfig, rooms: Rooms, closing: Closing): Promise<Listener[]> {
  const listeners: Listener[] = [];
  for (const one of config.listeners) {
    const protocol = rooms.protocols.byName(one.protocol);
    if (protocol === undefined) throw new Fault('config-invalid', `No protocol is named "${one.protocol}".`);
    const address = { host: one.host, port: one.port, maxConnections: config.limits.maxConnections };
    const listener = await listen(protocol, address, { ...rooms.house, tls: await readTls(one) });
    closing.unshift(() => listener.close());
    listeners.push(listener);
  }
  return listeners;
}

/** Returns the base URL. */
async function openControlPlane(config: GatewayConfig, rooms: Rooms, closing: Closing): Promise<string> {
  const { house, storage, auditIndex, approvals, protocols, retention, exports, containment } = rooms;
  const { identity, audit, clock, report, recorder } = house;
  const { directory } = config.recording;
  const readSession = (id: string, follow: Following | null) =>
    replay({ directory, id, follow, recorder, clock }, (name) => protocols.byName(name));
  const controlPlane = createControlPlane(config.controlPlane, {
    identity,
    approvals,
    sessions: storage.sessions,
    auditIndex,
    audit,
    clock,
    endSession: (id, reason) => house.sessions.endWhere((session) => session.id === id, reason) > 0,
    endSessions: (named, reason) => endNamed(rooms, named, reason),
    containment,
    readSession,
    retention,
    exports: () => exports.status(),
    report,
  });
  closing.unshift(() => controlPlane.close());
  return (await controlPlane.listen()).address;
}

/** Keeps the store's list of sessions; the log stays the truth, so a store that fails is only reported. */
function sessionIndex(storage: Storage, clock: Clock, report: (fault: unknown) => void): SessionObserver {
  return {
    opened(session) {
      const { id, identity, target, facet, client, context, startedAt } = session;
      const { subject, displayName, actor, task } = identity;
      storage.sessions
        .started({
          id,
          subject,
          display_name: displayName,
          actor,
          task,
          target,
          facet,
          client,
          protocol: context.protocol,
          started_at: startedAt,
          recording: `${id}.rec`,
        })
        .catch(report);
    },
    closed(session, reason) {
      storage.sessions.ended(session.id, reason, clock.now(), session.operations).catch(report);
    },
  };
}

interface Replay {
  readonly directory: string;
  readonly id: string;
  readonly follow: Following | null;
  readonly recorder: Recorder;
  readonly clock: Clock;
}

async function* replay(
  { directory, id, follow, recorder, clock }: Replay,
  protocolOf: (name: string) => Protocol | undefined,
): AsyncGenerator<object | null> {
  const path = findRecording(directory, id);
  if (path === null) throw new Fault('not-found', `There is no recording of session ${id}.`);
  const transcriberOf = (name: string) => {
    const protocol = protocolOf(name);
    return protocol === undefined ? undefined : (reply: Buffer) => protocol.transcribe(reply);
  };
  if (follow === null) yield* replayRecording(path, transcriberOf);
  else {
    const isOpen = () => recorder.isOpen(id);
    const now = () => (follow.mayGoOn() ? clock.now() : Number.POSITIVE_INFINITY);
    yield* followRecording(path, transcriberOf, { isOpen, now, pause, until: follow.until });
  }
}

async function readTls({ tls }: ListenerConfig): Promise<House['tls']> {
  if (tls === undefined) return null;
  const [key, cert] = await Promise.all([readFile(tls.key_file, 'utf8'), readFile(tls.cert_file, 'utf8')]);
  return { key, cert };
}
