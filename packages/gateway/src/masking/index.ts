export { columnPathText, fieldText } from './columns.ts';
export { createMasking, type Masking } from './masking.ts';
export { type ColumnSample, type Proposal, proposeClass } from './proposals.ts';
export { type MaskingConfig, maskingSection } from './section.ts';
export { readMaskingKey } from './strategies/key-file.ts';
