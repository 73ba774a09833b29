export { createMasking, type Masking } from './masking.ts';
export { type MaskingConfig, maskingSection } from './section.ts';
