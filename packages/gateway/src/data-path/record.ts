import { ANY_TABLE, type AuditEntry, tablesText } from '../audit/index.ts';
import type { MaybePromise } from '../lib/async.ts';
import { Fault } from '../lib/fault.ts';
import type { Approved, Decision, Rate } from '../policy/index.ts';
import type {
  Denial,
  DenialCode,
  Operation,
  Outcome,
  Refusal,
  ReplyLimit,
  Tape,
} from '../protocols/protocol.ts';
import type { RecordedOperation } from '../recording/index.ts';
import { endingOf } from './contain.ts';
import { compile, isLimited, obligationNames } from './obligations.ts';
import { recordPermit, recordRefusal } from './permit.ts';
import { hiddenUses } from './probes.ts';
import { rememberUses } from './risk.ts';
import type { Session } from './session.ts';

/** A denial in the making: everything but its evaluation id. */
export interface Refusing {
  readonly code: DenialCode;
  readonly reason: string;
  readonly policies: readonly string[];
  readonly hint: string;
  readonly policyVersion?: string;
  readonly requestId?: string;
  readonly heldMs?: number;
  readonly accessRequest?: NonNullable<Denial['accessRequest']>;
  /** What else the entry says of the decision. */
  readonly facts?: DecisionFacts;
}

type DecisionFacts = NonNullable<AuditEntry['facts']>;

/** How a permit came about, beside its decision. */
export interface Circumstances {
  /** Only to be made ready; running it is judged again. */
  readonly preparing?: true;
  readonly requestId?: string;
  readonly heldMs?: number;
  /** What people approved for it. */
  readonly approved?: readonly Approved[];
}

const NO_CIRCUMSTANCES: Circumstances = {};

const AUDIT_UNAVAILABLE: Refusing = {
  code: 'audit-unavailable',
  reason: 'the audit log cannot be written, and nothing runs unrecorded',
  policies: [],
  hint: 'try again; an operator has to make room on, or repair, the disk of the audit log',
};

const EXPORT_BEHIND: Refusing = {
  code: 'audit-unavailable',
  reason: 'an export of the audit log is too far behind, and nothing runs that may not be exported',
  policies: [],
  hint: 'try again later; an operator has to see to the export: "sallyport audit exports"',
};

const UNKNOWN_OBLIGATION: Refusing = {
  code: 'forbidden',
  reason: 'the decision carries an obligation this gateway does not understand',
  policies: [],
  hint: 'an operator has to upgrade the gateway or change the policy',
};

const GRANT_ENDED: Refusing = {
  code: 'forbidden',
  reason: 'the grant it rests on ended while it was judged',
  policies: [],
  hint: 'send it again to ask anew',
};

const POLICY_CHANGED: Refusing = {
  code: 'forbidden',
  reason: 'the policy changed while it was judged',
  policies: [],
  hint: 'send it again',
};

/**
 * Law 1: the entry first, then the permit. What may change state waits for the disk, not only for the write. A session
 * that ended meanwhile, or a policy that is not in force any more, permits nothing (L6).
 */
export function permit(
  session: Session,
  operation: Operation,
  decision: Decision,
  circumstances: Circumstances = NO_CIRCUMSTANCES,
): MaybePromise<Outcome> {
  const ending = endingOf(session);
  if (ending !== null) return deny(session, operation, ending);
  if (decision.policyVersion !== session.house.decisionPoint.version)
    return deny(session, operation, POLICY_CHANGED);
  if (!stillGranted(session, decision)) return deny(session, operation, GRANT_ENDED);
  const obligations = compile(session, decision);
  if (obligations === null) return deny(session, operation, UNKNOWN_OBLIGATION);
  if (session.recording?.failed === true) {
    // There may be room again: whoever asks need not wait for the next attempt, nor try twice.
    return session.recording
      .recover()
      .then((recovered) =>
        recovered ? permit(session, operation, decision, circumstances) : unavailable(session, operation),
      );
  }
  if (!circumstances.preparing && obligations.rates.length > 0) {
    const used = takeRates(session, obligations.rates);
    if (used !== null) return deny(session, operation, overRate(used));
  }
  const evaluationId = session.nextEvaluationId();
  try {
    const entry = permitEntry(session, operation, decision, evaluationId, circumstances);
    const proof = recordPermit(session.house.audit, session, entry);
    const tape = circumstances.preparing
      ? UNRECORDED
      : recordOperation(session, operation, decision, evaluationId, circumstances);
    if (!circumstances.preparing) noteUse(session, operation, decision);
    const { mask } = obligations;
    const limit = within(session, obligations.limit);
    const outcome: Outcome = { effect: 'permit', permit: proof, mask, tape, limit };
    const { audit } = session.house;
    const waits = operation.meaning.changesState && !circumstances.preparing;
    if (!waits && audit.durability === 'write') return outcome;
    return audit.synced().then(
      () => {
        if (session.ending === null) return outcome;
        tape.end({ outcome: 'cancelled', rows: null, bytes: 0, status: session.ending.code });
        return deny(session, operation, session.ending);
      },
      (fault: unknown) => {
        session.house.report(fault);
        tape.end({ outcome: 'cancelled', rows: null, bytes: 0, status: 'audit-unavailable' });
        return unavailable(session, operation);
      },
    );
  } catch (fault) {
    return deny(session, operation, unrecorded(fault, session.house.report));
  }
}

