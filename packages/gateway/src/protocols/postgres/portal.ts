import type { Outcome } from '../protocol.ts';
import type { RowPlan } from './mask/index.ts';
import type { StatementMeaning } from './statement/index.ts';

/** A prepared statement as the client knows it by name. */
export interface Prepared {
  readonly statement: StatementMeaning;
  readonly text: string;
}

/** A statement with its parameters bound, ready to run. */
export interface Portal {
  readonly statement: StatementMeaning;
  readonly text: string;
  readonly parameters: readonly (Uint8Array | null)[];
  /** Whether the client, or the gateway, has asked for its columns: rows cannot be masked before. */
  described: boolean;
  /** How its rows are masked; null before it was described, or when it has none. */
  plan: RowPlan | null;
  /** The outcome of its first Execute, which a further Execute of the same run continues under. */
  outcome: (Outcome & { effect: 'permit' }) | null;
}
