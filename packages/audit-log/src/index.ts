export { canonical, type EntryFields, type Json, maxEntryDepth, type Stamp } from './canonical.ts';
export { type Checkpoint, openCheckpoint } from './checkpoint.ts';
export { privateKeyFile, publicKeyFile } from './keys.ts';
export { type Log, type LogOptions, openLog } from './log.ts';
export { LogError, type LogErrorCode, type Place } from './log-error.ts';
export { parseVerifier, type Verifier } from './note.ts';
export { type LogEntry, readLog } from './read.ts';
export {
  hasChanged,
  type LogPlace,
  type PlacedEntry,
  readEntryAt,
  readLogFrom,
  segmentSizes,
} from './read-from.ts';
export { frameBytes, maxEntryBytes } from './segment.ts';
export { type LogProblem, type LogReport, type VerifyOptions, verifyLog } from './verify.ts';
