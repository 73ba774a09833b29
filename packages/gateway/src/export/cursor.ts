/** How far a sink has acknowledged, on disk: replaced whole, after fsync, so that a crash leaves the old one or the new one. */
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { TailPosition } from '@sallyport/audit-log';
import { z } from 'zod';

/** Largest cursor file that is looked at. */
const CURSOR_BYTES = 4_096;

const index = z.int().min(0);
const cursorSchema = z.strictObject({
  /** Public key of the log it is a place in: in another log the same number is another entry. */
  log: z.string(),
  seq: index,
  segment: index,
  offset: index,
});

export type Cursor = z.output<typeof cursorSchema>;

/** A cursor that cannot be used. The message says what to do. */
export class CursorError extends Error {
  override readonly name = 'CursorError';
}

/** The position of the next entry to send; null when nothing was acknowledged ever. */
export async function readCursor(path: string, log: string): Promise<TailPosition | null> {
  const text = await readText(path);
  if (text === null) return null;
  const cursor = parse(text);
  const remedy = `see what was exported, then remove ${path} to begin with the first entry there is`;
  if (cursor === null) throw new CursorError(`the cursor ${path} is damaged; ${remedy}`);
  if (cursor.log !== log) throw new CursorError(`the cursor ${path} is of another audit log; ${remedy}`);
  const { seq, segment, offset } = cursor;
  return { seq, segment, offset };
}

/** Resolves when the cursor is on disk. */
export async function writeCursor(path: string, log: string, position: TailPosition): Promise<void> {
  const { seq, segment, offset } = position;
  const cursor: Cursor = { log, seq, segment, offset };
  const draft = `${path}.new`;
  await mkdir(dirname(path), { recursive: true, mode: 0o750 });
  {
    await using file = await open(draft, 'w', 0o640);
    await file.writeFile(`${JSON.stringify(cursor)}\n`);
    await file.sync();
  }
  await rename(draft, path);
  await using folder = await open(dirname(path), 'r');
  await folder.sync();
}

async function readText(path: string): Promise<string | null> {
  try {
    const text = await readFile(path, 'utf8');
    return text.length > CURSOR_BYTES ? '' : text;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw new CursorError(`the cursor ${path} cannot be read (${code ?? 'no reason given'})`);
  }
}

function parse(text: string): Cursor | null {
  try {
    return cursorSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
