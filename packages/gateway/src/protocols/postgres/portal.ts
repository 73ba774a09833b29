import type { Operation, Outcome, ParameterForm } from '../protocol.ts';
import type { RowPlan } from './mask/index.ts';
import type { Taken } from './reply-limit.ts';
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
  /** How the parameters are encoded; empty when all are text. */
  readonly parameterForms: readonly ParameterForm[];
  /**
   * The segment (see name-table.ts) in which its columns were asked for last, or −1. In that segment they are sure to
   * come before its rows; in a later one they may not have been: the target may have skipped the question.
   */
  describedIn: number;
  /** How its rows are masked; null before it was described, or when it has none. */
  plan: RowPlan | null;
  /** The outcome of its first Execute, which a further Execute of the same run continues under. */
  outcome: (Outcome & { effect: 'permit' }) | null;
  /** What its Executes have delivered together: a limit is on the operation, in however many pieces it is taken. */
  readonly taken: Taken;
}

/** Running the portal, as an operation. */
export function operationOf({ statement, text, parameters, parameterForms }: Portal): Operation {
  return { meaning: statement, text, parameters, parameterForms };
}

/** A portal nothing was asked of yet. */
export function openPortal(
  { statement, text }: Prepared,
  parameters: Portal['parameters'],
  parameterForms: Portal['parameterForms'],
  taken: Taken = { rows: 0, bytes: 0 },
): Portal {
  return { statement, text, parameters, parameterForms, describedIn: -1, plan: null, outcome: null, taken };
}
