import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openCheckpoint, signCheckpoint, signHandover } from './checkpoint.ts';
import { splitNotes } from './checkpoint-file.ts';
import { LogError } from './log-error.ts';
import { generateSigner, openNote, parsePrivateKey, parseVerifier, signNote } from './note.ts';

// The example of golang.org/x/mod/sumdb/note: a key, a text and the note that it must give.
const goPrivate = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz';
const goPublic = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const goText =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const goNote = `${goText}\n\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`;

test('signs and opens the notes of another implementation, byte for byte [audit.notes]', () => {
  const signer = parsePrivateKey(goPrivate);
  assert.equal(signer.verifier.vkey, goPublic);
  assert.equal(signNote(goText, signer), goNote);
  assert.equal(openNote(goNote, parseVerifier(goPublic)), goText);
});

test('opens no note that differs in one byte [audit.notes]', () => {
  const verifier = parseVerifier(goPublic);
  const bytes = Buffer.from(goNote);
  for (let i = 0; i < bytes.length; i++) {
    const changed = Buffer.from(bytes);
    changed[i] = (changed[i] ?? 0) ^ 1;
    assert.equal(openNote(changed.toString(), verifier), null, `byte ${i}`);
  }
});

test('ignores the signatures of witnesses, and does not take them for the log\u2019s own [audit.notes]', () => {
  const own = generateSigner('example.org/log').signer;
  const witness = generateSigner('witness.example').signer;
  const note = signCheckpoint(3, Buffer.alloc(32, 1), own).note;
  const line = signNote('x\n', witness).split('\n')[2];
  const cosigned = openCheckpoint(`${note}${line}\n`, own.verifier);
  assert.equal(cosigned.size, 3);
  assert.deepEqual(cosigned.root, Buffer.alloc(32, 1));
  assert.throws(() => openCheckpoint(note, witness.verifier), LogError);
  assert.throws(() => openCheckpoint(signNote('example.org/log\n3\nshort\n', own), own.verifier), LogError);
});

test('refuses keys in any other form, and shows no secret doing so [audit.notes]', () => {
  for (const text of [
    '',
    'PRIVATE+KEY+a+00000000+AAAA',
    goPrivate.replace('c74f20a3', 'c74f20a4'),
    `${goPrivate}x`,
  ]) {
    assert.throws(
      () => parsePrivateKey(text),
      (error: unknown) => error instanceof LogError && !error.message.includes('AYEKFALV'),
    );
  }
  for (const text of [
    '',
    'a+b+c',
    goPublic.replace('c74f20a3', 'c74f20a4'),
    goPublic.replace('+AR', '+AB'),
  ]) {
    assert.throws(() => parseVerifier(text), LogError);
  }
});

test('takes every beginning of a checkpoint that hands over for an unfinished one [audit.torn-tail]', () => {
  const { signer } = generateSigner('example.org/log');
  const next = generateSigner('example.org/log').signer;
  const first = signCheckpoint(1, Buffer.alloc(32, 1), signer).note;
  const { note } = signHandover(1234, Buffer.alloc(32, 2), signer, next);
  const file = Buffer.from(`${first}\n${note}`);
  for (let length = Buffer.byteLength(first); length < file.length; length++)
    assert.equal(splitNotes(file.subarray(0, length), signer.name).notes.length, 1, `cut at ${length}`);
  assert.equal(splitNotes(file, signer.name).notes[1]?.handsOver, true);
  const foreign = generateSigner('example.org/log').signer;
  assert.throws(() =>
    openCheckpoint(note.replace(next.verifier.vkey, foreign.verifier.vkey), signer.verifier),
  );
  const [own] = signCheckpoint(1234, Buffer.alloc(32, 2), signer).note.split('\n').slice(-2);
  // Without the new key's signature it would give somebody a key that is not theirs.
  assert.throws(() => openCheckpoint(`${note.split('\n\n')[0]}\n\n${own}\n`, signer.verifier), LogError);
});

test('takes every beginning of a note for an unfinished one, and nothing else [audit.torn-tail]', () => {
  const { signer } = generateSigner('example.org/log');
  const first = signCheckpoint(1, Buffer.alloc(32, 1), signer).note;
  const file = Buffer.from(`${first}\n${signCheckpoint(1234, Buffer.alloc(32, 2), signer).note}`);
  const one = Buffer.byteLength(first);
  for (let length = one; length <= file.length; length++) {
    const split = splitNotes(file.subarray(0, length), signer.name);
    const whole = length === file.length ? 2 : 1;
    assert.equal(split.notes.length, whole, `cut at ${length}`);
    assert.equal(split.end, whole === 2 ? length : one, `cut at ${length}`);
  }
});
