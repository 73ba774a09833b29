import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import type { ExportStatus } from '@sallyport/contract';
import Fastify, { type FastifyInstance } from 'fastify';
import type { ApprovalRoom } from '../approval/index.ts';
import type { AuditLog } from '../audit/index.ts';
import type { AuditIndex } from '../audit-index/index.ts';
import type { IdentityProvider } from '../identity/index.ts';
import type { Clock } from '../lib/clock.ts';
import { Fault } from '../lib/fault.ts';
import { isLoopbackHost } from '../lib/loopback.ts';
import type { Storage } from '../storage/index.ts';
import { accessRequestRoutes } from './access-requests.ts';
import { auditSearchRoutes } from './audit-search.ts';
import { authentication } from './authentication.ts';
import { guardDoor } from './door.ts';
import { exportRoutes } from './exports.ts';
import { answerFaults } from './problem.ts';
import { type RecordingDependencies, recordingRoutes } from './recordings.ts';
import { type RevocationDependencies, revocationRoutes } from './revocations.ts';
import { type ControlPlaneConfig, parseListen } from './section.ts';
import { sessionRoutes } from './sessions.ts';

export interface ControlPlaneDependencies {
  readonly identity: IdentityProvider;
  readonly approvals: Pick<ApprovalRoom, 'list' | 'get' | 'approve' | 'deny'>;
  readonly sessions: Pick<Storage['sessions'], 'list' | 'find'>;
  readonly audit: Pick<AuditLog, 'append'>;
  readonly auditIndex: Pick<AuditIndex, 'operations' | 'sessions'>;
  readonly clock: Clock;
  /** Ends an open session now; false when it is not open. */
  endSession(id: string, reason: string): boolean;
  readonly endSessions: RevocationDependencies['endSessions'];
  readonly containment: RevocationDependencies['containment'] & RecordingDependencies['containment'];
  readonly readSession: RecordingDependencies['readSession'];
  readonly retention: RecordingDependencies['retention'];
  /** How each export of the audit log is doing. */
  exports(): readonly ExportStatus[];
  /** A fault nobody waits for. */
  readonly report: (fault: unknown) => void;
}

export interface ControlPlane {
  /** Begins to listen. Rejects with Fault `config-invalid` when it must not or cannot. */
  listen(): Promise<{ readonly address: string }>;
  close(): Promise<void>;
}

/** Time for a complete request, in milliseconds. */
const REQUEST_MS = 30_000;
/** Node's default of 16 KiB is the size of one large token. */
const HEADER_BYTES = 32_768;

/** The HTTP API for people and their tools: access requests, sessions, recordings, the audit log. Opens no socket before `listen`. */
export function createControlPlane(config: ControlPlaneConfig, deps: ControlPlaneDependencies): ControlPlane {
  let app: FastifyInstance | null = null;
  return {
    async listen() {
      const { host, port } = parseListen(config.listen);
      if (config.tls === undefined && !isLoopbackHost(host)) {
        throw new Fault(
          'config-invalid',
          `Could not listen on ${config.listen}: tokens would travel in the clear. Set controlPlane.tls, or listen on 127.0.0.1.`,
        );
      }
      app = await buildApp(config, deps);
      try {
        await app.listen({ host, port });
      } catch (cause) {
        throw new Fault('config-invalid', `Could not listen on ${config.listen} (controlPlane.listen).`, {
          cause,
        });
      }
      const bound = app.server.address() as AddressInfo;
      const shown = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
      return { address: `${config.tls === undefined ? 'http' : 'https'}://${shown}:${bound.port}` };
    },
    async close() {
      await app?.close();
    },
  };
}

async function buildApp(
  config: ControlPlaneConfig,
  deps: ControlPlaneDependencies,
): Promise<FastifyInstance> {
  const options = {
    bodyLimit: config.bodyBytes,
    requestTimeout: REQUEST_MS,
    connectionTimeout: 2 * REQUEST_MS,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 128 },
  };
  const app: FastifyInstance =
    config.tls === undefined
      ? Fastify({ ...options, http: { maxHeaderSize: HEADER_BYTES } })
      : (Fastify({ ...options, https: await tlsOptions(config.tls) }) as unknown as FastifyInstance);
  app.server.maxConnections = config.connections;
  app.removeContentTypeParser('text/plain');
  answerFaults(app, deps.report);
  guardDoor(app, config, deps.clock);
  const callerOf = authentication(app, deps);
  app.get('/healthz', () => ({ status: 'ok' }));
  accessRequestRoutes(app, deps, callerOf);
  sessionRoutes(app, deps, callerOf, config.roles);
  revocationRoutes(app, deps, callerOf, config.roles);
  recordingRoutes(app, deps, callerOf, config.roles);
  exportRoutes(app, deps, callerOf, config.roles);
  auditSearchRoutes(app, deps, callerOf, config.roles);
  return app;
}

async function tlsOptions(tls: { readonly keyFile: string; readonly certFile: string }) {
  try {
    const [key, cert] = await Promise.all([readFile(tls.keyFile, 'utf8'), readFile(tls.certFile, 'utf8')]);
    return { key, cert, minVersion: 'TLSv1.2' as const, maxHeaderSize: HEADER_BYTES };
  } catch (cause) {
    throw new Fault(
      'config-invalid',
      `Could not read "${tls.keyFile}" and "${tls.certFile}" (controlPlane.tls).`,
      { cause },
    );
  }
}
