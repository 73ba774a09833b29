import { type MaybePromise, whenReady } from '../lib/async.ts';
import type { Approved, Decision, DecisionPoint, Question, Risk } from '../policy/index.ts';
import type { Evaluation, Meaning, Operation } from '../protocols/protocol.ts';
import type { House } from './house.ts';
import { hiddenUses, type Probing } from './probes.ts';
import { riskOf } from './risk.ts';
import type { Session } from './session.ts';
import { outsideScope } from './task-scope.ts';

/** What a policy must permit, beside everything else an operation touches, when its effect cannot be told (L2). */
const UNDETERMINED: Evaluation = { action: 'undetermined', resource: { type: 'Target', path: [] } };

const NO_APPROVALS: readonly Approved[] = [];

/** What deciding takes of a session, and nothing that could permit: a tool that asks what would be has no more. */
export interface Asking extends Pick<Session, 'context' | 'decisions' | 'identity' | 'target'> {
  readonly house: Pick<House, 'decisionPoint' | 'masking' | 'workingHours' | 'clock' | 'uses'>;
  /** Classes shown beside what policy shows anyway, because the session asked; absent: none. */
  readonly granted?: readonly string[];
  /** What people granted for a time, that stands now; absent: nothing. */
  standing?(): readonly Approved[];
}

/** Asks the decision point about one operation; at once when the same meaning was decided under the same policy. */
export function decide(
  session: Asking,
  operation: Pick<Operation, 'meaning'>,
  approved: readonly Approved[] = NO_APPROVALS,
): MaybePromise<Decision> {
  const risk = session.house.decisionPoint.asksRisk ? riskOf(session, operation.meaning) : null;
  return whenReady(decideOn(session, operation, approved, risk), (decision) => {
    if (decision.effect === 'permit' || decision.approvals === null) return decision;
    // People would have to be asked: they may have been, for a time.
    const standing = session.standing?.() ?? NO_APPROVALS;
    return standing.length === 0 ? decision : decideOn(session, operation, [...approved, ...standing], risk);
  });
}

function decideOn(
  session: Asking,
  operation: Pick<Operation, 'meaning'>,
  approved: readonly Approved[],
  risk: Risk | null,
): MaybePromise<Decision> {
  const { meaning } = operation;
  const { decisionPoint } = session.house;
  const { scope } = session.identity;
  if (scope !== null) {
    const outside = outsideScope(scope, session.target, evaluationsOf(session, meaning), decisionPoint);
    if (outside !== null) return outside;
  }
  const { granted } = session;
  const known = approved.length === 0 ? session.decisions.get(meaning, risk) : undefined;
  if (known !== undefined) return known;
  return decisionPoint
    .decide(session.context, evaluationsOf(session, meaning), approved, risk)
    .then((made) => {
      // What is granted is part of what was asked, and of what is remembered: it came or went meanwhile.
      if (session.granted !== granted) return decideOn(session, operation, approved, risk);
      // A deny because the decision point was down names no version in force, says so itself, and is not remembered.
      const current = made.policyVersion === decisionPoint.version;
      const explained = current ? withGranted(explainUndetermined(meaning, made), granted) : made;
      const decision = risk === null ? explained : { ...explained, risk };
      if (approved.length === 0 && current) session.decisions.set(meaning, risk, decision);
      return decision;
    });
}

/** Everything policy must permit: what it touches, each thing that could not be told, and how it uses hidden columns. */
export function evaluationsOf(asking: Probing, meaning: Meaning): readonly Question[] {
  const { evaluations, undetermined, undeterminedOn } = meaning;
  const touched: readonly Question[] =
    undetermined === null
      ? evaluations
      : undeterminedOn === undefined || undeterminedOn.length === 0
        ? [...evaluations, UNDETERMINED]
        : [...evaluations, ...undeterminedOn.map((resource) => ({ action: 'undetermined', resource }))];
  const uses = hiddenUses(asking, meaning);
  // Nothing at all is a deny, whatever may be done with columns.
  return uses.length === 0 || touched.length === 0 ? touched : [...touched, ...uses];
}

/** "No policy permits undetermined" helps nobody: say what could not be told, unless a policy forbade outright. */
function explainUndetermined(meaning: Meaning, decision: Decision): Decision {
  if (meaning.undetermined === null || decision.effect === 'permit' || decision.policies.length > 0)
    return decision;
  // All that could not be told was permitted: it is the hidden columns that were not.
  if (decision.denied !== undefined) return decision;
  return { ...decision, reason: `its effect cannot be determined: ${meaning.undetermined}` };
}

/** What is granted is shown as what policy reveals is. */
function withGranted(decision: Decision, granted: readonly string[] | undefined): Decision {
  if (granted === undefined || granted.length === 0 || decision.effect === 'deny') return decision;
  const obligations = decision.obligations.map((one) =>
    one.kind === 'mask' ? { ...one, revealed: [...new Set([...one.revealed, ...granted])] } : one,
  );
  return { ...decision, obligations };
}

/** Decisions already made, by who asks and what it means; forgotten as a whole when the policy changes (L6). */
export interface DecisionMemo {
  /** The decisions of everyone who is, to policy, the same caller as this one. */
  of(identityClass: string): Decisions;
}

export interface Decisions {
  /** A decision made at one risk never serves another, nor one that was made without. */
  get(meaning: Meaning, risk: Risk | null): Decision | undefined;
  set(meaning: Meaning, risk: Risk | null, decision: Decision): void;
}

/** At most this many distinct callers are remembered; more only costs asking again. */
const REMEMBERED_CALLERS = 1_000;

/** What was decided for one caller: without a risk, and at each that came up. There are only so many of these. */
interface Kept {
  readonly plain: WeakMap<Meaning, Decision>;
  readonly atRisk: Map<string, WeakMap<Meaning, Decision>>;
}

/** A memo that holds only what was decided under the version in force. Meanings are held weakly: they are interned. */
export function createDecisionMemo(decisionPoint: DecisionPoint): DecisionMemo {
  const callers = new Map<string, Kept>();
  let version = decisionPoint.version;
  const known = (identityClass: string): Kept => {
    if (version !== decisionPoint.version) {
      callers.clear();
      version = decisionPoint.version;
    }
    let kept = callers.get(identityClass);
    if (kept === undefined) {
      const oldest = callers.size >= REMEMBERED_CALLERS ? callers.keys().next().value : undefined;
      if (oldest !== undefined) callers.delete(oldest);
      kept = { plain: new WeakMap(), atRisk: new Map() };
      callers.set(identityClass, kept);
    }
    return kept;
  };
  return {
    of(identityClass) {
      let kept = known(identityClass);
      let ofVersion = version;
      const current = (): Kept => {
        if (ofVersion !== decisionPoint.version) {
          kept = known(identityClass);
          ofVersion = version;
        }
        return kept;
      };
      return {
        get(meaning, risk) {
          const { plain, atRisk } = current();
          return risk === null ? plain.get(meaning) : atRisk.get(keyOf(risk))?.get(meaning);
        },
        set(meaning, risk, decision) {
          const { plain, atRisk } = current();
          if (risk === null) return void plain.set(meaning, decision);
          const key = keyOf(risk);
          const decisions = atRisk.get(key) ?? new WeakMap<Meaning, Decision>();
          atRisk.set(key, decisions.set(meaning, decision));
        },
      };
    },
  };
}

/** Score and reasons: the reasons are fixed words, so there are as many keys as ways to put them together. */
function keyOf({ score, reasons }: Risk): string {
  return `${score} ${reasons.join()}`;
}
