export type { Masking } from './masking.ts';
