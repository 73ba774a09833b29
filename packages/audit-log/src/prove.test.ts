import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { openLog } from './log.ts';
import { LogError } from './log-error.ts';
import { cosignNote, generateSigner, signerFromSeed } from './note.ts';
import { proveEntry } from './prove.ts';
import { scratch, smallLog } from './scratch-log.ts';
import { consistencyRanges, inclusionRanges, Subtrees } from './subtrees.ts';
import { bytesToHash, leafHash } from './tree.ts';
import { isConsistent, rootOfInclusion, verifyProof, writeProof } from './verifier/index.ts';
import { verifyLog } from './verify.ts';

const SIZES = 40;

/** MTH, PATH and PROOF as RFC 9162 section 2.1 writes them, from all leaves, sharing nothing with the code under test. */
const sha = (...parts: Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
const split = (n: number): number => 2 ** Math.ceil(Math.log2(n) - 1);
function mth(d: readonly Buffer[]): Buffer {
  if (d.length === 0) return sha();
  if (d.length === 1) return sha(Buffer.of(0), d[0] as Buffer);
  const k = split(d.length);
  return sha(Buffer.of(1), mth(d.slice(0, k)), mth(d.slice(k)));
}
function path(m: number, d: readonly Buffer[]): Buffer[] {
  if (d.length === 1) return [];
  const k = split(d.length);
  return m < k
    ? [...path(m, d.slice(0, k)), mth(d.slice(k))]
    : [...path(m - k, d.slice(k)), mth(d.slice(0, k))];
}
function subproof(m: number, d: readonly Buffer[], whole: boolean): Buffer[] {
  if (m === d.length) return whole ? [] : [mth(d)];
  const k = split(d.length);
  return m <= k
    ? [...subproof(m, d.slice(0, k), whole), mth(d.slice(k))]
    : [...subproof(m - k, d.slice(k), false), mth(d.slice(0, k))];
}

const leaves = Array.from({ length: SIZES }, (_, at) => Buffer.from(`leaf ${at}`));
const plain = (hashes: readonly Buffer[]) => hashes.map((one) => Uint8Array.from(one));

function hashed(ranges: ReturnType<typeof inclusionRanges>, size: number): readonly Buffer[] {
  const subtrees = new Subtrees(ranges);
  for (let at = 0; at < size; at++) subtrees.add(at, leafHash(leaves[at] as Buffer));
  return subtrees.roots();
}

test('makes and takes the inclusion proof of RFC 9162 for every leaf of every tree, and no other [audit.inclusion]', async () => {
  for (let size = 1; size <= SIZES; size++) {
    const root = mth(leaves.slice(0, size));
    for (let index = 0; index < size; index++) {
      const proof = hashed(inclusionRanges(index, size), size);
      assert.deepEqual(proof, path(index, leaves.slice(0, size)), `${index} of ${size}`);
      const leaf = Uint8Array.from(sha(Buffer.of(0), leaves[index] as Buffer));
      const rootOf = async (at: number, of: number, hashes: readonly Buffer[]) =>
        Buffer.from((await rootOfInclusion(leaf, at, of, plain(hashes))) ?? []);
      assert.deepEqual(await rootOf(index, size, proof), root);
      // Another place, a shorter and a longer path, and hashes in another order prove nothing.
      if (size > 1) assert.notDeepEqual(await rootOf((index + 1) % size, size, proof), root);
      assert.notDeepEqual(await rootOf(index, size, proof.slice(1)), proof.length === 0 ? [] : root);
      assert.notDeepEqual(await rootOf(index, size, [...proof, root]), root);
      if (proof.length > 1) assert.notDeepEqual(await rootOf(index, size, proof.toReversed()), root);
    }
  }
  assert.equal(await rootOfInclusion(new Uint8Array(32), 1, 1, []), null);
  assert.equal(await rootOfInclusion(new Uint8Array(32), -1, 1, []), null);
});

test('makes and takes the consistency proof of RFC 9162 between any two trees, and no other [audit.consistency]', async () => {
  for (let later = 0; later <= SIZES; later++) {
    const end = { size: later, root: mth(leaves.slice(0, later)) };
    for (let earlier = 0; earlier <= later; earlier++) {
      const start = { size: earlier, root: mth(leaves.slice(0, earlier)) };
      const proof = hashed(consistencyRanges(earlier, later), later);
      const expected = earlier === 0 ? [] : subproof(earlier, leaves.slice(0, later), true);
      assert.deepEqual(proof, expected, `${earlier} to ${later}`);
      assert.equal(await isConsistent(start, end, plain(proof)), true);
      const other = { size: earlier, root: Buffer.alloc(32, 7) };
      assert.equal(await isConsistent(other, end, plain(proof)), false);
      // Every tree grows from the empty one.
      if (earlier > 0)
        assert.equal(await isConsistent(start, { ...end, root: other.root }, plain(proof)), false);
      assert.equal(await isConsistent(start, end, plain([...proof, end.root])), false);
      if (proof.length > 0) assert.equal(await isConsistent(start, end, plain(proof.slice(1))), false);
      if (earlier < later) assert.equal(await isConsistent(end, start, plain(proof)), false);
    }
  }
  assert.equal(bytesToHash(Buffer.alloc(32)).length, 32);
});

test('proves every entry of a log by the key alone, and from a checkpoint that was kept [audit.proof]', async (t) => {
  const directory = scratch(t);
  const log = openLog(directory, { segmentBytes: 200, checkpointMs: 0, now: () => 1000 });
  log.append({ type: 'decision', form: 'SELECT 0' });
  const kept = await log.checkpoint();
  for (let i = 1; i < 9; i++) log.append({ type: 'decision', form: `SELECT ${i} \u20ac` });
  await log.close();
  for (let index = 0; index < 9; index++) {
    const proof = writeProof(await proveEntry(directory, log.publicKey, index, { from: kept.note }));
    const verdict = await verifyProof(proof, { key: log.publicKey, known: kept.note });
    assert.ok(verdict.proven, JSON.stringify(verdict));
    assert.equal(verdict.entry.form, index === 0 ? 'SELECT 0' : `SELECT ${index} \u20ac`);
    assert.deepEqual([verdict.index, verdict.size, verdict.grewFrom], [index, 9, 1]);
  }
  const bare = writeProof(await proveEntry(directory, log.publicKey, 3));
  const refused = await verifyProof(bare, { key: log.publicKey, known: kept.note });
  assert.equal(refused.proven ? '' : refused.code, 'not-from-known');
  await assert.rejects(
    proveEntry(directory, log.publicKey, 9),
    (error: unknown) => error instanceof LogError && error.code === 'not-provable',
  );
});

test('follows a log over changes of key from the first key, or from a later one [audit.rotation]', async (t) => {
  const directory = scratch(t);
  const first = openLog(directory, { checkpointMs: 0 });
  first.append({ type: 'decision', form: 'one' });
  const kept = await first.checkpoint();
  const keys = [first.publicKey];
  let log = first;
  for (let change = 0; change < 3; change++) {
    const handover = await log.rotateKey();
    assert.equal(handover.nextKey?.vkey, log.signingKey);
    keys.push(log.signingKey);
    log.append({ type: 'decision', form: `after ${change}` });
    await log.checkpoint();
    await log.close();
    log = openLog(directory, { checkpointMs: 0 });
    assert.deepEqual([log.publicKey, log.signingKey], [keys[0], keys.at(-1)]);
  }
  await log.close();
  assert.equal(new Set(keys).size, 4);
  const proof = writeProof(await proveEntry(directory, keys[0] ?? '', 0, { from: kept.note }));
  for (const [at, key] of keys.entries()) {
    const report = await verifyLog(directory, key, { known: at === 0 ? [kept.note] : [] });
    assert.deepEqual([report.problem, report.entries, report.signedBy], [null, 7, keys.at(-1)]);
    // A proof from before the key that is known: that key never signed the checkpoint it grew from.
    const verdict = await verifyProof(at === 0 ? proof : proof.replace(/"from": \{[^}]*\}/, '"from": null'), {
      key,
    });
    assert.ok(verdict.proven, JSON.stringify(verdict));
    assert.equal(verdict.signedBy, keys.at(-1));
  }
  const stranger = generateSigner('sallyport/audit').signer.verifier.vkey;
  const verdict = await verifyProof(proof, { key: stranger });
  assert.equal(verdict.proven ? '' : verdict.code, 'not-signed');
  assert.equal((await verifyLog(directory, stranger)).problem?.code, 'foreign-key');
});

