import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { createConnector } from '@sallyport/connector';
import type { ApprovalConfig, ApprovalRoom, AskMode } from './approval/index.ts';
import type { AuditLog, OpenedAudit } from './audit/index.ts';
import type { AuditIndex } from './audit-index/index.ts';
import type { GatewayConfig, ListenerConfig } from './config/index.ts';
import type { Containment } from './containment/index.ts';
import { createControlPlane, type Following } from './control-plane/index.ts';
import {
  createDecisionMemo,
  createSessionRegistry,
  Experience,
  type House,
  type Listener,
  listen,
  Rates,
  regate,
  regateAfterGrant,
  type Session,
  type SessionObserver,
  Uses,
} from './data-path/index.ts';
import type { Exports } from './export/index.ts';
import { type Clock, systemClock } from './lib/clock.ts';
import { Fault } from './lib/fault.ts';
import { RateLimit } from './lib/rate-limit.ts';
import { createMasking, readMaskingKey } from './masking/index.ts';
import { createHealth, createMetrics, listenForScrapers, type Metrics } from './metrics/index.ts';
import type { Notifications } from './notification/index.ts';
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
import { createSessionIndex, type SessionIndex } from './replicas/index.ts';
import type { SignIn } from './sign-in/index.ts';
import type { StepUp } from './step-up/index.ts';
import { openStorage, type Storage } from './storage/index.ts';
import type { TokenExchange } from './task-tokens/index.ts';
import {
  type Closing,
  contain,
  endNamed,
  OWN_CONNECTOR,
  openApprovals,
  openIdentities,
  openLog,
  openPeople,
  openRevocations,
  openTracing,
  ownedBy,
  readStoreKey,
} from './wiring/index.ts';

export interface Gateway {
  readonly listeners: readonly Pick<Listener, 'protocol' | 'host' | 'port'>[];
  /** Base URL of the control plane. */
  readonly controlPlane: string;
  /** Base URL for scrapers; null where none is configured. */
  readonly metrics: string | null;
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
  readonly audit?: OpenedAudit;
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
    const watch = watchRooms(config, rooms, () => listeners.length);
    const controlPlane = await openControlPlane(config, rooms, watch, closing);
    const metrics = await openMetrics(config, watch, closing);
    rooms.house.audit.append({
      type: 'gateway-started',
      policyVersion: rooms.decisionPoint.version,
      ...(rooms.cutBytes === 0 ? {} : { facts: { cutBytes: rooms.cutBytes } }),
    });
    const { sessions } = rooms.house;
    closing.unshift(() => sessions.endWhere(() => true, 'the gateway is stopping'));
    closing.unshift(() => rooms.house.recorder.stop());
    return {
      listeners,
      controlPlane,
      metrics,
      reloadPolicies: () => rooms.decisionPoint.reload(),
      endSessions: (matches, reason) => sessions.endWhere(matches, reason),
      close,
    };
  } catch (fault) {
    await close();
    throw fault;
  }
}

interface Rooms {
  /** For listeners without TLS; `tls` is each listener's own. */
  readonly house: House;
  /** Null when tokens are not exchanged. */
  readonly exchange: TokenExchange | null;
  readonly storage: Storage;
  readonly signIn: SignIn;
  readonly sessionIndex: SessionIndex;
  readonly auditIndex: AuditIndex;
  /** What opening the log set aside, in bytes: for the record. */
  readonly cutBytes: number;
  readonly approvals: ApprovalRoom;
  readonly containment: Containment;
  readonly exports: Exports;
  readonly decisionPoint: PolicyDecisionPoint;
  readonly protocols: ReturnType<typeof createProtocols>;
  readonly retention: Retention;
  readonly metrics: Metrics;
  readonly notifications: Notifications;
  readonly stepUp: StepUp | null;
  readonly issuersAway: () => Promise<readonly string[]>;
}

