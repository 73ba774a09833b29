export { type RecordingConfig, recordingSection } from './config.ts';
export { createRecorder, type RecorderDeps } from './file-recorder.ts';
export type { RecordedOperation, Recorder, Recording, RecordingHeader } from './recording.ts';
