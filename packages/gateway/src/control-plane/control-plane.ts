import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { type ExportStatus, openApiDocument, type RoomHealth } from '@sallyport/contract';
import Fastify, { type FastifyInstance } from 'fastify';
import type { ApprovalRoom } from '../approval/index.ts';
import type { AuditLog } from '../audit/index.ts';
import type { AuditIndex } from '../audit-index/index.ts';
import type { IdentityProvider } from '../identity/index.ts';
import type { Clock } from '../lib/clock.ts';
import { Fault } from '../lib/fault.ts';
import { isLoopbackHost } from '../lib/loopback.ts';
import { addressKey, RateLimit } from '../lib/rate-limit.ts';
import { type ServerTls, serverTlsOptions } from '../lib/server-tls.ts';
import type { SignIn, SignInSection } from '../sign-in/index.ts';
import type { StepUp } from '../step-up/index.ts';
import type { Storage } from '../storage/index.ts';
import type { TokenExchange } from '../task-tokens/index.ts';
import { accessRequestHandlers } from './access-requests.ts';
import { auditSearchHandlers } from './audit-search.ts';
import { authentication } from './authentication.ts';
import { type Authorization, openAuthorization } from './authorization.ts';
import { readBodies } from './body.ts';
import { guardDoor } from './door.ts';
import { exportHandlers } from './exports.ts';
import { grantHandlers } from './grants.ts';
import { healthHandlers } from './health.ts';
import { createIdempotency } from './idempotency.ts';
import { type NotificationDependencies, notificationHandlers } from './notifications.ts';
import { passkeyHandlers } from './passkeys.ts';
import { readPossession } from './possession.ts';
import { answerBrokenRequest, answerFaults } from './problem.ts';
import { type RecordingDependencies, recordingHandlers } from './recordings.ts';
import { type RevocationDependencies, revocationHandlers } from './revocations.ts';
import { type ControlPlaneConfig, parseListen } from './section.ts';
import { type Handlers, serveRoutes } from './serve-routes.ts';
import { sessionHandlers } from './sessions.ts';
import { signInHandlers, signInRoutes } from './sign-in.ts';
import { tokenRoutes } from './token.ts';
import { type TokenKeys, tokenKeyHandlers } from './token-key.ts';

export interface ControlPlaneDependencies {
  readonly identity: IdentityProvider;
  readonly signIn: SignIn;
  readonly signInLimits: Pick<SignInSection, 'responseBytes' | 'pendingSeconds' | 'startsPerMinute'>;
  readonly approvals: Pick<
    ApprovalRoom,
    'page' | 'get' | 'approve' | 'deny' | 'cancel' | 'grants' | 'reviews' | 'seen'
  >;
  readonly sessions: Pick<Storage['sessions'], 'list' | 'find'>;
  readonly idempotency: Storage['idempotency'];
  readonly audit: Pick<AuditLog, 'append'>;
  readonly auditIndex: Pick<AuditIndex, 'operations' | 'sessions'>;
  readonly notifications: NotificationDependencies['notifications'];
  /** Null where no passkeys are configured. */
  readonly stepUp: StepUp | null;
  readonly clock: Clock;
  /** Ends an open session now, on whichever gateway it is; false when it is not open. */
  endSession(id: string, reason: string): boolean | Promise<boolean>;
  readonly endSessions: RevocationDependencies['endSessions'];
  readonly containment: RevocationDependencies['containment'] & RecordingDependencies['containment'];
  /** Exchanges tokens for task tokens; null when that is switched off. */
  readonly exchange: TokenExchange | null;
  /** The keys of task tokens; null when that is switched off. */
  readonly tokenKeys: TokenKeys | null;
  readonly readSession: RecordingDependencies['readSession'];
  readonly retention: RecordingDependencies['retention'];
  /** How each export of the audit log is doing. */
  exports(): readonly ExportStatus[];
  /** What the gateway needs to serve, one by one. */
  health(): Promise<RoomHealth['checks']>;
  /** Metrics in the text format of Prometheus. */
  metrics(): string;
  /** A fault nobody waits for. */
  readonly report: (fault: unknown) => void;
  /** Compares every answer with the contract before it is sent: for tests. */
  readonly checkAnswers?: boolean;
}

export interface ControlPlane {
  /** Begins to listen. Rejects with Fault `config-invalid` when it must not or cannot. */
  listen(): Promise<{ readonly address: string }>;
  close(): Promise<void>;
}

/** Node's default of 16 KiB is the size of one large token. */
const HEADER_BYTES = 32_768;
/** How often requests that take too long are looked for, at most, in milliseconds. */
const CHECK_MS = 5_000;

