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
import type { Identity } from '../identity/index.ts';
import { Fault } from '../lib/fault.ts';
import type { Retention } from '../recording/index.ts';
import type { SessionRow, Storage } from '../storage/index.ts';
import { adminEntry } from './admin-entry.ts';
import type { CallerOf } from './authentication.ts';
import { inertLine, isMember, type Roles, visible } from './sessions.ts';

export interface RecordingDependencies {
  readonly sessions: Pick<Storage['sessions'], 'find'>;
  readonly audit: Pick<AuditLog, 'append'>;
  /**
   * The events of a session's recording, in order, until `until` (milliseconds since the epoch) when it is followed; null
   * where nothing came for a while. Rejects with Fault `not-found` before the first when there is none.
   */
  readSession(id: string, follow: { readonly until: number } | null): AsyncIterable<object | null>;
  readonly retention: Pick<Retention, 'hold' | 'release'>;
}

/** Recordings: for auditors alone, whoever else may see the session. */
export function recordingRoutes(
  app: FastifyInstance,
  deps: RecordingDependencies,
  callerOf: CallerOf,
  roles: Roles,
): void {
  /** The session, for auditors alone. */
  const audited = async (id: string, caller: Identity): Promise<SessionRow> => {
    const row = await visible(deps, id, caller, roles);
    if (isMember(caller, roles.auditors)) return row;
    throw new Fault(
      'not-permitted',
      'Only auditors read recordings and hold them; see controlPlane.roles.auditors.',
    );
  };
  app.get(routes.recording.path, async (request, reply) => {
    const { id } = idParamsSchema.parse(request.params);
    const { follow = false } = recordingQuerySchema.parse(request.query);
    const caller = callerOf(request);
    const { target } = await audited(id, caller);
    // Who watched is itself worth knowing, and comes before the first byte.
    const attempt = follow ? 'follow-recording' : 'read-recording';
    deps.audit.append(adminEntry(caller, { attempt }, { sessionId: id, target }));
    const until = follow ? { until: caller.expiresAt } : null;
    const lines = await begun(ndjson(deps.readSession(id, until)));
    return reply.type('application/x-ndjson').send(Readable.from(lines, { objectMode: false }));
  });
  app.post(routes.holdRecording.path, async (request): Promise<RecordingHold> => {
    const { id } = idParamsSchema.parse(request.params);
    const { reason } = holdBodySchema.parse(request.body ?? {});
    const caller = callerOf(request);
    await audited(id, caller);
    await deps.retention.hold(id, caller, inertLine(reason));
    return { id, held: true };
  });
  app.post(routes.releaseRecording.path, async (request): Promise<RecordingHold> => {
    const { id } = idParamsSchema.parse(request.params);
    const { reason } = releaseBodySchema.parse(request.body ?? {});
    const caller = callerOf(request);
    await audited(id, caller);
    await deps.retention.release(id, caller, inertLine(reason));
    return { id, held: false };
  });
}

async function* ndjson(events: AsyncIterable<object | null>): AsyncGenerator<string> {
  for await (const event of events) yield event === null ? '\n' : `${JSON.stringify(event)}\n`;
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
