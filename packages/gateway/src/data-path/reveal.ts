import type { AuditEntry } from '../audit/index.ts';
import { type MaybePromise, whenReady } from '../lib/async.ts';
import type { Approved as Evidence } from '../policy/index.ts';
import type { Evaluation, HoldListener, Operation, Outcome } from '../protocols/protocol.ts';
import { attributionOf } from './attribution.ts';
import { CONNECT } from './authenticate.ts';
import { decide } from './decide.ts';
import type { Approved, HoldWatcher } from './hold.ts';
import { judge } from './judge.ts';
import { compile } from './obligations.ts';
import { deny, type Refusing, unavailable } from './record.ts';
import type { Session } from './session.ts';

/** Classes named to a client that asked for one there is not. */
const NAMED = 20;

/** What a session asks to be shown from here on. */
export interface RevealRequest {
  /** Never empty. */
  readonly classes: readonly string[];
  /** As the client wrote it: what an approval is bound to. */
  readonly text: string;
}

/**
 * Asks to show data classes in this session, which replace the ones shown before. It is an operation like any other, judged as
 * `reveal` on each class: policy permits it, people are asked, or it is denied.
 */
export function reveal(
  session: Session,
  { classes, text }: RevealRequest,
  listener: HoldListener,
): MaybePromise<Outcome> {
  const { house } = session;
  const unknown = classes.findIndex((one) => !house.masking.classes.includes(one));
  const operation = operationOf(classes, text, unknown < 0);
  if (unknown >= 0) return deny(session, operation, noSuchClass(unknown, classes, house.masking.classes));
  const decidedUnder = house.decisionPoint.version;
  let approved: Approved | null = null;
  const watcher: HoldWatcher = {
    held: (notice) => listener.held(notice),
    signal: listener.signal,
    ...(listener.wishes === undefined ? {} : { wishes: listener.wishes }),
    approved: (how) => {
      approved = how;
    },
  };
  return whenReady(judge(session, operation, watcher), (outcome) =>
    outcome.effect === 'deny'
      ? outcome
      : grant(session, operation, classes, outcome, { decidedUnder, approved }),
  );
}

function grant(
  session: Session,
  operation: Operation,
  classes: readonly string[],
  outcome: Outcome & { effect: 'permit' },
  { decidedUnder, approved }: { readonly decidedUnder: string; readonly approved: Approved | null },
): MaybePromise<Outcome> {
  const { evaluationId } = outcome.permit;
  const people = approved?.by ?? NOBODY;
  // What was shown before is so no longer: a list replaces a list.
  conceal(session, 'other classes were asked for');
  try {
    session.house.audit.append({
      ...entryOf(session, evaluationId),
      effect: 'permit',
      reason: 'shown in this session from here on',
      ...(approved === null ? {} : { requestId: approved.requestId }),
      facts: { state: 'granted', classes, approvedBy: people },
    });
  } catch (fault) {
    session.house.report(fault);
    return withdrawn(outcome, unavailable(session, operation));
  }
  session.grant = {
    classes,
    operation,
    evaluationId,
    approved: approved?.approvals ?? NO_APPROVALS,
    policyVersion: decidedUnder,
  };
  // The policy may have changed while the entry went to the disk.
  const stands = session.granted.length > 0 ? undefined : regrant(session);
  return whenReady(stands, () => {
    if (session.grant === null) return withdrawn(outcome, deny(session, operation, POLICY_CHANGED));
    return whenReady(remask(session), () => outcome);
  });
}

/** It is not to be answered as if it had been carried out. */
function withdrawn({ tape }: Outcome & { effect: 'permit' }, denied: Outcome): Outcome {
  tape.end({ outcome: 'cancelled', rows: null, bytes: 0, status: 'reveal' });
  return denied;
}

/** Ends what a session is shown because it asked. At once, and on record; does nothing where there is none. */
export function endReveal(session: Session, why: string): MaybePromise<void> {
  if (session.grant === null) return;
  conceal(session, why);
  return remask(session);
}

/** Takes the grant away, whatever becomes of its entry. */
export function conceal(session: Session, reason: string): void {
  const { grant: ended, house } = session;
  if (ended === null) return;
  session.grant = null;
  // What belongs to no operation is masked as if nothing might be seen, until it is known what may be.
  session.mask = house.masking.compile(session.target, NOBODY);
  try {
    house.audit.append({
      ...entryOf(session, ended.evaluationId),
      reason,
      facts: { state: 'ended', classes: ended.classes },
    });
  } catch (fault) {
    house.report(fault);
  }
}

/** After the policy changed: a grant that would not be made now ends (L6). Until then it counts for nothing. */
export async function regrant(session: Session): Promise<void> {
  const { grant: standing, house } = session;
  if (standing === null) return;
  const decision = await decide(session, standing.operation, standing.approved);
  if (session.grant !== standing) return;
  const { policyVersion } = decision;
  if (decision.effect === 'permit' && policyVersion === house.decisionPoint.version)
    session.grant = { ...standing, policyVersion };
  else conceal(session, 'policy changed, and does not permit it any more');
}

/** What belongs to no operation, a notice or a notification, is masked by what may be seen now. */
function remask(session: Session): MaybePromise<void> {
  return whenReady(decide(session, CONNECT), (connecting) => {
    const obligations = compile(session, connecting);
    if (obligations !== null && connecting.effect === 'permit') session.mask = obligations.mask;
  });
}

/** A class there is not may be anything at all, so it is not logged. */
function operationOf(classes: readonly string[], text: string, known: boolean): Operation {
  const evaluations = classes.map(
    (name): Evaluation => ({
      action: 'reveal',
      resource: { type: 'DataClass', path: [name] },
    }),
  );
  // It changes what the session is shown: like any change it is on disk before it is so.
  const form = `reveal ${known ? classes.join(', ') : '?'}`;
  const meaning = { form, evaluations, undetermined: null, changesState: true };
  return { meaning, text, parameters: [] };
}

function entryOf(session: Session, evaluationId: string): AuditEntry {
  const { id: sessionId, identity, target, context } = session;
  return {
    type: 'reveal',
    sessionId,
    evaluationId,
    ...attributionOf(identity),
    target,
    protocol: context.protocol,
  };
}

function noSuchClass(at: number, asked: readonly string[], classes: readonly string[]): Refusing {
  const which = asked.length === 1 ? '' : `: number ${at + 1} of ${asked.length}`;
  const more = classes.length > NAMED ? `, and ${classes.length - NAMED} more` : '';
  return {
    code: 'forbidden',
    reason: `no such class${which}`,
    policies: [],
    hint: `the classes are ${classes.slice(0, NAMED).join(', ')}${more}`,
  };
}

const NOBODY: readonly string[] = [];
const NO_APPROVALS: readonly Evidence[] = [];

const POLICY_CHANGED: Refusing = {
  code: 'forbidden',
  reason: 'the policy changed while it was judged',
  policies: [],
  hint: 'ask again',
};
