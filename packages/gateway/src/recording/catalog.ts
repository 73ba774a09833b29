import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../lib/fault.ts';
import { readRecording } from './read.ts';
import type { RecordingHeader } from './recording.ts';

export interface RecordingSummary {
  /** Below the recordings folder: `<date>/<session id>.rec`. */
  readonly file: string;
  readonly bytes: number;
  readonly header: RecordingHeader;
}

/** The form of `RecordingSummary.file`; anything else is no recording's name. */
export const recordingFile = /^\d{4}-\d{2}-\d{2}\/[A-Za-z0-9_-]{1,128}\.rec$/;

/** Recordings newest first, a day at a time; files that are not recordings are passed over. */
export function* listRecordings(directory: string): Generator<RecordingSummary, void> {
  for (const day of days(directory)) {
    const summaries = recordingNames(directory, day).flatMap((file) => summary(directory, file) ?? []);
    yield* summaries.sort((a, b) => b.header.startedAt - a.header.startedAt);
  }
}

/** The path of a session's recording, or null. The id may come from anyone. */
export function findRecording(directory: string, sessionId: string): string | null {
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(sessionId)) return null;
  for (const day of days(directory)) {
    const path = join(directory, day, `${sessionId}.rec`);
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === true) return path;
  }
  return null;
}

/** Every recording's name, whatever is in it. */
export function* recordingFiles(directory: string): Generator<string, void> {
  for (const day of days(directory)) yield* recordingNames(directory, day);
}

function days(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => /^\d{4}-\d{2}-\d{2}$/.test(name))
      .sort()
      .reverse();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new Fault('recording-unavailable', `cannot list the recordings in ${directory}: ${String(error)}`, {
      cause: error,
    });
  }
}

function recordingNames(directory: string, day: string): string[] {
  return readdirSync(join(directory, day))
    .map((name) => `${day}/${name}`)
    .filter((file) => recordingFile.test(file));
}

function summary(directory: string, file: string): RecordingSummary | null {
  const path = join(directory, file);
  try {
    for (const event of readRecording(path)) {
      if (event.kind !== 'header') return null;
      return { file, bytes: statSync(path).size, header: event.header };
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
  }
  return null;
}
