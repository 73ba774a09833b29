import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { readSavedCatalog, type SavedCatalog } from './saved.ts';

/** Largest catalog of built-in objects, unpacked, in bytes. */
const UNPACKED_BYTES = 16 * 1024 * 1024;

let read: SavedCatalog | null = null;

/** What a fresh database of PostgreSQL 18 has; written by tools/built-in-catalog.ts. */
export function builtInCatalog(): SavedCatalog {
  if (read === null) {
    const packed = readFileSync(new URL('./built-in-catalog.json.gz', import.meta.url));
    const text = gunzipSync(packed, { maxOutputLength: UNPACKED_BYTES }).toString('utf8');
    read = readSavedCatalog(JSON.parse(text));
  }
  return read;
}
