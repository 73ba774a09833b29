/**
 * Checks one proof with nothing but a public key: no log, no network, no Node. Needs Web Crypto with Ed25519 and SHA-256,
 * so it runs in a browser too.
 */
import { canonical, type EntryFields, type Json } from '../canonical.ts';
import { equal, utf8 } from './bytes.ts';
import { isConsistent, leafHash, rootOfInclusion } from './merkle.ts';
import { parseCheckpointText, splitNote } from './note-text.ts';
import { type Link, type Proof, readProof } from './proof.ts';
import { ProofError, type ProofErrorCode } from './proof-error.ts';
import {
  type Cosignature,
  openCosignatures,
  openSigned,
  type PublicKey,
  readLogKey,
  readWitnessKey,
  type SignedCheckpoint,
} from './signatures.ts';

export interface ProofOptions {
  /** The log's public key in vkey form (log.pub), from somewhere the log's operator cannot change. */
  readonly key: string;
  /** Public keys of witnesses, in vkey form. */
  readonly witnesses?: readonly string[];
  /** How many of the witnesses must have signed. Default: all. */
  readonly quorum?: number;
  /** A checkpoint that was kept: the proof must show that the log only grew since. */
  readonly known?: string;
}

export interface Proven {
  readonly proven: true;
  readonly index: number;
  /** Every field of the entry. */
  readonly entry: EntryFields;
  /** Entries under the checkpoint. */
  readonly size: number;
  /** The key that signed the checkpoint, in vkey form; another than was given when the log changed keys. */
  readonly signedBy: string;
  /** Entries under the earlier checkpoint that the log grew from; null when the proof has none. */
  readonly grewFrom: number | null;
  readonly witnesses: readonly Cosignature[];
}

export interface NotProven {
  readonly proven: false;
  readonly code: ProofErrorCode;
  readonly reason: string;
}

/** Whether a proof file proves its entry. What is not proven has a code and a reason; nothing of the entry is given then. */
export async function verifyProof(text: string, options: ProofOptions): Promise<Proven | NotProven> {
  try {
    return await proven(readProof(text), options);
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
    return { proven: false, code: error.code, reason: error.message };
  }
}

async function proven(proof: Proof, options: ProofOptions): Promise<Proven> {
  const chain = await followHandovers(proof.handovers, await readLogKey(options.key));
  const checkpoint = await openLast(proof.checkpoint, chain);
  await assertHandoversGrew(chain, checkpoint);
  const entry = readEntry(proof);
  await assertIncluded(proof, checkpoint);
  const from = await assertGrew(proof.from, checkpoint, chain);
  assertFromKnown(options.known, from, checkpoint);
  const witnesses = await assertWitnessed(checkpoint, options);
  return {
    proven: true,
    index: proof.index,
    entry,
    size: checkpoint.size,
    signedBy: checkpoint.signedBy.vkey,
    grewFrom: from?.size ?? null,
    witnesses,
  };
}

/** Keys that follow from the known one, and the checkpoints that say so. There is one key more than handovers. */
interface Chain {
  readonly keys: readonly [PublicKey, ...PublicKey[]];
  readonly handovers: readonly { readonly checkpoint: SignedCheckpoint; readonly link: Link }[];
}

async function followHandovers(links: readonly Link[], known: PublicKey): Promise<Chain> {
  const keys: [PublicKey, ...PublicKey[]] = [known];
  const handovers: { checkpoint: SignedCheckpoint; link: Link }[] = [];
  // Whoever pins a later key need not trust the ones before it.
  const start = links.findIndex(({ checkpoint }) => nextKeyOf(checkpoint) === known.vkey) + 1;
  for (const link of links.slice(start)) {
    const key = keys.at(-1) as PublicKey;
    const checkpoint = await openSigned(link.checkpoint, key);
    if (checkpoint === null || checkpoint.nextKey === null)
      throw new ProofError(
        'not-signed',
        `the handover after ${key.vkey} is not signed by it, or names no key`,
      );
    const next = await readLogKey(checkpoint.nextKey);
    // The new key signs too: nobody can be given a key that is not theirs.
    if ((await openSigned(link.checkpoint, next)) === null)
      throw new ProofError('not-signed', `the handover to ${next.vkey} is not signed by that key`);
    handovers.push({ checkpoint, link });
    keys.push(next);
  }
  return { keys, handovers };
}

