/** The frozen vectors: what other implementations can be held against. A change here is a change of the format. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { canonicalEntry, type EntryFields, type Stamp } from './canonical.ts';
import { CanonicalScanner } from './canonical-bytes.ts';
import { openCheckpoint, signCheckpoint, signHandover } from './checkpoint.ts';
import { cosignNote, parseVerifier, parseWitness, type Signer, signerFromSeed } from './note.ts';
import { consistencyRanges, inclusionRanges, type Range, Subtrees } from './subtrees.ts';
import { bytesToHash, CompactRange } from './tree.ts';
import {
  isConsistent,
  leafHash,
  openCosignatures,
  openSigned,
  type ProofOptions,
  readLogKey,
  readProof,
  readWitnessKey,
  rootOfInclusion,
  verifyProof,
  writeProof,
} from './verifier/index.ts';

const folder = join(import.meta.dirname, '../vectors');

/** SHA-256 of each file: they may grow by new files, and none may change. */
const frozen = {
  'checkpoints.json': '2d7c7a38e2ffdc97a6e765a5fc62e0191c0cb6bb97e98ea5f773a4434e988f9a',
  'entries.json': 'eecdc9d926dc083e75740347afaa4f06fda60a12dc7ec3fcc1943855e20abbb2',
  'proofs.json': '791404afa0466c2e953211de36f16100a3fe74ad8624114b15d2d89aff389fe0',
  'trees.json': '1a4882e8803038e8d5fd40dd1e5fb2de6b11948c469ea8d340beb15dc099cd70',
};

function read<T>(name: keyof typeof frozen): T {
  return JSON.parse(readFileSync(join(folder, name), 'utf8')) as T;
}

interface Entry {
  readonly fields: EntryFields;
  readonly stamp: Stamp;
  readonly canonical: string;
  readonly leaf: string;
}

interface Trees {
  readonly roots: readonly string[];
  readonly inclusion: readonly { index: number; size: number; path: readonly string[] }[];
  readonly consistency: readonly { earlier: number; later: number; path: readonly string[] }[];
}

interface Key {
  readonly name: string;
  readonly seed: string;
  readonly type: 1 | 4;
  readonly vkey: string;
}

type KeyName = 'first' | 'second' | 'witnessOne' | 'witnessTwo';

interface Checkpoints {
  readonly keys: Readonly<Record<KeyName, Key>>;
  readonly checkpoints: readonly {
    size: number;
    root: string;
    signer: KeyName;
    nextKey: KeyName | null;
    note: string;
  }[];
  readonly cosigned: {
    note: string;
    of: string;
    cosignatures: readonly { witness: KeyName; time: number }[];
  };
  readonly public: {
    logKey: string;
    witnessKeys: readonly string[];
    size: number;
    time: number;
    note: string;
  };
}

const bytes = (hex: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(hex, 'hex'));

test('the vectors are the ones that were frozen [audit.vectors]', () => {
  for (const [name, digest] of Object.entries(frozen)) {
    const found = createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex');
    assert.equal(found, digest, name);
  }
});

test('entries have the bytes and the leaves of the vectors [audit.vectors]', async () => {
  const scanner = new CanonicalScanner();
  for (const { fields, stamp, canonical, leaf } of read<Entry[]>('entries.json')) {
    assert.equal(canonicalEntry(fields, stamp), canonical);
    const text = Buffer.from(canonical);
    assert.equal(createHash('sha256').update(Buffer.of(0)).update(text).digest('hex'), leaf);
    assert.equal(Buffer.from(await leafHash(text)).toString('hex'), leaf);
    if (scanner.isCanonical(text)) assert.deepEqual({ ...scanner.stamp }, stamp);
  }
});

