import { z } from 'zod';
import { Fault } from '../lib/fault.ts';
import { type SealedFields, sealFits, sealOf } from '../lib/seal.ts';
import type { AccessWordRow } from '../storage/index.ts';
import type { AccessRequestSubject, DecidedThrough } from './approval.ts';

const credential = z.string().regex(/^[0-9a-f]{64}$/);
const throughFactsColumn = z.strictObject({
  channel: z.literal('slack').exactOptional(),
  stepUp: z.strictObject({ kind: z.literal('webauthn'), credential }).exactOptional(),
  seal: z.string(),
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
export type Said = Omit<AccessWordRow, 'through' | 'state' | 'answer'>;

/**
 * As a column, for the gateway that holds the request. The whole word is sealed with it: this gateway has authenticated who says it,
 * and their passkey, and whoever else can write to the store has not.
 */
export function throughColumn(through: DecidedThrough, said: Said, key: Uint8Array): string {
  return JSON.stringify({ ...through, seal: sealOf(key, fieldsOf(said, through)) });
}

/** Null for a word that no gateway with this key has sealed: then nobody said it. */
export function readThrough({ through, ...said }: AccessWordRow, key: Uint8Array): DecidedThrough | null {
  const parsed = throughFactsColumn.safeParse(jsonOf(through ?? '{}'));
  if (!parsed.success) return null;
  const { seal, ...facts } = parsed.data;
  return sealFits(key, fieldsOf(said, facts), seal) ? facts : null;
}

function fieldsOf(said: Said, { channel, stepUp }: DecidedThrough): SealedFields {
  return [
    ...['sallyport access_word 2', said.id, said.request_id, said.approver, said.verdict, said.reason],
    ...[said.shown, Number(said.asked_at), channel ?? null, stepUp?.credential ?? null],
  ];
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
