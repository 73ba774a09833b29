/** A saved catalog as a file: what was known of one database, and of which. */
import { readFile, stat } from 'node:fs/promises';
import { exitCode, Failure } from '../../failure.ts';

export interface CatalogFile {
  readonly target: string;
  readonly database: string;
  /** As the protocol of the target saved it. */
  readonly catalog: unknown;
}

/** Largest file that is read, in bytes. */
const FILE_BYTES = 256 * 1024 * 1024;

export async function readCatalogFile(file: string): Promise<CatalogFile> {
  try {
    const { size } = await stat(file);
    if (size > FILE_BYTES) throw new RangeError(`it is over ${FILE_BYTES} bytes`);
    const value: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (!isCatalogFile(value)) throw new TypeError('it is not what "sallyport policy catalog" writes');
    return value;
  } catch (cause) {
    throw new Failure(
      exitCode.usage,
      `Cannot read the catalog ${file}: ${cause instanceof Error ? cause.message : String(cause)}. ` +
        'Save one with "sallyport policy catalog TARGET DATABASE --config FILE > catalog.json".',
      { cause },
    );
  }
}

function isCatalogFile(value: unknown): value is CatalogFile {
  if (typeof value !== 'object' || value === null) return false;
  const { target, database, catalog } = value as Record<string, unknown>;
  return typeof target === 'string' && typeof database === 'string' && typeof catalog === 'object';
}