test('trees have the roots and the proofs of the vectors [audit.vectors]', async () => {
  const leaves = read<Entry[]>('entries.json').map(({ leaf }) => leaf);
  const { roots, inclusion, consistency } = read<Trees>('trees.json');
  const tree = new CompactRange();
  assert.equal(tree.root().toString('hex'), roots[0]);
  for (const [at, leaf] of leaves.entries()) {
    tree.addHash(bytesToHash(bytes(leaf)));
    assert.equal(tree.root().toString('hex'), roots[at + 1]);
  }
  const hashed = (ranges: readonly Range[], size: number): readonly string[] => {
    const subtrees = new Subtrees(ranges);
    for (let at = 0; at < size; at++) subtrees.add(at, bytesToHash(bytes(leaves[at] ?? '')));
    return subtrees.roots().map((root) => root.toString('hex'));
  };
  for (const { index, size, path } of inclusion) {
    assert.deepEqual(hashed(inclusionRanges(index, size), size), path);
    const root = await rootOfInclusion(bytes(leaves[index] ?? ''), index, size, path.map(bytes));
    assert.equal(Buffer.from(root ?? []).toString('hex'), roots[size]);
  }
  for (const { earlier, later, path } of consistency) {
    assert.deepEqual(hashed(consistencyRanges(earlier, later), later), path);
    const head = (size: number) => ({ size, root: bytes(roots[size] ?? '') });
    assert.equal(await isConsistent(head(earlier), head(later), path.map(bytes)), true);
  }
});

test('checkpoints and cosignatures are signed as in the vectors, byte for byte [audit.vectors]', async () => {
  const { keys, checkpoints, cosigned } = read<Checkpoints>('checkpoints.json');
  const signer = (name: KeyName): Signer => {
    const key = keys[name];
    const made = signerFromSeed(key.name, bytes(key.seed), key.type);
    assert.equal(made.verifier.vkey, key.vkey);
    return made;
  };
  for (const { size, root, signer: by, nextKey, note } of checkpoints) {
    const head = Buffer.from(root, 'hex');
    const made =
      nextKey === null
        ? signCheckpoint(size, head, signer(by))
        : signHandover(size, head, signer(by), signer(nextKey));
    assert.equal(made.note, note);
    assert.equal(openCheckpoint(note, parseVerifier(keys[by].vkey)).size, size);
    const opened = await openSigned(note, await readLogKey(keys[by].vkey));
    assert.equal(opened?.nextKey ?? null, nextKey === null ? null : keys[nextKey].vkey);
  }
  let note = cosigned.of;
  for (const { witness, time } of cosigned.cosignatures) {
    note = cosignNote(note, signer(witness), time);
    assert.equal(parseWitness(keys[witness].vkey).vkey, keys[witness].vkey);
  }
  assert.equal(note, cosigned.note);
});

test('takes a checkpoint of a public log with the cosignatures of public witnesses [audit.vectors]', async () => {
  const { note, logKey, witnessKeys, size, time } = read<Checkpoints>('checkpoints.json').public;
  assert.equal((await openSigned(note, await readLogKey(logKey)))?.size, size);
  assert.equal(openCheckpoint(note, parseVerifier(logKey)).size, size);
  const witnesses = await Promise.all(witnessKeys.map(readWitnessKey));
  const found = await openCosignatures(note, witnesses);
  assert.deepEqual(
    found,
    witnesses.map(({ name }) => ({ witness: name, time })),
  );
  const changed = note.replace(String(size), String(size + 1));
  assert.deepEqual(await openCosignatures(changed, witnesses), []);
  assert.equal(await openSigned(changed, await readLogKey(logKey)), null);
});

interface ProofVector {
  readonly name: string;
  readonly proof: string;
  readonly options: ProofOptions;
  readonly verdict: { readonly proven: boolean; readonly code?: string };
}

test('proofs prove or do not, each for the reason in the vectors [audit.vectors]', async () => {
  const entries = read<Entry[]>('entries.json');
  for (const { name, proof, options, verdict } of read<ProofVector[]>('proofs.json')) {
    const found = await verifyProof(proof, options);
    if (!found.proven) {
      assert.deepEqual({ proven: false, code: found.code }, verdict, name);
      continue;
    }
    const { entry, ...rest } = found;
    assert.deepEqual(rest, verdict, name);
    assert.deepEqual(entry, JSON.parse(entries[found.index]?.canonical ?? ''), name);
    assert.equal(writeProof(readProof(proof)), proof, name);
  }
});
