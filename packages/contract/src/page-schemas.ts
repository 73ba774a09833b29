/** How listings come page by page. */
import { z } from 'zod';

/** Most rows one listing gives. */
export const LIST_LIMIT = 500;

export const limit = z.coerce
  .number<number | string>()
  .int()
  .min(1)
  .max(LIST_LIMIT)
  .default(100)
  .describe('Most rows to give.');

/** Longest cursor: a time and an id, in base64url. */
export const CURSOR_CHARACTERS = 200;
export const cursor = z
  .string()
  .max(CURSOR_CHARACTERS)
  .regex(/^[A-Za-z0-9_-]+$/, 'must be the `next` of the page before')
  .optional()
  .describe('Where to go on: the `next` of the page before.');
export const next = z.string().nullable().describe('The cursor of the next page; null on the last.');
