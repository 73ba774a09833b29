import type { AuditEntry } from '../audit/index.ts';
import { readRecording } from './read.ts';
import type { RecordingHeader } from './recording.ts';

/** Longest text taken from a file: an entry has a largest size, and one that is too large would keep a recording for ever. */
const LONGEST = 1_024;

/** The session of a recording as entries about the recording have it. */
export type WhoseRecording = Pick<
  AuditEntry,
  'sessionId' | 'subject' | 'actor' | 'task' | 'tokenId' | 'delegation' | 'target' | 'protocol'
>;

export function whoseRecording({ sessionId, identity, target, protocol }: RecordingHeader): WhoseRecording {
  const { subject, actor, task, tokenId, delegation, scope } = identity;
  const handed = scope === null ? {} : { tokenId, delegation };
  return { sessionId, subject, actor, task, ...handed, target, protocol };
}

/**
 * The same, of a recording on the disk. Whoever can write the folder chooses what stands there, so it may be wrong; the id is
 * that of the file, and leads to what the log says of the session. Only the id where the file cannot be read.
 */
export function whoseRecordingAt(path: string, sessionId: string): WhoseRecording {
  try {
    for (const event of readRecording(path)) {
      if (event.kind !== 'header') break;
      const whose = { ...whoseRecording(event.header), sessionId };
      const fits = [...Object.values(whose), ...(whose.delegation ?? [])].every(
        (text) => (text ?? '').length <= LONGEST,
      );
      return fits ? whose : { sessionId };
    }
  } catch {
    // Damaged or gone: whatever is done with it is on record all the same.
  }
  return { sessionId };
}
