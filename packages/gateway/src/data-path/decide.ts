import type { MaybePromise } from '../lib/async.ts';
import type { ApprovalRequirement, Decision, DecisionPoint, SessionContext } from '../policy/index.ts';
import type { Evaluation, Meaning, Operation } from '../protocols/protocol.ts';

/** What a policy must permit, beside everything else an operation touches, when its effect cannot be told (L2). */
const UNDETERMINED: Evaluation = { action: 'undetermined', resource: { type: 'Target', path: [] } };

const NO_APPROVALS: readonly ApprovalRequirement[] = [];

/** What deciding takes of a session, and nothing that could permit: a tool that asks what would be has no more. */
export interface Asking {
  readonly context: SessionContext;
  readonly decisions: Decisions;
  readonly house: { readonly decisionPoint: DecisionPoint };
}

/** Asks the decision point about one operation; at once when the same meaning was decided under the same policy. */
export function decide(
  session: Asking,
  operation: Pick<Operation, 'meaning'>,
  approved: readonly ApprovalRequirement[] = NO_APPROVALS,
): MaybePromise<Decision> {
  const { meaning } = operation;
  const known = approved.length === 0 ? session.decisions.get(meaning) : undefined;
  if (known !== undefined) return known;
  const { decisionPoint } = session.house;
  return decisionPoint.decide(session.context, evaluationsOf(meaning), approved).then((decision) => {
    const explained = explainUndetermined(meaning, decision);
    // A deny because the decision point was down names no version in force, and is not remembered.
    const current = decision.policyVersion === decisionPoint.version;
    if (approved.length === 0 && current) session.decisions.set(meaning, explained);
    return explained;
  });
}

/** Everything policy must permit: what it touches, and each thing that could not be told. */
export function evaluationsOf({ evaluations, undetermined, undeterminedOn }: Meaning): readonly Evaluation[] {
  if (undetermined === null) return evaluations;
  if (undeterminedOn === undefined || undeterminedOn.length === 0) return [...evaluations, UNDETERMINED];
  return [...evaluations, ...undeterminedOn.map((resource) => ({ action: 'undetermined', resource }))];
}

/** "No policy permits undetermined" helps nobody: say what could not be told, unless a policy forbade outright. */
function explainUndetermined(meaning: Meaning, decision: Decision): Decision {
  if (meaning.undetermined === null || decision.effect === 'permit' || decision.policies.length > 0)
    return decision;
  return { ...decision, reason: `its effect cannot be determined: ${meaning.undetermined}` };
}

/** Decisions already made, by who asks and what it means; forgotten as a whole when the policy changes (L6). */
export interface DecisionMemo {
  /** The decisions of everyone who is, to policy, the same caller as this one. */
  of(identityClass: string): Decisions;
}

export interface Decisions {
  get(meaning: Meaning): Decision | undefined;
  set(meaning: Meaning, decision: Decision): void;
}

/** At most this many distinct callers are remembered; more only costs asking again. */
const REMEMBERED_CALLERS = 1_000;

/** A memo that holds only what was decided under the version in force. Meanings are held weakly: they are interned. */
export function createDecisionMemo(decisionPoint: DecisionPoint): DecisionMemo {
  const callers = new Map<string, WeakMap<Meaning, Decision>>();
  let version = decisionPoint.version;
  const known = (identityClass: string): WeakMap<Meaning, Decision> => {
    if (version !== decisionPoint.version) {
      callers.clear();
      version = decisionPoint.version;
    }
    let decisions = callers.get(identityClass);
    if (decisions === undefined) {
      const oldest = callers.size >= REMEMBERED_CALLERS ? callers.keys().next().value : undefined;
      if (oldest !== undefined) callers.delete(oldest);
      decisions = new WeakMap();
      callers.set(identityClass, decisions);
    }
    return decisions;
  };
  return {
    of(identityClass) {
      let decisions = known(identityClass);
      let ofVersion = version;
      const current = (): WeakMap<Meaning, Decision> => {
        if (ofVersion !== decisionPoint.version) {
          decisions = known(identityClass);
          ofVersion = version;
        }
        return decisions;
      };
      return {
        get: (meaning) => current().get(meaning),
        set: (meaning, decision) => void current().set(meaning, decision),
      };
    },
  };
}
