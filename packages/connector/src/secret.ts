import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ConnectorFault } from './fault.ts';

/** Largest file or variable that is read as a secret, certificate or key. */
export const SECRET_BYTES = 1 << 20;

/** A password or a key fits; a chain of certificates takes a few rounds. */
const FIRST_READ_BYTES = 4_096;

/** Where a secret is: its file, or its variable in the environment that was handed in. */
export interface SecretPlace {
  readonly file: string | undefined;
  readonly variable: string | undefined;
}

/** What secrets are read from. */
export interface SecretSource {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Folder that relative paths start from. */
  readonly baseDir: string;
}

/** The secret at `place`, or null when no place is given. */
export async function readSecret(
  target: string,
  place: SecretPlace,
  source: SecretSource,
): Promise<string | null> {
  if (place.file !== undefined) {
    const text = await readSmallFile(target, place.file, source.baseDir);
    return text.replace(/\r?\n$/, '');
  }
  if (place.variable === undefined) return null;
  const value = source.environment[place.variable];
  if (value !== undefined && value !== '') return value;
  throw new ConnectorFault(
    'credential-unavailable',
    target,
    `cannot read its credential: environment variable ${place.variable} is not set; set it, or use a file`,
  );
}

/** A whole text file, refused when it is larger than SECRET_BYTES. */
export async function readSmallFile(target: string, path: string, baseDir: string): Promise<string> {
  try {
    await using file = await open(resolve(baseDir, path), 'r');
    // Read at every login: memory for the largest secret would be garbage a thousand times the size of most.
    let bytes = Buffer.alloc(FIRST_READ_BYTES);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length);
      length += bytesRead;
      if (length > SECRET_BYTES) throw new RangeError(`over ${SECRET_BYTES} bytes`);
      if (bytesRead === 0) return bytes.toString('utf8', 0, length);
      if (length === bytes.length) bytes = Buffer.concat([bytes], bytes.length * 2);
    }
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message;
    throw new ConnectorFault(
      'credential-unavailable',
      target,
      `cannot read ${path} (${why}); check that the file exists and that the connector may read it`,
      { cause },
    );
  }
}
