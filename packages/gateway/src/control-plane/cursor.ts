import { z } from 'zod';
import type { Position } from '../storage/index.ts';
import { Refused } from './problem.ts';

/** Milliseconds since the epoch of the last day a date can have, and an id as rows have them. */
const positionSchema = z.tuple([
  z.number().int().min(0).max(8_640_000_000_000_000),
  z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
]);

/**
 * A place in a listing as callers carry it. It holds nothing of what they may see: each page is looked up with the rights
 * of who asks for it, so a forged cursor, or another caller's, is only another place to begin at.
 */
export function cursorOf(position: Position | null): string | null {
  return position === null
    ? null
    : Buffer.from(JSON.stringify([position.at, position.id])).toString('base64url');
}

export function positionOf(cursor: string | undefined): { readonly before?: Position } {
  if (cursor === undefined) return {};
  try {
    const [at, id] = positionSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
    return { before: { at, id } };
  } catch {
    throw new Refused(
      400,
      'bad-request',
      'The cursor is not acceptable: send the `next` of the page before.',
    );
  }
}
