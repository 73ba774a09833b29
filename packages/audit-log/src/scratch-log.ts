/** Logs to try things on; for tests of this package only. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openLog } from './log.ts';

/** A folder that is gone after the test. */
export function scratch(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-log-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A closed log of small entries in several segments under several checkpoints; its public key. */
export async function smallLog(directory: string, entries = 12): Promise<string> {
  let now = 1_700_000_000_000;
  const log = openLog(directory, {
    origin: 'example.org/log',
    segmentBytes: 200,
    checkpointMs: 0,
    now: () => ++now,
  });
  for (let i = 0; i < entries; i++) {
    log.append({ type: 'decision', form: `SELECT ${i}` });
    if (i % 5 === 4) await log.checkpoint();
  }
  await log.close();
  return log.publicKey;
}

export function copyLog(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true });
}
