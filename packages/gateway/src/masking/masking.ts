import type { Mask } from '../protocols/protocol.ts';

export interface Masking {
  /** The mask for a session that may see `revealed` classes at `target` in clear. Compiled once per distinct set; shared. */
  compile(target: string, revealed: readonly string[]): Mask;
  /** Every data class known, built-in and configured: what `reveal` is asked for. */
  readonly classes: readonly string[];
}
