import type { AuditEntry } from '../audit/index.ts';
import { Fault } from '../lib/fault.ts';
import { readRecording } from './read.ts';
import type { RecordingHeader } from './recording.ts';

/** The session of a recording as entries about the recording have it. */
export type WhoseRecording = Pick<
  AuditEntry,
  'sessionId' | 'subject' | 'actor' | 'task' | 'target' | 'protocol'
>;

export function whoseRecording({ sessionId, identity, target, protocol }: RecordingHeader): WhoseRecording {
  const { subject, actor, task } = identity;
  return { sessionId, subject, actor, task, target, protocol };
}

/**
 * The same, of a recording on the disk. Whoever can write the folder chooses what stands there, so it may be wrong; the id is
 * that of the file, and leads to what the log says of the session. Only the id where the file cannot be read.
 */
export function whoseRecordingAt(path: string, sessionId: string): WhoseRecording {
  try {
    for (const event of readRecording(path)) {
      return event.kind === 'header' ? { ...whoseRecording(event.header), sessionId } : { sessionId };
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
  }
  return { sessionId };
}
