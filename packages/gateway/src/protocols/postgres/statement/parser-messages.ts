/** What the parser's worker and its keeper say to each other. */
import type { BodyKind, Draft } from './meaning.ts';

/** A text to understand. */
export interface ParseRequest {
  readonly id: number;
  readonly text: string;
  readonly database: string;
  /** The text with literals taken out, when the caller has it already. */
  readonly form: string | null;
  readonly statements: number;
  /** Set for a text out of the catalog. */
  readonly kind?: BodyKind;
}

/** `broken` means the parser itself failed, and this worker must not be used again. */
export interface ParseAnswer {
  readonly id: number;
  readonly draft: Draft | null;
  readonly broken: boolean;
}

/** Said once, before any answer: the time a text may take begins here. */
export const READY = 'ready';
