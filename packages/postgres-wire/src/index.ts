export { BodyReader, decodeUtf8 } from './body-reader.ts';
export { type FrameHandler, FrameReader } from './frame-reader.ts';
export { FrameWriter } from './frame-writer.ts';
export { BackendType, FrontendType, MESSAGE_HEADER_BYTES } from './message-types.ts';
export { WireError, type WireErrorCode } from './wire-error.ts';
