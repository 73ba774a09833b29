import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { z } from 'zod';
import type { ObjectLock, ObjectStore, StoredPart } from './object-store.ts';

/** Larger recordings come in parts of this size; the least that S3 has is 5 MiB, and the most parts 10,000. */
export const partBytes = 8 * 1024 * 1024;

const progressShape = z.object({
  url: z.string(),
  bytes: z.number(),
  uploadId: z.string(),
  parts: z.array(z.object({ number: z.number(), etag: z.string() })),
});

type Progress = z.infer<typeof progressShape>;

export interface Uploaded {
  readonly bytes: number;
}

/**
 * Stores one file that grows no more. One of several parts goes on where an earlier attempt stopped, by the file of its
 * progress, which is gone when all is stored.
 */
export async function upload(
  store: ObjectStore,
  path: string,
  key: string,
  lock: ObjectLock | null,
  size = partBytes,
): Promise<Uploaded> {
  const file = await open(path, 'r');
  try {
    const bytes = (await file.stat()).size;
    if (bytes <= size) await store.put(key, await readAt(file, 0, bytes), lock);
    else await uploadParts(store, file, `${path}.parts`, { key, bytes, lock, size });
    return { bytes };
  } finally {
    await file.close();
  }
}

async function uploadParts(
  store: ObjectStore,
  file: FileHandle,
  progressFile: string,
  { key, bytes, lock, size }: { key: string; bytes: number; lock: ObjectLock | null; size: number },
): Promise<void> {
  const url = store.urlOf(key);
  const known = readProgress(progressFile);
  const resumed = known !== null && known.url === url && known.bytes === bytes;
  const progress: Progress = resumed
    ? known
    : { url, bytes, uploadId: await store.begin(key, lock), parts: [] };
  if (!resumed) writeProgress(progressFile, progress);
  const parts: StoredPart[] = [...progress.parts];
  try {
    for (let at = parts.length * size; at < bytes; at += size) {
      const part = await readAt(file, at, Math.min(size, bytes - at));
      parts.push(await store.putPart(key, progress.uploadId, parts.length + 1, part));
      writeProgress(progressFile, { ...progress, parts });
    }
    await store.finish(key, progress.uploadId, parts);
  } catch (error) {
    // Stores forget what is never finished: then there is nothing to go on from.
    if (error instanceof Error && error.message.includes('NoSuchUpload'))
      rmSync(progressFile, { force: true });
    throw error;
  }
  rmSync(progressFile, { force: true });
}

function readProgress(path: string): Progress | null {
  try {
    return progressShape.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // None, or cut short by a crash: what was stored is stored again.
    return null;
  }
}

function writeProgress(path: string, progress: Progress): void {
  const next = `${path}.next`;
  const fd = openSync(next, 'w', 0o640);
  try {
    writeSync(fd, JSON.stringify(progress));
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(next, path);
}

async function readAt(file: FileHandle, at: number, count: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(count);
  let read = 0;
  while (read < count) {
    const { bytesRead } = await file.read(bytes, read, count - read, at + read);
    if (bytesRead === 0) throw new Error('the recording ends early');
    read += bytesRead;
  }
  return bytes;
}