/** The limit with what is left of the budget of a task token, which all its sessions share. */
function within({ budget }: Session, limit: ReplyLimit | null): ReplyLimit | null {
  if (budget === null) return limit;
  return { ...(limit ?? UNLIMITED), takeRows: (count) => budget.takeRows(count) };
}

const UNLIMITED: ReplyLimit = { rows: null, bytes: null, timeoutMs: null };

/** What a permit leaves behind beside its entry. */
function noteUse(session: Session, { meaning }: Operation, decision: Decision): void {
  const { house } = session;
  house.experience.add(session, meaning, 'permitted');
  if (decision.risk !== undefined) rememberUses(session, meaning);
  const grants = grantsOf(decision);
  if (grants.length > 0) house.approvals.used(grants);
}

function grantsOf(decision: Decision): readonly string[] {
  if (decision.effect === 'deny' || decision.evidence === undefined) return NO_GRANTS;
  return decision.evidence.flatMap((one) => (one.kind === 'grant' ? [one.id] : []));
}

const NO_GRANTS: readonly string[] = [];

/** Whether the grants it rests on stand: one may have ended while it was decided (L6). */
function stillGranted(session: Session, decision: Decision): boolean {
  const grants = grantsOf(decision);
  if (grants.length === 0) return true;
  const standing = session
    .standing()
    .flatMap((one) => (one.standing?.kind === 'grant' ? [one.standing.id] : []));
  return grants.every((id) => standing.includes(id));
}

/** Why nothing is permitted whose entry the log did not take. */
export function unrecorded(fault: unknown, report: (fault: unknown) => void): Refusing {
  // Reported when it began: once, and not by every operation.
  if (fault instanceof Fault && fault.code === 'export-behind') return EXPORT_BEHIND;
  report(fault);
  return AUDIT_UNAVAILABLE;
}

/** Counts the operation for its subject and actor; the rate that is used up already, or null. */
function takeRates({ house, identity }: Session, rates: readonly Rate[]): Rate | null {
  const caller = JSON.stringify([identity.subject, identity.actor]);
  return house.rates.take(caller, rates, house.clock.elapsed());
}

function overRate({ policy, most }: Rate): Refusing {
  return {
    code: 'limit-exceeded',
    reason: `policy "${policy}" permits ${most} ${most === 1 ? 'operation' : 'operations'} a minute (limit_rate), and they are used up`,
    policies: [policy],
    hint: 'wait a minute, then try again',
  };
}

/** A deny because the log cannot be written. */
export function unavailable(session: Session, operation: Operation): Outcome {
  return deny(session, operation, AUDIT_UNAVAILABLE);
}

/** A deny as the outcome of an operation: recorded, with nothing in it to forward. */
export function deny(session: Session, operation: Operation, refusing: Refusing | Denial): Outcome {
  return { effect: 'deny', refusal: refuse(session, operation, refusing) };
}

/** Records a deny and makes the refusal the protocol answers with. */
export function refuse(session: Session, operation: Operation, refusing: Refusing | Denial): Refusal {
  const { code, reason, policies, hint } = refusing;
  const evaluationId = session.nextEvaluationId();
  const {
    requestId = null,
    policyVersion = session.house.decisionPoint.version,
    heldMs = 0,
    facts,
    accessRequest,
  } = refusing as Refusing;
  const { text, parameters, meaning } = operation;
  const entry = entryOf(session, operation, evaluationId, { effect: 'deny', policies, policyVersion });
  const asked = accessRequest === undefined ? {} : { accessRequest };
  const denial: Denial = { evaluationId, code, reason, policies, hint, ...asked };
  // Whoever is told to come back is not denied yet.
  if (code !== 'access-request-pending') session.house.experience.add(session, meaning, 'denied');
  const stated = {
    ...entry,
    reason,
    ...(requestId === null ? {} : { requestId }),
    ...(facts === undefined ? {} : { facts }),
  };
  const refusal = recordRefusal(session.house.audit, stated, denial, session.house.report);
  const refused: RecordedOperation = {
    evaluationId,
    text,
    form: meaning.form,
    parameters,
    effect: 'deny',
    policies,
    policyVersion,
    reason,
    obligations: NO_OBLIGATIONS,
    requestId,
    heldMs,
  };
  try {
    session.recording?.operation(refused).end({ outcome: 'skipped', rows: null, bytes: 0, status: code });
  } catch (fault) {
    // A deny stands, whatever becomes of its recording.
    session.house.report(fault);
  }
  return refusal;
}

