import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Fault } from '../../lib/fault.ts';
import type { MaskingConfig } from '../section.ts';
import { KEY_BYTES } from './keyed.ts';
import { needsKey } from './strategies.ts';

const KEY = /^[0-9a-f]{64}$/i;
/** Only its owner may read or write it. */
const MODE = 0o600;

/** The key that strategies of a configuration draw by; null when none of them does. */
export function readMaskingKey(
  { classes, key_file }: Pick<MaskingConfig, 'classes' | 'key_file'>,
  dataDirectory: string,
): Buffer | null {
  if (!needsKey(classes)) return null;
  return readKeyFile(key_file ?? join(dataDirectory, 'masking.key'), key_file === undefined);
}

/**
 * A file of the gateway's own is made when it is not there; one that was named must
 * be, since another key would silently break every token that was given out. The key is in no message.
 */
function readKeyFile(path: string, mayMake: boolean): Buffer {
  try {
    if (mayMake) makeKey(path);
    const text = readFileSync(path, 'utf8').trim();
    if (KEY.test(text)) return Buffer.from(text, 'hex');
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? 'no reason given';
    throw new Fault(
      'config-invalid',
      `Could not read or make the masking key ${path} (${why}): see that the gateway may, or name another masking.key_file.`,
      { cause },
    );
  }
  throw new Fault(
    'config-invalid',
    `The masking key ${path} is not ${2 * KEY_BYTES} hexadecimal digits: "openssl rand -hex ${KEY_BYTES}" writes some.`,
  );
}

/** Makes the file whole or not at all: of two gateways that start at once, both use what the first one made. */
function makeKey(path: string): void {
  if (existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
  const draft = `${path}.${randomBytes(8).toString('hex')}`;
  writeFileSync(draft, `${randomBytes(KEY_BYTES).toString('hex')}\n`, {
    mode: MODE,
    flag: 'wx',
    flush: true,
  });
  try {
    linkSync(draft, path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
  } finally {
    unlinkSync(draft);
  }
}
