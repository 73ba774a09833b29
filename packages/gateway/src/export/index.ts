export { waitAfter } from './back-off.ts';
export { type Exports, openExports } from './exports.ts';
export { exported, type Format } from './format.ts';
export { type ExportConfig, exportSection, otlpAddress } from './section.ts';
export { SinkFailure } from './sink.ts';
export { attribute, type OtlpPoster, otlpPoster } from './sinks/otlp-post.ts';
