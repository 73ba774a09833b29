import type { Decision, LimitObligation, Rate } from '../policy/index.ts';
import type { Mask, ReplyLimit } from '../protocols/protocol.ts';
import type { Session } from './session.ts';

/** The obligations of a decision, compiled. */
export interface Compiled {
  readonly mask: Mask;
  /** What the reply may have at most; null when it may have anything. */
  readonly limit: ReplyLimit | null;
  /** What is counted before a permit is made. */
  readonly rates: readonly Rate[];
}

const NO_RATES: readonly Rate[] = [];
const compiled = new WeakMap<Decision, Compiled>();

/** Compiles the obligations; null when one is not understood, which turns the permit into a deny. */
export function compile(session: Session, decision: Decision): Compiled | null {
  const known = compiled.get(decision);
  if (known !== undefined) return known;
  let revealed: readonly string[] = [];
  let limits: LimitObligation | null = null;
  for (const obligation of decision.effect === 'permit' ? decision.obligations : []) {
    switch (obligation.kind) {
      case 'mask':
        revealed = obligation.revealed;
        break;
      case 'limit':
        // Two would have to be put together, and the decision point has done so.
        if (limits !== null) return null;
        limits = obligation;
        break;
      default:
        return null;
    }
  }
  const mask = session.house.masking.compile(session.target, revealed);
  const made = { mask, limit: replyLimit(limits), rates: limits?.perMinute ?? NO_RATES };
  compiled.set(decision, made);
  return made;
}

function replyLimit(limits: LimitObligation | null): ReplyLimit | null {
  if (limits === null) return null;
  const { rows, bytes, timeoutMs } = limits;
  return rows === null && bytes === null && timeoutMs === null ? null : { rows, bytes, timeoutMs };
}

/** Whether what stands now leaves no less than what stood then: an operation under way may go on under it. */
export function noTighter(then: Compiled, now: Compiled): boolean {
  const within = (key: 'rows' | 'bytes' | 'timeoutMs'): boolean => {
    const most = now.limit?.[key] ?? Number.POSITIVE_INFINITY;
    return most >= (then.limit?.[key] ?? Number.POSITIVE_INFINITY);
  };
  return within('rows') && within('bytes') && within('timeoutMs');
}

const NONE: readonly string[] = [];
const names = new WeakMap<Decision, readonly string[]>();

/** The obligations as they are put on record: `mask`, `limit_rows 1000`, `limit_rate 60 agents-read`. */
export function obligationNames(decision: Decision): readonly string[] {
  if (decision.effect === 'deny') return NONE;
  let shown = names.get(decision);
  if (shown === undefined) {
    shown = decision.obligations.flatMap((one) => (one.kind === 'limit' ? limitNames(one) : [one.kind]));
    names.set(decision, shown);
  }
  return shown;
}

/** Whether there is more to record than that replies are masked, as all are. */
export function isLimited(decision: Decision): boolean {
  return decision.effect === 'permit' && decision.obligations.length > 1;
}

function limitNames({ rows, bytes, timeoutMs, perMinute }: LimitObligation): string[] {
  const shown: string[] = [];
  if (rows !== null) shown.push(`limit_rows ${rows}`);
  if (bytes !== null) shown.push(`limit_bytes ${bytes}`);
  if (timeoutMs !== null) shown.push(`limit_time ${timeoutMs}ms`);
  for (const { policy, most } of perMinute) shown.push(`limit_rate ${most} ${policy}`);
  return shown;
}
