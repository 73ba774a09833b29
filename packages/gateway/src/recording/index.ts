export type { RecordedOperation, Recorder, Recording, RecordingHeader } from './recording.ts';
