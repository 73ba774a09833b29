import { constants } from 'node:fs';
import { type FileHandle, open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ExportOf } from '../section.ts';
import { type Batch, failureOf, type Sink, SinkFailure } from '../sink.ts';

/** Bytes of a file that are looked through at once for its last whole line. */
const TAIL_BYTES = 64 * 1_024;

/** A file of one JSON object a line. A batch is acknowledged once it is on disk. */
export function ndjsonFile({ path, rotateBytes }: Pick<ExportOf<'ndjson'>, 'path' | 'rotateBytes'>): Sink {
  let file: FileHandle | null = null;
  const close = async (): Promise<void> => {
    const open = file;
    file = null;
    await open?.close();
  };
  return {
    async send(batch) {
      try {
        file ??= await openWhole(path);
        const { size } = await file.stat();
        await file.appendFile(`${batch.entries.map(({ line }) => line).join('\n')}\n`);
        await file.datasync();
        const { size: grown } = await file.stat();
        if (grown >= rotateBytes) {
          await close();
          await rotate(path, batch);
        } else if (size === 0) await syncFolder(path);
      } catch (error) {
        // What was half written is cut when the file is opened again.
        await close().catch(() => undefined);
        throw failureOf(`the file ${path} cannot be written`, error);
      }
    },
    close,
  };
}

/** Opens it without the line that a crash or a full disk left unfinished: nobody was told of it, and it is sent again. */
async function openWhole(path: string): Promise<FileHandle> {
  // No link is followed: whoever may write the folder must not choose which file of the gateway's is appended to.
  const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
  const file = await open(path, flags, 0o640);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new SinkFailure(`${path} is no file that an export can be in`);
    const whole = await endOfLastLine(file, stats.size);
    if (whole < stats.size) await cut(file, whole, path);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Only what can be the beginning of a line of ours: the path of a file of somebody else's must not cost them its end. */
async function cut(file: FileHandle, whole: number, path: string): Promise<void> {
  const bytes = Buffer.alloc(1);
  await file.read(bytes, 0, 1, whole);
  if (bytes.toString('latin1') !== '{')
    throw new SinkFailure(`the file ${path} ends in something that no export wrote: name another`);
  await file.truncate(whole);
}

async function endOfLastLine(file: FileHandle, size: number): Promise<number> {
  const bytes = Buffer.allocUnsafe(TAIL_BYTES);
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - TAIL_BYTES);
    const { bytesRead } = await file.read(bytes, 0, end - start, start);
    const newline = bytes.subarray(0, bytesRead).lastIndexOf(0x0a);
    if (newline >= 0) return start + newline + 1;
    end = start;
  }
  return 0;
}

/** Renames a full file by its last entry. A name that is taken, as after a restart from an older cursor, is left alone. */
async function rotate(path: string, { last }: Batch): Promise<void> {
  const base = `${path}.${String(last).padStart(16, '0')}`;
  let name = base;
  for (let copy = 1; await isThere(name); copy += 1) name = `${base}.${copy}`;
  await rename(path, name);
  await syncFolder(path);
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(dirname(path), 'r');
  await folder.sync();
}
