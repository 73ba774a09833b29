import { isUtf8 } from 'node:buffer';
import type { AccessRequestSubject, Shown } from '../approval/index.ts';
import type { ApprovalRequirement, Decision, Question } from '../policy/index.ts';
import type { Operation, ParameterForm } from '../protocols/protocol.ts';
import { evaluationsOf } from './decide.ts';
import { describeThing } from './experience.ts';
import type { Session } from './session.ts';

/** Most things an operation touches that people are shown; how many more there are is said. */
const SHOWN_THINGS = 100;

/** A deny that people could change. */
export type RequestableDenial = Decision & {
  readonly effect: 'deny';
  readonly approvals: readonly ApprovalRequirement[];
};

export interface Asked {
  readonly mode: AccessRequestSubject['mode'];
  readonly digest: string;
  /** Why the requester says they want it. */
  readonly stated: string;
}

/** Everything people are shown of an operation, and what their word is bound to. */
export function requestSubject(
  session: Session,
  operation: Operation,
  decision: RequestableDenial,
  { mode, digest, stated }: Asked,
): AccessRequestSubject {
  return {
    sessionId: session.id,
    identity: session.identity,
    target: session.target,
    mode,
    digest,
    text: operation.text,
    form: operation.meaning.form,
    parameters: operation.parameters.map((value, at) => shown(value, operation.parameterForms?.[at])),
    requirements: decision.approvals,
    reason: reasonFor(decision),
    shown: shownOf(session, operation, decision, stated),
    scope: decision.terms?.asked ?? [],
  };
}

function shownOf(
  session: Session,
  { meaning }: Operation,
  { risk, terms, policies }: RequestableDenial,
  stated: string,
): Shown {
  const questions = evaluationsOf(session, meaning);
  const described = (all: readonly Question[]) => all.map((one) => describeThing(session.target, one));
  // What people are asked about comes first: what they agree to must not be pushed out of sight by what needs nobody.
  const asked = new Set(described(terms?.asked ?? []));
  const touches = [...new Set([...asked, ...described(questions)])];
  const { first, permitted, denied } = session.house.experience.of(session, questions);
  return {
    touches: touches.slice(0, SHOWN_THINGS),
    touchesLeftOut: Math.max(0, touches.length - SHOWN_THINGS),
    rows: meaning.traits?.rows ?? null,
    risk: risk === undefined ? null : { score: risk.score, reasons: risk.reasons },
    policies,
    stated,
    history: { first: [...new Set(first)].slice(0, SHOWN_THINGS), permitted, denied },
    // A grant is for all that is asked about, so none is given for what is not shown.
    grantMs: asked.size > SHOWN_THINGS ? null : (terms?.grantMs ?? null),
  };
}

/** Why it waits, with how dangerous it is where a policy asks for that. */
function reasonFor({ reason, risk }: RequestableDenial): string {
  if (risk === undefined) return reason;
  const why = risk.reasons.length === 0 ? '' : `: ${risk.reasons.join(', ')}`;
  return `${reason}; risk ${risk.score} of 100${why}`;
}

/** A bound value whole, as an approver sees it: one who cannot see it all must not be asked. */
function shown(value: Uint8Array | null, form: ParameterForm = 'text'): string {
  if (value === null) return 'NULL';
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  // Bytes that happen to be readable must not pass for the value they spell.
  if (form === 'binary') return `(binary) \\x${bytes.toString('hex')}`;
  if (!isUtf8(bytes)) return `\\x${bytes.toString('hex')}`;
  const text = bytes.toString('utf8');
  // A text that spells one of the forms above, or begins as a quoted one, is quoted.
  return /^(?:NULL$|\(binary\) |\\x|")/.test(text) ? JSON.stringify(text) : text;
}
