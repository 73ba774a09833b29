import { z } from 'zod';
import { Fault } from '../lib/fault.ts';
import type { AccessRequestSubject, DecidedThrough } from './approval.ts';

const credential = z.string().regex(/^[0-9a-f]{64}$/);
const throughFactsColumn = z.strictObject({
  channel: z.literal('slack').exactOptional(),
  stepUp: z.strictObject({ kind: z.literal('webauthn'), credential }).exactOptional(),
});

/** One policy that wants it makes everybody who approves give it: they approve the operation, not a part of it. */
export function wantsStepUp({ requirements }: Pick<AccessRequestSubject, 'requirements'>): boolean {
  return requirements.some(({ stepUp }) => stepUp !== undefined);
}

export function stepUpRequired(id: string): Fault {
  return new Fault(
    'step-up-required',
    `Could not approve ${id}: policy wants a passkey for it. Approve it in the console, or with one over the control plane.`,
  );
}

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
