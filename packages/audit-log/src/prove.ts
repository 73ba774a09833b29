/** Making proofs: one pass over the log, whatever its size, in little memory. */
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Checkpoint } from './checkpoint.ts';
import type { PlacedNote } from './checkpoint-file.ts';
import { LogError } from './log-error.ts';
import { parseVerifier, type Verifier } from './note.ts';
import { ProblemFound } from './problem.ts';
import { listSegments } from './segment.ts';
import { readSegment } from './segment-reader.ts';
import { consistencyRanges, inclusionRanges, Subtrees } from './subtrees.ts';
import { openNewest, type Succession } from './succession.ts';
import { CompactRange, leafHash } from './tree.ts';
import type { Link, Proof } from './verifier/proof.ts';
import { notesOf } from './verify-checkpoints.ts';

export interface ProveOptions {
  /** Prove under this checkpoint, such as one that witnesses cosigned, instead of the log's newest. */
  readonly checkpoint?: string;
  /** An earlier checkpoint, kept elsewhere: prove as well that the log only grew since. */
  readonly from?: string;
}

/**
 * A proof of one entry that needs nothing else: `verifyProof` checks it with the public key. LogError `not-provable` when no
 * checkpoint is over the entry, or one that was given is not of this log; `damaged` when the log is not what was signed.
 */
export async function proveEntry(
  directory: string,
  publicKey: string,
  index: number,
  options: ProveOptions = {},
): Promise<Proof> {
  const plan = planOf(directory, parseVerifier(publicKey), options);
  const { checkpoint, handovers, from } = plan;
  if (index >= checkpoint.size) {
    throw new LogError(
      'not-provable',
      `entry ${index} is under no signed checkpoint yet: the newest is over ${checkpoint.size} entries`,
    );
  }
  const inclusion = new Subtrees(inclusionRanges(index, checkpoint.size));
  const links = handovers.map((one, at) => growth(one, handovers[at + 1] ?? checkpoint));
  const grown = from === null ? null : growth(from, checkpoint);
  const all = [inclusion, ...links, ...(grown === null ? [] : [grown])].map((one) =>
    one instanceof Subtrees ? one : one.subtrees,
  );
  const entry = await readThrough(
    directory,
    index,
    [checkpoint, ...handovers, ...(from === null ? [] : [from])],
    all,
  );
  return {
    index,
    entry,
    inclusion: plainBytes(inclusion.roots()),
    checkpoint: checkpoint.note,
    handovers: links.map(linkOf),
    from: grown === null ? null : linkOf(grown),
  };
}

interface Plan {
  readonly checkpoint: Checkpoint;
  /** Those that lead from the known key to the one that signed `checkpoint`. */
  readonly handovers: readonly Checkpoint[];
  readonly from: Checkpoint | null;
}

function planOf(directory: string, known: Verifier, options: ProveOptions): Plan {
  const { checkpoint: newest, succession, handovers } = openNewest(notesOrDamaged(directory, known), known);
  const given = (note: string | undefined): Checkpoint | null =>
    note === undefined ? null : openGiven(note, succession);
  const checkpoint = given(options.checkpoint) ?? newest;
  const from = given(options.from);
  if (checkpoint === null)
    throw new LogError('not-provable', `the log in ${directory} has no signed checkpoint yet`);
  if (from !== null && from.size > checkpoint.size)
    throw new LogError(
      'not-provable',
      `the earlier checkpoint is over ${from.size} entries, the one to prove under over ${checkpoint.size}`,
    );
  return { checkpoint, from, handovers: handovers.filter(({ size }) => size < checkpoint.size) };
}

/** The notes of a log, or none; LogError `damaged`. */
export function notesOrDamaged(directory: string, { name }: Verifier): readonly PlacedNote[] {
  try {
    return notesOf(directory, name);
  } catch (error) {
    if (!(error instanceof ProblemFound)) throw error;
    const { file, offset, reason } = error.problem;
    throw new LogError('damaged', reason, { cause: error, place: { file, offset } });
  }
}

function openGiven(note: string, succession: Succession): Checkpoint {
  try {
    return succession.openEarlier(note);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new LogError('not-provable', `the checkpoint that was given is not one of this log: ${why}`, {
      cause: error,
    });
  }
}

interface Growth {
  readonly note: string;
  readonly subtrees: Subtrees;
}

function growth(earlier: Checkpoint, later: Checkpoint): Growth {
  return { note: earlier.note, subtrees: new Subtrees(consistencyRanges(earlier.size, later.size)) };
}

function linkOf({ note, subtrees }: Growth): Link {
  return { checkpoint: note, consistency: plainBytes(subtrees.roots()) };
}

function plainBytes(hashes: readonly Buffer[]): readonly Uint8Array<ArrayBuffer>[] {
  return hashes.map((one) => Uint8Array.from(one));
}

/** Leaves hashed in one turn of the loop. */
const leavesPerTurn = 1024;

/** Reads the log up to the largest checkpoint, which it must agree with, as with the others; gives the entry's text. */
async function readThrough(
  directory: string,
  index: number,
  heads: readonly Checkpoint[],
  all: readonly Subtrees[],
): Promise<string> {
  const tree = new CompactRange();
  const due = new Map(heads.map((head) => [head.size, head] as const));
  const end = Math.max(...due.keys());
  let entry: string | null = null;
  for (const { name, first } of listSegments(directory)) {
    if (tree.size < end && first !== tree.size)
      throw new LogError(
        'damaged',
        `${name} begins with entry ${first}, but entry ${tree.size} is next: run sallyport audit verify`,
        { place: { file: name, offset: 0 } },
      );
    for (const { bytes, offset } of readSegment(join(directory, name))) {
      if (tree.size === end) break;
      const leaf = leafHash(bytes);
      if (tree.size === index) entry = bytes.toString();
      for (const one of all) one.add(tree.size, leaf);
      tree.addHash(leaf);
      const head = due.get(tree.size);
      if (head !== undefined && !tree.root().equals(head.root))
        throw new LogError(
          'damaged',
          `the entries up to ${head.size} are not those that were signed: run sallyport audit verify`,
          { place: { file: name, offset } },
        );
      if (tree.size % leavesPerTurn === 0) await nextTurn();
    }
  }
  if (entry === null || tree.size < end)
    throw new LogError(
      'damaged',
      `the log ends at entry ${tree.size}, ${end} are signed: run sallyport audit verify`,
    );
  return entry;
}
