export { waitAfter } from './back-off.ts';
export { type Exports, openExports } from './exports.ts';
export { exported, type Format } from './format.ts';
export { type ExportConfig, exportSection, isLoopbackUrl, otlpAddress, urlOf } from './section.ts';
export { failureOf, SinkFailure } from './sink.ts';
export { type Answer, poster, readSecretFile, refused } from './sinks/https-post.ts';
export { attribute, type OtlpPoster, otlpPoster } from './sinks/otlp-post.ts';
export { signedHeaders } from './sinks/webhook.ts';