/** The HTTP API for people and their tools: access requests, sessions, recordings, the audit log. Opens no socket before `listen`. */
export function createControlPlane(config: ControlPlaneConfig, deps: ControlPlaneDependencies): ControlPlane {
  let app: FastifyInstance | null = null;
  let authorization: Authorization | null = null;
  return {
    async listen() {
      const { host, port } = parseListen(config.listen);
      if (config.tls === undefined && !isLoopbackHost(host)) {
        throw new Fault(
          'config-invalid',
          `Could not listen on ${config.listen}: tokens would travel in the clear. Set control_plane.tls, or listen on 127.0.0.1.`,
        );
      }
      authorization = await openAuthorization(config);
      app = await buildApp(config, deps, authorization);
      try {
        await app.listen({ host, port });
      } catch (cause) {
        throw new Fault('config-invalid', `Could not listen on ${config.listen} (control_plane.listen).`, {
          cause,
        });
      }
      const bound = app.server.address() as AddressInfo;
      const shown = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
      const address = `${config.tls === undefined ? 'http' : 'https'}://${shown}:${bound.port}`;
      deps.signIn.listensAt(address);
      return { address };
    },
    async close() {
      await app?.close();
      await authorization?.close();
    },
  };
}

async function buildApp(
  config: ControlPlaneConfig,
  deps: ControlPlaneDependencies,
  authorization: Authorization,
): Promise<FastifyInstance> {
  const requestMs = config.requestSeconds * 1_000;
  const options = {
    bodyLimit: config.bodyBytes,
    requestTimeout: requestMs,
    connectionTimeout: 2 * requestMs,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    clientErrorHandler: answerBrokenRequest,
    routerOptions: { maxParamLength: 128 },
  };
  const server = {
    maxHeaderSize: HEADER_BYTES,
    headersTimeout: requestMs,
    connectionsCheckingInterval: Math.min(requestMs / 2, CHECK_MS),
  };
  const tls = config.tls === undefined ? null : await readTls(config.tls);
  const app: FastifyInstance =
    tls === null
      ? Fastify({ ...options, http: server })
      : (Fastify({
          ...options,
          https: { ...server, ...serverTlsOptions(tls) },
        }) as unknown as FastifyInstance);
  app.server.maxConnections = config.connections;
  readBodies(app);
  answerFaults(app, deps.report);
  guardDoor(app, config, deps.clock, deps.signIn);
  const clients = tls?.clientCertificates ?? null;
  const possession = readPossession(clients);
  const callerOf = authentication(app, config, { ...deps, possession });
  openSignIn(app, deps);
  tokenRoutes(app, deps.exchange, { possessionOf: possession, bindsCertificates: clients !== null });
  const idempotency = createIdempotency(deps.idempotency, deps.clock);
  serveRoutes(app, handlersOf(config, { ...deps, authorization }), {
    authorization,
    callerOf,
    idempotency,
    sessions: deps.sessions,
    approvals: deps.approvals,
    audit: deps.audit,
    checkAnswers: deps.checkAnswers === true,
    report: deps.report,
  });
  return app;
}

function openSignIn(app: FastifyInstance, { signIn, signInLimits, clock }: ControlPlaneDependencies): void {
  const { startsPerMinute, ...limits } = signInLimits;
  const starts = new RateLimit(startsPerMinute, clock);
  const mayBegin = (address: string) => starts.take(addressKey(address)).allowed;
  signInRoutes(app, { signIn, ...limits, mayBegin });
}

function handlersOf(
  config: ControlPlaneConfig,
  deps: ControlPlaneDependencies & { readonly authorization: Authorization },
): Handlers {
  const document = openApiDocument();
  return {
    openApi: () => document,
    ...healthHandlers(deps),
    ...accessRequestHandlers(deps),
    ...signInHandlers(deps),
    ...grantHandlers(deps),
    ...sessionHandlers(deps),
    ...revocationHandlers(deps),
    ...recordingHandlers(deps),
    ...tokenKeyHandlers(deps),
    ...exportHandlers(deps),
    ...auditSearchHandlers(deps),
    ...passkeyHandlers(deps),
    ...notificationHandlers(config, deps),
  };
}

async function readTls(tls: NonNullable<ControlPlaneConfig['tls']>): Promise<ServerTls> {
  const { keyFile, certFile, clientCaFile, requestClientCertificates } = tls;
  try {
    const [key, cert] = await Promise.all([readFile(keyFile, 'utf8'), readFile(certFile, 'utf8')]);
    const ca = clientCaFile === undefined ? null : await readFile(clientCaFile, 'utf8');
    return { key, cert, clientCertificates: ca === null && !requestClientCertificates ? null : { ca } };
  } catch (cause) {
    throw new Fault(
      'config-invalid',
      `Could not read "${[keyFile, certFile, clientCaFile].filter((one) => one !== undefined).join('", "')}" (control_plane.tls).`,
      { cause },
    );
  }
}
