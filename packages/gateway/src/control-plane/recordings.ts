import type { AuditLog } from '../audit/index.ts';
import type { Retention } from '../recording/index.ts';
import { adminEntry } from './admin-entry.ts';
import { inertLine } from './inert-line.ts';
import type { Handlers } from './serve-routes.ts';

export interface RecordingDependencies {
  readonly audit: Pick<AuditLog, 'append'>;
  /**
   * The events of a session's recording, in order, until `until` (milliseconds since the epoch) when it is followed; null
   * where nothing came for a while. Rejects with Fault `not-found` before the first when there is none.
   */
  readSession(id: string, follow: { readonly until: number } | null): AsyncIterable<object | null>;
  readonly retention: Pick<Retention, 'hold' | 'release'>;
}

type Names = 'recording' | 'holdRecording' | 'releaseRecording';

/** Recordings: for auditors alone, whoever else may see the session. */
export function recordingHandlers(deps: RecordingDependencies): Pick<Handlers, Names> {
  return {
    recording({ params: { id }, caller, found: { target }, query: { follow = false } }) {
      // Who watched is itself worth knowing, and comes before the first byte.
      const attempt = follow ? 'follow-recording' : 'read-recording';
      deps.audit.append(adminEntry(caller, { attempt }, { sessionId: id, target }));
      return deps.readSession(id, follow ? { until: caller.expiresAt } : null);
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
