import assert from 'node:assert/strict';
import { pbkdf2Sync } from 'node:crypto';
import { test } from 'node:test';
import {
  checkServerFinal,
  prepare,
  prove,
  readChallenge,
  ScramError,
  type ScramProblem,
  startScram,
} from './scram.ts';

const fails = (problem: ScramProblem) => (error: unknown) =>
  error instanceof ScramError && error.problem === problem;

// The example of RFC 7677 section 3; PostgreSQL's clients leave the name empty, so the proof differs, and the
// messages around it are the RFC's.
const NONCE = 'rOprNGfwEbeRWgbNEkqO';
const SERVER_FIRST = `r=${NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`;
const salted = pbkdf2Sync('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'), 4096, 32, 'sha256');

test('computes the proof and the server signature of the example in RFC 7677 [connector.auth-methods]', () => {
  const { start } = startScram(NONCE, { kind: 'none' });
  const named = { ...start, clientFirstBare: `n=user,r=${NONCE}` };
  const proof = prove(readChallenge(named, SERVER_FIRST, 4096, 4096), salted);
  assert.equal(
    proof.clientFinal,
    `c=biws,r=${NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`,
  );
  checkServerFinal('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=', proof.serverSignature);
});

test('says whether the channel is bound, could be, or not [connector.channel-binding]', () => {
  const hash = Buffer.from('hash');
  assert.equal(startScram('x', { kind: 'bound', hash }).clientFirst, 'p=tls-server-end-point,,n=,r=x');
  assert.equal(startScram('x', { kind: 'possible' }).clientFirst, 'y,,n=,r=x');
  assert.equal(startScram('x', { kind: 'none' }).clientFirst, 'n,,n=,r=x');
  const bound = startScram('x', { kind: 'bound', hash }).start.channel;
  assert.equal(Buffer.from(bound, 'base64').toString(), 'p=tls-server-end-point,,hash');
});

const challenges: readonly (readonly [string, string, ScramProblem])[] = [
  ['a nonce that is not ours', 'r=other,s=AAAA,i=4096', 'nonce'],
  ['a nonce that adds nothing', 'r=mine,s=AAAA,i=4096', 'nonce'],
  ['too few iterations', 'r=mine+,s=AAAA,i=4095', 'iterations'],
  ['too many iterations', 'r=mine+,s=AAAA,i=600001', 'iterations'],
  ['a mandatory extension', 'm=x,r=mine+,s=AAAA,i=4096', 'malformed'],
  ['a number that is no number', 'r=mine+,s=AAAA,i=4096x', 'malformed'],
  ['a missing salt', 'r=mine+,i=4096', 'malformed'],
  ['an error where a challenge belongs', 'e=other-error', 'malformed'],
  ['nothing', '', 'malformed'],
];

for (const [what, serverFirst, problem] of challenges) {
  test(`refuses ${what} in the server's first message [connector.server-proof]`, () => {
    const { start } = startScram('mine', { kind: 'none' });
    assert.throws(() => readChallenge(start, serverFirst, 4096, 600_000), fails(problem));
  });
}

const finals: readonly (readonly [string, ScramProblem])[] = [
  ['v=AAAA', 'signature'],
  [`v=${Buffer.alloc(32).toString('base64')}`, 'signature'],
  ['', 'signature'],
  ['v=', 'signature'],
  ['e=invalid-proof', 'refused'],
];

for (const [serverFinal, problem] of finals) {
  test(`refuses "${serverFinal}" as the server's proof [connector.server-proof]`, () => {
    assert.throws(() => checkServerFinal(serverFinal, Buffer.alloc(32, 1)), fails(problem));
  });
}

test('prepares a password as SASLprep does, and leaves one alone that it would refuse [connector.auth-methods]', () => {
  assert.equal(prepare('plain ascii'), 'plain ascii');
  assert.equal(prepare('I\u00adX'), 'IX');
  assert.equal(prepare('\u2168'), 'IX');
  assert.equal(prepare('a\u00a0b'), 'a b');
  assert.equal(prepare('\u00aa\u0007'), '\u00aa\u0007');
});