test('counts witnesses, each once and only those that were given [audit.witnesses]', async (t) => {
  const directory = join(scratch(t), 'log');
  const key = await smallLog(directory);
  const witnesses = [1, 2, 3].map((seed) =>
    signerFromSeed(`witness.example/${seed}`, Buffer.alloc(32, seed), 4),
  );
  const vkeys = witnesses.map(({ verifier }) => verifier.vkey);
  const [one, two] = witnesses;
  assert.ok(one !== undefined && two !== undefined);
  const { checkpoint } = await proveEntry(directory, key, 0);
  const cosigned = cosignNote(
    cosignNote(cosignNote(checkpoint, one, 1_700_000_000), one, 1_700_000_001),
    two,
    5,
  );
  const proof = writeProof(await proveEntry(directory, key, 0, { checkpoint: cosigned }));
  const ask = async (given: readonly string[], quorum?: number) => {
    const verdict = await verifyProof(proof, {
      key,
      witnesses: given,
      ...(quorum === undefined ? {} : { quorum }),
    });
    return verdict.proven ? verdict.witnesses : verdict.code;
  };
  const seen = [
    { witness: 'witness.example/1', time: 1_700_000_001 },
    { witness: 'witness.example/2', time: 5 },
  ];
  assert.deepEqual(await ask(vkeys, 2), seen);
  assert.deepEqual(await ask(vkeys.slice(0, 2)), seen);
  assert.equal(await ask(vkeys), 'not-witnessed');
  // One key twice, or under another name, is one witness.
  const alias = signerFromSeed('witness.example/alias', Buffer.alloc(32, 1), 4).verifier.vkey;
  assert.equal(await ask([vkeys[0] ?? '', vkeys[0] ?? '', alias], 2), 'not-witnessed');
  assert.deepEqual(await ask([alias, vkeys[0] ?? ''], 1), seen.slice(0, 1));
  assert.equal(await ask([key], 1), 'key-malformed');
  const forged = proof.replaceAll('witness.example/2', 'witness.example/3');
  const verdict = await verifyProof(forged, { key, witnesses: [vkeys[2] ?? ''] });
  assert.equal(verdict.proven ? '' : verdict.code, 'not-witnessed');
});
