export { findRecording, listRecordings, type RecordingSummary } from './catalog.ts';
export { type RecordingConfig, recordingSection } from './config.ts';
export type { RecordedEvent } from './decode.ts';
export { createRecorder, type RecorderDeps } from './file-recorder.ts';
export { inert } from './inert.ts';
export { readRecording, type Unfinished } from './read.ts';
export type { RecordedOperation, Recorder, Recording, RecordingHeader } from './recording.ts';
export { type ReplayEvent, replayRecording, type TranscriberOf } from './replay.ts';
export { type RecordingProblem, type RecordingsReport, verifyRecordings } from './verify.ts';
