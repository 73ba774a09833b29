import type { AuditLog } from '../audit/index.ts';
import type { Containment } from '../containment/index.ts';
import { Fault } from '../lib/fault.ts';
import type { Retention } from '../recording/index.ts';
import { adminEntry } from './admin-entry.ts';
import { inertLine } from './inert-line.ts';
import type { Handlers } from './serve-routes.ts';

/** Until when somebody follows a recording. */
export interface Following {
  readonly until: number;
  /** Whether whoever follows may go on. */
  mayGoOn(): boolean;
}

export interface RecordingDependencies {
  readonly audit: Pick<AuditLog, 'append'>;
  /**
   * The events of a session's recording, in order, until `until` (milliseconds since the epoch) when it is followed; null
   * where nothing came for a while. Rejects with Fault `not-found` before the first when there is none.
   */
  readSession(id: string, follow: Following | null): AsyncIterable<object | null>;
  readonly containment: Pick<Containment, 'objection'>;
  readonly retention: Pick<Retention, 'hold' | 'release'>;
}

type Names = 'recording' | 'holdRecording' | 'releaseRecording';

/** Recordings: for auditors alone, whoever else may see the session. */
export function recordingHandlers(deps: RecordingDependencies): Pick<Handlers, Names> {
  return {
    recording({ params: { id }, caller, query: { follow = false }, found: { target } }) {
      // Who watched is itself worth knowing, and comes before the first byte.
      const attempt = follow ? 'follow-recording' : 'read-recording';
      deps.audit.append(adminEntry(caller, { attempt }, { sessionId: id, target }));
      const mayGoOn = (): boolean => deps.containment.objection({ identity: caller }) === null;
      return whilePermitted(
        deps.readSession(id, follow ? { until: caller.expiresAt, mayGoOn } : null),
        mayGoOn,
      );
    },
    async holdRecording({ params: { id }, caller, body: { reason } }) {
      await deps.retention.hold(id, caller, inertLine(reason));
      return { id, held: true };
    },
    async releaseRecording({ params: { id }, caller, body: { reason } }) {
      await deps.retention.release(id, caller, inertLine(reason));
      return { id, held: false };
    },
  };
}

/** Breaks the answer off when whoever reads it is revoked: it must not look like the end of the recording. */
async function* whilePermitted(
  events: AsyncIterable<object | null>,
  mayGoOn: () => boolean,
): AsyncGenerator<object | null> {
  const check = (): void => {
    if (!mayGoOn()) throw new Fault('credential-rejected', 'the access of whoever reads it was revoked');
  };
  for await (const event of events) {
    check();
    yield event;
  }
  check();
}