async function openRooms(config: GatewayConfig, deps: GatewayDeps, closing: Closing): Promise<Rooms> {
  const { clock = systemClock, report } = deps;
  const owned = ownedBy(closing);
  const random = (bytes: number): string => randomBytes(bytes).toString('hex');
  const metrics = owned(metricsOf(config));
  const log = await openLog(config, { ...deps, clock }, metrics, closing);
  const { audit, lastEntry } = log;
  const storage = owned(await openStore(config, { clock, report }));
  const masking = createMasking(config.masking, readMaskingKey(config.masking, config.dataDirectory));
  const decisionPoint: PolicyDecisionPoint = owned(
    await createDecisionPoint(config.policy, { audit, lastEntry, classes: masking.classes }),
  );
  const surroundings = { storage, storeKey: readStoreKey(config), audit, clock, random, report };
  const containment = owned(await openRevocations(config, surroundings));
  const end: Gateway['endSessions'] = (matches, why) => sessions.endWhere(matches, why);
  const identities = { ...surroundings, decisionPoint, containment, end };
  const { identity, signIn, tokens, ledger, exchange } = await openIdentities(config, identities, owned);
  const watched = metrics.watchDecisions(decisionPoint);
  const people = openPeople(config, { ...surroundings, containment }, owned);
  const told = { ...surroundings, containment, observer: people.notifications };
  const approvals = await openApprovals(config, told, owned);
  const { recorder, retention } = openRecordings(config, { clock, audit, report }, owned);
  applyDaily(storage, retention, report, closing);
  const connector = createConnector(config.connector, { randomBytes, ...config.secrets });
  const protocols = owned(createProtocols({ clock, random: randomBytes, http: config.http }));
  const decisions = createDecisionMemo(watched);
  const endHere = (id: string, reason: string) => sessions.endWhere((one) => one.id === id, reason) > 0;
  const sessionIndex = owned(createSessionIndex({ storage, now: () => clock.now(), endHere, report }));
  const sessions = createSessionRegistry(observeInto(sessionIndex));
  const house: House = {
    clock,
    random,
    report,
    limits: config.limits,
    tls: null,
    identity,
    ledger,
    decisionPoint: watched,
    decisions,
    rates: new Rates(),
    failures: new RateLimit(config.limits.failedLoginsPerMinute, clock),
    uses: new Uses(),
    workingHours: workingHoursOf(config.policy),
    approvals,
    approvalMode: approvalModeOf(config.approval),
    experience: new Experience(),
    onlooker: openTracing(config.tracing, { clock, random, metrics, report }, owned),
    masking,
    recorder,
    audit,
    connector,
    sessions,
    containment,
    connectorOf: () => OWN_CONNECTOR,
  };
  decisionPoint.onChange(() => void regate(house).catch(report));
  contain(containment, { sessions, approvals, signIn, report });
  approvals.grants.onChange((whose) => void regateAfterGrant(house, whose).catch(report));
  const issuersAway = () => tokens.issuersAway();
  const { auditIndex, cutBytes, exports } = log;
  const opened = { house, storage, sessionIndex, signIn, exchange, auditIndex, cutBytes, exports };
  const decided = { approvals, containment, decisionPoint, protocols, retention, metrics };
  return { ...opened, ...decided, ...people, issuersAway };
}

function metricsOf(config: GatewayConfig): Metrics {
  return createMetrics({
    protocols: [...new Set(config.listeners.map(({ protocol }) => protocol))],
    seconds: () => performance.now() / 1_000,
  });
}

/** The store, with what an earlier run left open ended and what is too old removed. */
async function openStore(
  config: GatewayConfig,
  { clock, report }: { readonly clock: Clock; report(fault: unknown): void },
): Promise<Storage> {
  const { environment } = config.secrets;
  const storage = await openStorage(config.storage, { clock, environment, report });
  try {
    await storage.sessions.endOpen('the gateway stopped', clock.now());
    await storage.applyRetention();
    return storage;
  } catch (fault) {
    await storage.close();
    throw fault;
  }
}

function approvalModeOf({ mode, targetModes }: ApprovalConfig): (target: string) => AskMode {
  const particular = new Map(targetModes.map((one) => [one.target, one.mode]));
  return (target) => particular.get(target) ?? mode;
}

