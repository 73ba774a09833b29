import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Fault } from './fault.ts';
import { makeFile } from './make-file.ts';

/** What a key file holds: 32 random bytes. */
export const KEY_BYTES = 32;
const KEY = /^[0-9a-f]{64}$/i;

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
    if (mayMake) makeFile(path, () => `${randomBytes(KEY_BYTES).toString('hex')}\n`);
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