function nextKeyOf(note: string): string | null {
  return parseCheckpointText(splitNote(note)?.text ?? '')?.nextKey ?? null;
}

async function openLast(note: string, { keys }: Chain): Promise<SignedCheckpoint> {
  const key = keys.at(-1) as PublicKey;
  const checkpoint = await openSigned(note, key);
  if (checkpoint === null)
    throw new ProofError('not-signed', `the checkpoint is not one of ${key.name} signed by ${key.vkey}`);
  return checkpoint;
}

/** What the old key signed must be under what the new one signs. */
async function assertHandoversGrew({ handovers }: Chain, last: SignedCheckpoint): Promise<void> {
  for (const [at, { checkpoint, link }] of handovers.entries()) {
    const later = handovers[at + 1]?.checkpoint ?? last;
    if (!(await isConsistent(checkpoint, later, link.consistency)))
      throw new ProofError(
        'not-consistent',
        `the log over ${later.size} entries did not grow from the handover over ${checkpoint.size}`,
      );
  }
}

function readEntry({ entry, index }: Proof): EntryFields {
  let value: Json = null;
  let isCanonical = false;
  try {
    value = JSON.parse(entry) as Json;
    isCanonical = canonical(value) === entry;
  } catch {
    // Not canonical either way.
  }
  if (!isCanonical || typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ProofError('proof-malformed', 'the entry is not an object in canonical JSON');
  const fields = value as EntryFields;
  if (fields.seq !== index)
    throw new ProofError(
      'not-included',
      `the entry says it is ${JSON.stringify(fields.seq)}, the proof says ${index}`,
    );
  return fields;
}

async function assertIncluded(
  { entry, index, inclusion }: Proof,
  checkpoint: SignedCheckpoint,
): Promise<void> {
  const root = await rootOfInclusion(await leafHash(utf8(entry)), index, checkpoint.size, inclusion);
  if (root === null || !equal(root, checkpoint.root))
    throw new ProofError(
      'not-included',
      `entry ${index} is not what the checkpoint over ${checkpoint.size} entries signs`,
    );
}

async function assertGrew(
  from: Link | null,
  later: SignedCheckpoint,
  chain: Chain,
): Promise<SignedCheckpoint | null> {
  if (from === null) return null;
  const earlier = await openByAny(from.checkpoint, chain);
  if (await isConsistent(earlier, later, from.consistency)) return earlier;
  throw new ProofError(
    'not-consistent',
    `the log over ${later.size} entries did not grow from the one over ${earlier.size}: entries were changed or taken out`,
  );
}

/** A checkpoint by any key of the chain, in the time of that key: one that handed over signs nothing more. */
async function openByAny(note: string, { keys, handovers }: Chain): Promise<SignedCheckpoint> {
  for (const [at, key] of keys.entries()) {
    const checkpoint = await openSigned(note, key);
    const last = handovers[at]?.checkpoint.size ?? Number.POSITIVE_INFINITY;
    if (checkpoint !== null && checkpoint.size <= last) return checkpoint;
  }
  throw new ProofError(
    'not-signed',
    'the earlier checkpoint is not signed by the key, nor by one that follows it',
  );
}

function assertFromKnown(
  known: string | undefined,
  from: SignedCheckpoint | null,
  checkpoint: SignedCheckpoint,
): void {
  if (known === undefined) return;
  const wanted = parseCheckpointText(splitNote(known)?.text ?? '');
  const found = [from, checkpoint].some(
    (one) => one !== null && one.size === wanted?.size && equal(one.root, wanted.root),
  );
  if (!found)
    throw new ProofError(
      'not-from-known',
      'the proof does not begin at the checkpoint you kept: ask for one with "audit prove --from" and that checkpoint',
    );
}

async function assertWitnessed(
  { note }: SignedCheckpoint,
  options: ProofOptions,
): Promise<readonly Cosignature[]> {
  const witnesses = await Promise.all((options.witnesses ?? []).map(readWitnessKey));
  const quorum = options.quorum ?? witnesses.length;
  const found = await openCosignatures(note, witnesses);
  if (found.length >= quorum) return found;
  throw new ProofError(
    'not-witnessed',
    `${found.length} of ${witnesses.length} witnesses signed the checkpoint, ${quorum} must`,
  );
}
