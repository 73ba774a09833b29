import { z } from 'zod';
import type { DecidedThrough } from './approval.ts';

const credential = z.string().regex(/^[0-9a-f]{64}$/);
const throughFactsColumn = z.strictObject({
  channel: z.literal('slack').exactOptional(),
  stepUp: z.strictObject({ kind: z.literal('webauthn'), credential }).exactOptional(),
});

/** What the log says of how a decision came here. */
export function throughFacts({ channel, stepUp }: DecidedThrough): Readonly<Record<string, string>> {
  return {
    ...(channel === undefined ? {} : { channel }),
    ...(stepUp === undefined ? {} : { stepUp: stepUp.kind, credential: stepUp.credential }),
  };
}

/** As a column, for the gateway that holds the request: the one that was asked has checked it. */
export function throughColumn({ channel, stepUp }: DecidedThrough): string {
  return JSON.stringify({ channel, stepUp });
}

/** Nothing at all when it is not there, or not what a gateway would have written: then it proves nothing. */
export function readThrough(column: string | null): DecidedThrough {
  try {
    return throughFactsColumn.parse(JSON.parse(column ?? '{}'));
  } catch {
    return {};
  }
}
