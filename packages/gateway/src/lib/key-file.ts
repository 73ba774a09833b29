import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Fault } from './fault.ts';

/** What a key file holds: 32 random bytes. */
export const KEY_BYTES = 32;
const KEY = /^[0-9a-f]{64}$/i;
/** Only its owner may read or write it. */
const MODE = 0o600;

export interface KeyFile {
  readonly path: string;
  /**
   * A file of the gateway's own is made when it is not there; one that was named must be, since another key would
   * silently break whatever was made with it.
   */
  readonly mayMake: boolean;
  /** In words, such as `masking key`. */
  readonly what: string;
  /** What to do when it cannot be read, as the end of a sentence. */
  readonly remedy: string;
}

/** Reads a key, hexadecimal in a file. Throws Fault `config-invalid`; the key is in no message. */
export function readKeyFile({ path, mayMake, what, remedy }: KeyFile): Buffer {
  try {
    if (mayMake) makeKey(path);
    const text = readFileSync(path, 'utf8').trim();
    if (KEY.test(text)) return Buffer.from(text, 'hex');
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? 'no reason given';
    throw new Fault('config-invalid', `Could not read or make the ${what} ${path} (${why}): ${remedy}.`, {
      cause,
    });
  }
  throw new Fault(
    'config-invalid',
    `The ${what} ${path} is not ${2 * KEY_BYTES} hexadecimal digits: "openssl rand -hex ${KEY_BYTES}" writes some.`,
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
