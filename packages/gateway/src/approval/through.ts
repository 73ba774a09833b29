import { z } from 'zod';
import { Fault } from '../lib/fault.ts';
import { type SealedFields, sealFits, sealOf } from '../lib/seal.ts';
import type { AccessWordRow } from '../storage/index.ts';
import type { AccessRequestSubject, DecidedThrough } from './approval.ts';

const credential = z.string().regex(/^[0-9a-f]{64}$/);
const throughFactsColumn = z.strictObject({
  channel: z.literal('slack').exactOptional(),
  stepUp: z.strictObject({ kind: z.literal('webauthn'), credential, seal: z.string() }).exactOptional(),
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

/** What was said, as a row that has not come to anything yet. */
type Said = Omit<AccessWordRow, 'through' | 'state' | 'answer'>;

/**
 * As a column, for the gateway that holds the request. That a passkey was used is sealed, with the word it was used for: this
 * gateway has checked it, and whoever else can write to the store has not.
 */
export function throughColumn({ channel, stepUp }: DecidedThrough, said: Said, key: Uint8Array): string {
  if (stepUp === undefined) return JSON.stringify({ channel });
  const seal = sealOf(key, fieldsOf(said, stepUp.credential));
  return JSON.stringify({ channel, stepUp: { ...stepUp, seal } });
}

/** Nothing at all when it is not there, or not what a gateway would have written: then it proves nothing. */
export function readThrough({ through, ...said }: AccessWordRow, key: Uint8Array): DecidedThrough {
  const parsed = throughFactsColumn.safeParse(jsonOf(through ?? '{}'));
  if (!parsed.success) return {};
  const { stepUp, ...rest } = parsed.data;
  if (stepUp === undefined || !sealFits(key, fieldsOf(said, stepUp.credential), stepUp.seal)) return rest;
  return { ...rest, stepUp: { kind: stepUp.kind, credential: stepUp.credential } };
}

function fieldsOf(said: Said, passkey: string): SealedFields {
  return [
    ...['sallyport access_word 1', said.id, said.request_id, said.approver, said.verdict, said.reason],
    ...[said.shown, Number(said.asked_at), passkey],
  ];
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
