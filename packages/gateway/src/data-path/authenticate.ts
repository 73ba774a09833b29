import type { Identity } from '../identity/index.ts';
import { Fault } from '../lib/fault.ts';
import type { Risk, SessionContext } from '../policy/index.ts';
import type { Caller, Denial, Evaluation, Operation, Permit, Protocol } from '../protocols/protocol.ts';
import type { House } from './house.ts';
import { judge } from './judge.ts';
import { unrecorded } from './record.ts';
import { Session } from './session.ts';

export type Admission =
  | { readonly effect: 'permit'; readonly session: Session; readonly standing: Permit }
  | { readonly effect: 'deny'; readonly denial: Denial };

/** Who asks for what, where: all that entries say of somebody there is no session for yet. */
interface Visit {
  readonly caller: Caller;
  readonly protocol: Protocol;
  /** The address of the peer: a client's, or that of whatever it came through. */
  readonly address: string;
  readonly house: House;
}

/**
 * Verifies who is there, then asks policy whether they may connect to this target. That somebody proved who they are is on
 * record before anything is judged about them, and so is every refusal.
 */
export async function authenticate(
  caller: Caller,
  protocol: Protocol,
  address: string,
  house: House,
): Promise<Admission> {
  const visit = { caller, protocol, address, house };
  const identity = await verify(visit);
  if ('code' in identity) return { effect: 'deny', denial: identity };
  house.approvals.seen(identity);
  const sessionId = house.random(8);
  const denial = recordAuthenticated(visit, identity, sessionId);
  if (denial !== null) return { effect: 'deny', denial };
  const target = house.connector.targets.find(({ name }) => name === caller.target);
  const known = target !== undefined && target.protocol === protocol.name;
  const asked = contextOf(identity, caller, protocol);
  const context: SessionContext =
    known && (await mayChange(house, asked)) ? asked : { ...asked, access: 'read-only' };
  const session = new Session(house, identity, context, caller, sessionId);
  if (!known) return { effect: 'deny', denial: unknownTarget(visit, session) };
  // From here on a revocation finds it: reaching the target takes a while.
  house.sessions.admit(session);
  const outcome = await judge(session, CONNECT, { held: () => undefined, signal: AbortSignal.abort() });
  if (outcome.effect === 'deny') {
    session.end('session-ended', 'the connection was refused', '');
    return { effect: 'deny', denial: outcome.refusal.denial };
  }
  if (session.ending !== null) return { effect: 'deny', denial: session.ending };
  session.mask = outcome.mask;
  return { effect: 'permit', session, standing: outcome.permit };
}

/** Opening a session is an operation like any other; nobody is asked to approve one, so its hold is cancelled at once. */
export const CONNECT: Operation = {
  meaning: {
    form: 'connect',
    evaluations: [{ action: 'connect', resource: { type: 'Target', path: [] } }],
    undetermined: null,
    changesState: false,
  },
  text: 'connect',
  parameters: [],
};

/** Whether the session may be one that changes its target. Nobody is asked to approve that, so an approval is a no. */
export async function mayChange(
  house: Pick<House, 'decisionPoint'>,
  context: SessionContext,
): Promise<boolean> {
  const risk = house.decisionPoint.asksRisk ? NOTHING_DONE_YET : null;
  const decision = await house.decisionPoint.decide(context, [CONNECT_WRITABLE], [], risk);
  return decision.effect === 'permit';
}

/** Every evaluation has a risk where a policy asks for one: what is done in the session has its own. */
const NOTHING_DONE_YET: Risk = { score: 0, reasons: [] };

const CONNECT_WRITABLE: Evaluation = {
  action: 'connect_writable',
  resource: { type: 'Target', path: [] },
};

function contextOf(identity: Identity, caller: Caller, protocol: Protocol): SessionContext {
  const { target, secure } = caller;
  return { identity, target, protocol: protocol.name, secure, access: 'read-write' };
}

async function verify(visit: Visit): Promise<Identity | Denial> {
  const { caller, house } = visit;
  try {
    return await house.identity.authenticate(caller.credential);
  } catch (fault) {
    if (!(fault instanceof Fault)) house.report(fault);
    return refuseCaller(visit, {
      code: 'unauthenticated',
      // Only a Fault's message was written to be shown.
      reason: fault instanceof Fault ? fault.message : 'the credential could not be verified',
      hint: 'present a fresh access token as the password',
    });
  }
}

/** Null when it is on record; else why nothing is to be judged (L1). */
function recordAuthenticated(visit: Visit, identity: Identity, sessionId: string): Denial | null {
  const { caller, house } = visit;
  const { subject, actor, task } = identity;
  const { facet, client, secure } = caller;
  try {
    house.audit.append({
      type: 'authenticated',
      sessionId,
      subject,
      actor,
      task,
      ...askedFor(visit),
      facts: { ...doorOf(visit), facet, client, secure },
    });
    return null;
  } catch (fault) {
    const { code, reason, hint } = unrecorded(fault, house.report);
    return { code, reason, hint, evaluationId: `${sessionId}.0`, policies: [] };
  }
}

function unknownTarget(visit: Visit, session: Session): Denial {
  session.end('session-ended', 'the target is unknown', '');
  const { subject, actor, task } = session.identity;
  const { caller, protocol } = visit;
  return refuseCaller(
    visit,
    {
      code: 'unknown-target',
      reason: `no ${protocol.name} target is named "${caller.target}"`,
      hint: 'check the name of the target',
    },
    { sessionId: session.id, subject, actor, task },
  );
}

function refuseCaller(
  visit: Visit,
  refusing: Pick<Denial, 'code' | 'reason' | 'hint'>,
  who: Partial<Pick<Identity, 'subject' | 'actor' | 'task'>> & { readonly sessionId?: string } = {},
): Denial {
  const { house } = visit;
  const evaluationId = `${who.sessionId ?? house.random(8)}.0`;
  try {
    house.audit.append({
      ...who,
      type: 'authentication-failed',
      evaluationId,
      ...askedFor(visit),
      effect: 'deny',
      reason: refusing.reason,
      facts: doorOf(visit),
    });
  } catch (fault) {
    house.report(fault);
  }
  return { ...refusing, evaluationId, policies: [] };
}

function askedFor({ caller, protocol }: Visit): { readonly target: string; readonly protocol: string } {
  return { target: caller.target, protocol: protocol.name };
}

function doorOf({ address }: Visit): { readonly door: string; readonly address: string } {
  return { door: 'listener', address };
}
