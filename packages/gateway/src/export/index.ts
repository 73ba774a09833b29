export { type Exports, openExports } from './exports.ts';
export { exported, type Format } from './format.ts';
export { type ExportConfig, exportSection } from './section.ts';
