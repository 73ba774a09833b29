import { Readable } from 'node:stream';
import {
  holdBodySchema,
  idParamsSchema,
  type RecordingHold,
  recordingQuerySchema,
  releaseBodySchema,
  routes,
} from '@sallyport/contract';
import type { FastifyInstance } from 'fastify';
import type { AuditLog } from '../audit/index.ts';
import type { Containment } from '../containment/index.ts';
import type { Identity } from '../identity/index.ts';
import { Fault } from '../lib/fault.ts';
import type { Retention } from '../recording/index.ts';
import type { Storage } from '../storage/index.ts';
import { adminEntry } from './admin-entry.ts';
import type { CallerOf } from './authentication.ts';
import { inertLine, isMember, type Roles, visible } from './sessions.ts';

/** Until when somebody follows a recording. */
export interface Following {
  readonly until: number;
  /** Whether whoever follows may go on. */
  mayGoOn(): boolean;
}

export interface RecordingDependencies {
  readonly sessions: Pick<Storage['sessions'], 'find'>;
  readonly audit: Pick<AuditLog, 'append'>;
  /**
   * The events of a session's recording, in order, until `until` (milliseconds since the epoch) when it is followed; null
   * where nothing came for a while. Rejects with Fault `not-found` before the first when there is none.
   */
  readSession(id: string, follow: Following | null): AsyncIterable<object | null>;
  readonly containment: Pick<Containment, 'objection'>;
  readonly retention: Pick<Retention, 'hold' | 'release'>;
}

/** Recordings: for auditors alone, whoever else may see the session. */
export function recordingRoutes(
  app: FastifyInstance,
  deps: RecordingDependencies,
  callerOf: CallerOf,
  roles: Roles,
): void {
  const auditor = async (id: string, caller: Identity): Promise<Identity> => {
    await visible(deps, id, caller, roles);
    if (isMember(caller, roles.auditors)) return caller;
    throw new Fault(
      'not-permitted',
      'Only auditors read recordings and hold them; see controlPlane.roles.auditors.',
    );
  };
  app.get(routes.recording.path, async (request, reply) => {
    const { id } = idParamsSchema.parse(request.params);
    const { follow = false } = recordingQuerySchema.parse(request.query);
    const caller = await auditor(id, callerOf(request));
    // Who watched is itself worth knowing, and comes before the first byte.
    const attempt = follow ? 'follow-recording' : 'read-recording';
    deps.audit.append(adminEntry(caller, { attempt }, { sessionId: id }));
    const mayGoOn = (): boolean => deps.containment.objection({ identity: caller }) === null;
    const following = follow ? { until: caller.expiresAt, mayGoOn } : null;
    const lines = await begun(ndjson(deps.readSession(id, following), mayGoOn));
    return reply.type('application/x-ndjson').send(Readable.from(lines, { objectMode: false }));
  });
  app.post(routes.holdRecording.path, async (request): Promise<RecordingHold> => {
    const { id } = idParamsSchema.parse(request.params);
    const { reason } = holdBodySchema.parse(request.body ?? {});
    await deps.retention.hold(id, await auditor(id, callerOf(request)), inertLine(reason));
    return { id, held: true };
  });
  app.post(routes.releaseRecording.path, async (request): Promise<RecordingHold> => {
    const { id } = idParamsSchema.parse(request.params);
    const { reason } = releaseBodySchema.parse(request.body ?? {});
    await deps.retention.release(id, await auditor(id, callerOf(request)), inertLine(reason));
    return { id, held: false };
  });
}

async function* ndjson(events: AsyncIterable<object | null>, mayGoOn: () => boolean): AsyncGenerator<string> {
  // Breaks the answer off: it must not look like the end of the recording.
  const check = (): void => {
    if (!mayGoOn()) throw new Fault('credential-rejected', 'the access of whoever reads it was revoked');
  };
  for await (const event of events) {
    check();
    yield event === null ? '\n' : `${JSON.stringify(event)}\n`;
  }
  check();
}

/** Waits for the first item, so that a recording that cannot be read is an answer and not a broken stream. */
async function begun(lines: AsyncGenerator<string>): Promise<AsyncIterable<string>> {
  const first = await lines.next();
  return (async function* () {
    if (first.done === true) return;
    yield first.value;
    yield* lines;
  })();
}
