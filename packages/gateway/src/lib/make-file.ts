import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Only its owner may read or write it. */
const MODE = 0o600;

/**
 * Makes a file that is not there, whole or not at all: of two gateways that start at once, both use what the first one made.
 * Throws what the system does.
 */
export function makeFile(path: string, text: () => string): void {
  if (existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
  const draft = `${path}.${randomBytes(8).toString('hex')}`;
  writeFileSync(draft, text(), { mode: MODE, flag: 'wx', flush: true });
  try {
    linkSync(draft, path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
  } finally {
    unlinkSync(draft);
  }
}