type DecisionEntry = AuditEntry & { readonly evaluationId: string };

function permitEntry(
  session: Session,
  operation: Operation,
  decision: Decision,
  evaluationId: string,
  { preparing, requestId }: Circumstances,
): DecisionEntry {
  const { policies, policyVersion } = decision;
  const entry = entryOf(session, operation, evaluationId, { effect: 'permit', policies, policyVersion });
  if (preparing) return { ...entry, reason: 'prepared only: running it is judged again' };
  // Nothing of this is there for most operations: their entry is not copied.
  const stated = isLimited(decision) ? { ...entry, obligations: obligationNames(decision) } : entry;
  const facts = decisionFacts(decision);
  const told = facts === undefined ? stated : { ...stated, facts };
  return requestId === undefined ? told : { ...told, requestId };
}

/** What a decision's entry says beside what was decided: its risk, and what policies in shadow mode would have made of it. */
export function decisionFacts(decision: Decision): DecisionFacts | undefined {
  const { risk, shadow } = decision;
  const grants = grantsOf(decision);
  if (risk === undefined && shadow === undefined && grants.length === 0) return undefined;
  return {
    ...(grants.length === 0 ? {} : { grants }),
    ...(risk === undefined ? {} : { risk: risk.score, riskReasons: risk.reasons }),
    ...(shadow === undefined
      ? {}
      : { shadow: shadow.effect, shadowPolicies: shadow.policies, shadowReason: shadow.reason }),
  };
}

/** One literal, made for every operation: nothing is copied together on the way. */
function entryOf(
  session: Session,
  operation: Operation,
  evaluationId: string,
  { effect, policies, policyVersion }: Pick<Decision, 'effect' | 'policies' | 'policyVersion'>,
): DecisionEntry {
  const { identity } = session;
  return {
    type: 'decision',
    sessionId: session.id,
    evaluationId,
    subject: identity.subject,
    actor: identity.actor,
    task: identity.task,
    tokenId: identity.scope === null ? undefined : identity.tokenId,
    delegation: identity.scope === null ? undefined : identity.delegation,
    target: session.target,
    protocol: session.context.protocol,
    effect,
    digest: session.digest(operation, policyVersion),
    form: operation.meaning.form,
    actions: actionsOf(session, operation),
    tables: tablesOf(operation),
    policies,
    policyVersion,
  };
}

function recordOperation(
  session: Session,
  operation: Operation,
  decision: Decision,
  evaluationId: string,
  { requestId, heldMs = 0, approved = NOBODY }: Circumstances,
): Tape {
  const tape = session.recording?.operation({
    evaluationId,
    text: operation.text,
    form: operation.meaning.form,
    parameters: operation.parameters,
    effect: 'permit',
    policies: decision.policies,
    policyVersion: decision.policyVersion,
    reason: '',
    obligations: obligationNames(decision),
    requestId: requestId ?? null,
    heldMs,
  });
  return tape === undefined ? UNRECORDED : session.follow(operation, decision, approved, tape);
}

const NOBODY: readonly Approved[] = [];

/** A reply nobody records: before the session's recording began, or of a statement that is only prepared. */
const UNRECORDED: Tape = { reply: () => undefined, end: () => undefined };

const actionNames = new WeakMap<object, readonly string[]>();

/** The distinct actions of an operation, worked out once for each meaning. */
function actionsOf(session: Session, { meaning }: Operation): readonly string[] {
  let actions = actionNames.get(meaning);
  if (actions === undefined) {
    const asked = [...meaning.evaluations, ...hiddenUses(session, meaning)];
    actions = [...new Set(asked.map((evaluation) => evaluation.action))];
    actionNames.set(meaning, actions);
  }
  return actions;
}

const tableNames = new WeakMap<object, readonly string[]>();

/**
 * The tables of an operation, worked out once for each meaning; absent where there is none. One whose effect cannot be
 * told may touch any.
 */
function tablesOf({ meaning }: Operation): readonly string[] | undefined {
  let tables = tableNames.get(meaning);
  if (tables === undefined) {
    const touched = meaning.evaluations
      .map(({ resource }) => resource)
      .filter(({ type }) => type === 'Table');
    const paths = touched.map(({ path }) => path);
    tables = tablesText(meaning.undetermined === null ? paths : [[ANY_TABLE], ...paths]);
    tableNames.set(meaning, tables);
  }
  return tables.length === 0 ? undefined : tables;
}

const NO_OBLIGATIONS: readonly string[] = [];
