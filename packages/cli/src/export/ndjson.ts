import type { RecordingEvent } from '@sallyport/contract';
import { inertJson } from './inert-json.ts';
import { exportedOf } from './operations.ts';

/** One line for the session, one for each operation with its reply, one for whatever else was recorded. */
export async function* ndjson(events: AsyncIterable<RecordingEvent>): AsyncGenerator<string> {
  for await (const exported of exportedOf(events)) {
    if (exported.kind === 'header') yield inertJson({ kind: 'session', ...exported.header });
    else if (exported.kind === 'other') yield inertJson(exported.event);
    else yield inertJson({ kind: 'operation', ...exported.one });
  }
}
