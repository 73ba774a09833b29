export { canonical, type EntryFields, type Json, maxEntryDepth, type Stamp } from './canonical.ts';
export { type Checkpoint, openCheckpoint } from './checkpoint.ts';
export { findNotes } from './checkpoint-file.ts';
export { privateKeyFile, publicKeyFile } from './keys.ts';
export { type Log, type LogOptions, openLog } from './log.ts';
export { LogError, type LogErrorCode, type Place } from './log-error.ts';
export { type LogFiles, systemFiles } from './log-files.ts';
export {
  cosignNote,
  parseVerifier,
  parseWitness,
  type Signer,
  signerFromSeed,
  type Verifier,
} from './note.ts';
export type { LogProblem, LogProblemCode } from './problem.ts';
export { type ProveOptions, proveEntry } from './prove.ts';
export { findEntries, type LogEntry, readLog } from './read.ts';
export {
  hasChanged,
  type LogPlace,
  type PlacedEntry,
  readEntryAt,
  readLogFrom,
  segmentSizes,
} from './read-from.ts';
export { frameBytes, maxEntryBytes } from './segment.ts';
export { type LogStatus, logStatus } from './status.ts';
export { LogTail, type TailBatch, type TailEntry, type TailLimits, type TailPosition } from './tail.ts';
export { type LogReport, type VerifyOptions, verifyLog } from './verify.ts';
