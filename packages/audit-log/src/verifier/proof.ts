/** The proof file: docs/audit-log-format.md, "Proofs". A closed form: what is not checked may not be in it. */
import { type Bytes, fromBase64, toBase64 } from './bytes.ts';
import { hashBytes, maxPathHashes } from './merkle.ts';
import { maxNoteLength } from './note-text.ts';
import { ProofError } from './proof-error.ts';

export const proofFormat = 'sallyport-audit-proof/1';
/** Longest proof file, in characters: an entry of 1 MiB, escaped once more, and room for the rest. */
export const maxProofLength = 8 * 1024 * 1024;
/** Most changes of key between the one that is known and the one that signed. */
export const maxHandovers = 256;

/** A checkpoint, and the proof that the tree under the one after it grew from its own. */
export interface Link {
  readonly checkpoint: string;
  readonly consistency: readonly Bytes[];
}

export interface Proof {
  /** The entry's bytes in the log, as text: canonical JSON. */
  readonly entry: string;
  readonly index: number;
  readonly inclusion: readonly Bytes[];
  /** The signed note, with any cosignatures. */
  readonly checkpoint: string;
  /** Checkpoints that name the next key, oldest first: from the log's first key to the one that signed `checkpoint`. */
  readonly handovers: readonly Link[];
  /** An earlier checkpoint that the tree grew from. */
  readonly from: Link | null;
}

export function writeProof(proof: Proof): string {
  const link = ({ checkpoint, consistency }: Link) => ({
    checkpoint,
    consistency: consistency.map(toBase64),
  });
  const file = {
    format: proofFormat,
    index: proof.index,
    entry: proof.entry,
    inclusion: proof.inclusion.map(toBase64),
    checkpoint: proof.checkpoint,
    handovers: proof.handovers.map(link),
    from: proof.from === null ? null : link(proof.from),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** Reads a proof file; all of it is an attacker's until it is verified. */
export function readProof(text: string): Proof {
  if (text.length > maxProofLength) throw malformed(`it is longer than ${maxProofLength} characters`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed('it is not JSON');
  }
  const file = fieldsOf(
    value,
    ['format', 'index', 'entry', 'inclusion', 'checkpoint', 'handovers', 'from'],
    'it',
  );
  if (file.format !== proofFormat) throw malformed(`its format is not ${proofFormat}`);
  if (!Number.isSafeInteger(file.index)) throw malformed('index is not a whole number');
  const { handovers } = file;
  if (!Array.isArray(handovers) || handovers.length > maxHandovers)
    throw malformed(`handovers is not a list of at most ${maxHandovers}`);
  return {
    index: file.index as number,
    entry: textOf(file.entry, 'entry', maxProofLength),
    inclusion: hashesOf(file.inclusion, 'inclusion'),
    checkpoint: textOf(file.checkpoint, 'checkpoint', maxNoteLength),
    handovers: handovers.map((one, at) => linkOf(one, `handovers[${at}]`)),
    from: file.from === null ? null : linkOf(file.from, 'from'),
  };
}

function linkOf(value: unknown, name: string): Link {
  const { checkpoint, consistency } = fieldsOf(value, ['checkpoint', 'consistency'], name);
  return {
    checkpoint: textOf(checkpoint, `${name}.checkpoint`, maxNoteLength),
    consistency: hashesOf(consistency, `${name}.consistency`),
  };
}

/** Exactly these fields: one that nothing checks could claim anything. */
function fieldsOf(value: unknown, names: readonly string[], what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw malformed(`${what} is not an object`);
  const unknown = Object.keys(value).filter((name) => !names.includes(name));
  const missing = names.filter((name) => !Object.hasOwn(value, name));
  if (unknown.length > 0 || missing.length > 0)
    throw malformed(`${what} must have exactly ${names.join(', ')}`);
  return value as Record<string, unknown>;
}

function textOf(value: unknown, name: string, limit: number): string {
  if (typeof value === 'string' && value.length <= limit && value.isWellFormed()) return value;
  throw malformed(`${name} is not text of at most ${limit} characters`);
}

function hashesOf(value: unknown, name: string): readonly Bytes[] {
  const limit = maxPathHashes + 1;
  if (!Array.isArray(value) || value.length > limit)
    throw malformed(`${name} is not a list of at most ${limit} hashes`);
  return value.map((one: unknown) => {
    const bytes = typeof one === 'string' ? fromBase64(one) : null;
    if (bytes?.length !== hashBytes) throw malformed(`${name} holds what is no base64 of ${hashBytes} bytes`);
    return bytes;
  });
}

function malformed(why: string): ProofError {
  return new ProofError('proof-malformed', `this is not a proof: ${why}`);
}
