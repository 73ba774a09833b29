/** What the gateway keeps of sessions, as it reads it itself: the log, the recordings, the store. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readLog } from '@sallyport/audit-log';
import { readRecording } from '../../packages/gateway/src/recording/index.ts';

/** Every file below the gateway's data directory. */
export function filesOf(dataDirectory: string): readonly string[] {
  return readdirSync(dataDirectory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(dataDirectory, name))
    .filter((path) => statSync(path).isFile());
}

export const isRecording = (path: string): boolean => path.endsWith('.rec');

/** A file as it is; of a recording also what its reader makes of it, so that no packing hides anything. */
export function pagesIn(path: string): readonly Buffer[] {
  const whole = readFileSync(path);
  if (!isRecording(path)) return [whole];
  const replies: Buffer[] = [];
  const said: string[] = [];
  for (const event of readRecording(path)) {
    if (event.kind === 'reply') replies.push(Buffer.from(event.bytes));
    else said.push(JSON.stringify(event));
  }
  return [whole, Buffer.concat(replies), Buffer.from(said.join('\n'))];
}

/** The entries of the log, read as a reader of it would. */
export function logPage(dataDirectory: string): Buffer {
  const entries = [...readLog(join(dataDirectory, 'audit'))].map(({ fields }) => JSON.stringify(fields));
  return Buffer.from(entries.join('\n'));
}