/** Deletes, once a day, what is older than it may be. */
function applyDaily(
  storage: Storage,
  retention: Retention,
  report: (fault: unknown) => void,
  closing: Closing,
): void {
  const daily = () => void Promise.all([storage.applyRetention(), retention.apply()]).catch(report);
  const timer = setInterval(daily, RETENTION_MS).unref();
  closing.unshift(() => clearInterval(timer));
  // Not waited for: there may be many to delete, and nobody has to wait for it.
  void retention.apply().catch(report);
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
    const { approval: mode } = one;
    const own = mode === undefined ? {} : { approvalMode: () => mode };
    const listener = await listen(protocol, address, { ...rooms.house, ...own, tls: await readTls(one) });
    closing.unshift(() => listener.close());
    listeners.push(listener);
  }
  return listeners;
}

/** How the rooms are doing, for people and their tools. */
type Watch = Pick<Parameters<typeof createControlPlane>[1], 'health' | 'metrics'>;

function watchRooms(config: GatewayConfig, rooms: Rooms, open: () => number): Watch {
  const { house, storage, approvals, decisionPoint, exports, metrics, notifications, issuersAway } = rooms;
  const health = createHealth({
    store: () => storage.sessions.list({ limit: 1 }),
    log: () => house.audit.synced(),
    policies: () => decisionPoint.version,
    issuers: issuersAway,
    doors: () => ({ open: open(), wanted: config.listeners.length }),
    exports: () => exports.status(),
    notifications: () => notifications.status(),
    now: () => house.clock.elapsed(),
  });
  const readings = {
    sessions: () => house.sessions.size,
    holds: () => approvals.pending,
    exports: () => exports.status(),
    notifications: () => notifications.status(),
  };
  return { health, metrics: () => metrics.render(readings) };
}

/** Returns the base URL, or null where no address is for scrapers. */
async function openMetrics(config: GatewayConfig, watch: Watch, closing: Closing): Promise<string | null> {
  if (config.metrics.listen === undefined) return null;
  const listener = await listenForScrapers(config.metrics.listen, watch.metrics);
  closing.unshift(() => listener.close());
  return listener.address;
}

/** Returns the base URL. */
async function openControlPlane(
  config: GatewayConfig,
  rooms: Rooms,
  watch: Watch,
  closing: Closing,
): Promise<string> {
  const { house, storage, sessionIndex, signIn, auditIndex, approvals, protocols } = rooms;
  const { retention, exports, exchange, containment } = rooms;
  const { notifications, stepUp } = rooms;
  const { identity, audit, clock, report, recorder } = house;
  const { directory } = config.recording;
  const readSession = (id: string, follow: Following | null) =>
    replay({ directory, id, follow, recorder, clock }, (name) => protocols.byName(name));
  const controlPlane = createControlPlane(config.controlPlane, {
    identity,
    signIn,
    signInLimits: config.signIn,
    exchange,
    tokenKeys: exchange?.issuer.keys ?? null,
    approvals,
    sessions: storage.sessions,
    auditIndex,
    audit,
    clock,
    endSessions: (named, reason) =>
      endNamed({ sessions: house.sessions, sessionIndex, containment, storage, report }, named, reason),
    containment,
    endSession: (id, reason) => sessionIndex.end(id, reason),
    readSession,
    retention,
    exports: () => exports.status(),
    idempotency: storage.idempotency,
    notifications,
    stepUp,
    ...watch,
    report,
  });
  closing.unshift(() => controlPlane.close());
  return (await controlPlane.listen()).address;
}

/** What the store lists of a session. */
function observeInto(index: SessionIndex): SessionObserver {
  return {
    opened({ id, identity, target, facet, client, context, startedAt }) {
      const { subject, displayName, actor, task, tokenId, delegation, scope } = identity;
      index.opened({
        ...{ id, subject, actor, task, target, facet, client },
        display_name: displayName,
        protocol: context.protocol,
        started_at: startedAt,
        recording: `${id}.rec`,
        token_id: scope === null ? null : tokenId,
        delegation: scope === null ? null : JSON.stringify(delegation),
      });
    },
    closed: (session, reason) => index.closed(session.id, reason, session.operations),
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
  const { key_file, cert_file, client_ca_file, request_client_certificates } = tls;
  const [key, cert] = await Promise.all([readFile(key_file, 'utf8'), readFile(cert_file, 'utf8')]);
  const ca = client_ca_file === undefined ? null : await readFile(client_ca_file, 'utf8');
  return { key, cert, clientCertificates: ca === null && !request_client_certificates ? null : { ca } };
}
