import { NonceFault } from '../identity/index.ts';
import type { MaybePromise } from '../lib/async.ts';
import { Fault } from '../lib/fault.ts';
import type {
  DenialCode,
  HoldListener,
  Line,
  Mask,
  Operation,
  Outcome,
  Permit,
  Possession,
  Protocol,
  Refusal,
  TargetLink,
} from '../protocols/protocol.ts';
import { attributionOf } from './attribution.ts';
import { recordPermit } from './permit.ts';
import { openLink } from './reach.ts';
import { refuse } from './record.ts';
import { endReveal, reveal } from './reveal.ts';
import type { Session } from './session.ts';

interface Parts {
  readonly standing: Permit;
  readonly target: TargetLink;
  /** Verifies that a further message is of whoever the session is. Rejects when it is not. */
  readonly confirm: (possession: Possession) => Promise<void>;
  readonly protocol: Protocol;
  readonly judge: (session: Session, operation: Operation, hold: HoldListener) => MaybePromise<Outcome>;
  readonly judgePreparation: (session: Session, operation: Operation) => MaybePromise<Outcome>;
}

/** What a protocol's relay may do for one session, and nothing more. */
export function lineOf(session: Session, parts: Parts): Line {
  const { standing, target, protocol, judge, judgePreparation } = parts;
  return {
    sessionId: session.id,
    target,
    standing,
    access: session.context.access,
    get over() {
      return session.ending !== null;
    },
    mask: () => maskOf(session),
    limits: session.house.limits,
    submit: (operation, hold) => judge(session, operation, hold),
    prepare: (operation) => judgePreparation(session, operation),
    refuse: (form, code, reason, hint) => refuseUnjudged(session, form, code, reason, hint),
    revealed: () => session.granted,
    reveal: (request, hold) => reveal(session, request, hold),
    endReveal: () => endReveal(session, 'the client ended it'),
    introspect: (facet) => introspect(session, protocol, facet),
    confirm: (possession) => confirm(session, parts.confirm, possession),
    onEnd: (handler) => session.onEnd(handler),
    violation: (side, reason) => recordViolation(session, side, reason),
  };
}

function maskOf({ mask }: Session): Mask {
  if (mask === null) throw new TypeError('a session that was not admitted has no line');
  return mask;
}

function refuseUnjudged(
  session: Session,
  form: string,
  code: DenialCode,
  reason: string,
  hint: string,
): Refusal {
  const meaning = { form, evaluations: [], undetermined: reason, changesState: false };
  return refuse(session, { meaning, text: form, parameters: [] }, { code, reason, policies: [], hint });
}

async function confirm(
  session: Session,
  verify: Parts['confirm'],
  possession: Possession,
): Promise<Refusal | null> {
  try {
    await verify(possession);
    return null;
  } catch (fault) {
    if (!(fault instanceof Fault)) session.house.report(fault);
    const reason = fault instanceof Fault ? fault.message : 'the proof could not be verified';
    const hint = 'make a new proof for each request';
    const refusal = refuseUnjudged(session, 'prove the key', 'unauthenticated', reason, hint);
    if (!(fault instanceof NonceFault)) return refusal;
    return { ...refusal, denial: { ...refusal.denial, nonce: fault.nonce } };
  }
}

/** A connection of the gateway's own, recorded as such: nothing a client sends ever travels on it. */
async function introspect(
  session: Session,
  protocol: Protocol,
  facet: string,
): Promise<TargetLink & { readonly permit: Permit }> {
  const door = {};
  const link = await openLink(session, door, protocol, facet, {});
  const evaluationId = session.nextEvaluationId();
  const { id: sessionId, identity, target } = session;
  const permit = recordPermit(session.house.audit, door, {
    type: 'introspection',
    sessionId,
    evaluationId,
    ...attributionOf(identity),
    target,
    protocol: protocol.name,
    effect: 'permit',
    form: 'read the catalog',
  });
  return Object.assign(link, { permit });
}

function recordViolation(session: Session, side: 'client' | 'target', reason: string): void {
  const { id: sessionId, identity, target, context } = session;
  session.recording?.note(`protocol violation by the ${side}: ${reason}`);
  try {
    session.house.audit.append({
      type: 'violation',
      sessionId,
      ...attributionOf(identity),
      target,
      protocol: context.protocol,
      reason,
      facts: { side },
    });
  } catch (fault) {
    session.house.report(fault);
  }
}
