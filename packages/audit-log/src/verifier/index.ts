/** Verifying proofs without a log: no import of Node, so that it runs wherever Web Crypto does. */
export { isConsistent, leafHash, rootOfInclusion, type TreeHead } from './merkle.ts';
export { type CheckpointText, parseCheckpointText, splitNote } from './note-text.ts';
export { type Link, maxProofLength, type Proof, proofFormat, readProof, writeProof } from './proof.ts';
export { ProofError, type ProofErrorCode } from './proof-error.ts';
export {
  type Cosignature,
  openCosignatures,
  openSigned,
  type PublicKey,
  readLogKey,
  readWitnessKey,
  type SignedCheckpoint,
} from './signatures.ts';
export { type NotProven, type ProofOptions, type Proven, verifyProof } from './verify-proof.ts';
