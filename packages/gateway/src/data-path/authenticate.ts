import { type Identity, NonceFault } from '../identity/index.ts';
import { Fault } from '../lib/fault.ts';
import { addressKey } from '../lib/rate-limit.ts';
import type { Risk, SessionContext } from '../policy/index.ts';
import type { Caller, Denial, Evaluation, Operation, Permit, Protocol } from '../protocols/protocol.ts';
import type { Budget } from '../task-tokens/index.ts';
import { attributionOf } from './attribution.ts';
import type { House } from './house.ts';
import { judge } from './judge.ts';
import { deny, unrecorded } from './record.ts';
import { Session } from './session.ts';
import { mayAskToChange, overBudget } from './task-scope.ts';

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
  const verified = await verify(visit);
  if ('code' in verified) return { effect: 'deny', denial: verified };
  const { identity, budget } = verified;
  house.approvals.seen(identity);
  const sessionId = house.random(8);
  const denial = recordAuthenticated(visit, identity, sessionId);
  if (denial !== null) return { effect: 'deny', denial };
  const target = house.connector.targets.find(({ name }) => name === caller.target);
  const known = target !== undefined && target.protocol === protocol.name;
  const asked = contextOf(identity, caller, protocol);
  const context: SessionContext =
    known && mayAskToChange(identity.scope, house.decisionPoint) && (await mayChange(house, asked))
      ? asked
      : { ...asked, access: 'read-only' };
  const session = new Session(house, identity, context, caller, sessionId);
  // A token that does not name the target is not told whether there is one.
  if (!known && identity.scope?.targets.includes(caller.target) !== false)
    return { effect: 'deny', denial: unknownTarget(visit, session) };
  // From here on a revocation finds it: reaching the target takes a while.
  house.sessions.admit(session);
  const over = budget?.usedUp('operations') ?? null;
  const outcome =
    over !== null
      ? deny(session, CONNECT, overBudget(over, identity.tokenId))
      : await judge(session, CONNECT, { held: () => undefined, signal: AbortSignal.abort() });
  if (outcome.effect === 'deny') {
    session.end('session-ended', 'the connection was refused', '');
    return { effect: 'deny', denial: outcome.refusal.denial };
  }
  if (session.ending !== null) return { effect: 'deny', denial: session.ending };
  session.mask = outcome.mask;
  session.budget = budget;
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

interface Verified {
  readonly identity: Identity;
  /** Null for a token that has none. */
  readonly budget: Budget | null;
}

async function verify(visit: Visit): Promise<Verified | Denial> {
  const { caller, house, address } = visit;
  const from = addressKey(address);
  // Before the credential is looked at: an address that only guesses costs no signature.
  if (!house.failures.look(from).allowed) {
    return refuseCaller(visit, {
      code: 'unauthenticated',
      reason: `more than ${house.failures.perMinute} credentials a minute were rejected from this address (limits.failed_logins_per_minute)`,
      hint: 'wait a minute, then present a fresh access token as the password',
    });
  }
  let identity: Identity | null = null;
  try {
    identity = await house.identity.authenticate(caller.credential, caller.possession);
    if (identity.scope === null) return { identity, budget: null };
    return { identity, budget: await house.ledger.open(identity) };
  } catch (fault) {
    if (!(fault instanceof Fault)) house.report(fault);
    else if (fault.code === 'credential-rejected' && !(fault instanceof NonceFault))
      house.failures.take(from);
    const refusing = {
      code: 'unauthenticated',
      // Only a Fault's message was written to be shown.
      reason: fault instanceof Fault ? fault.message : 'the credential could not be verified',
      hint: 'present a fresh access token as the password',
      ...(fault instanceof NonceFault ? { nonce: fault.nonce } : {}),
    } as const;
    return refuseCaller(visit, refusing, identity === null ? {} : attributionOf(identity));
  }
}

/** Null when it is on record; else why nothing is to be judged (L1). */
function recordAuthenticated(visit: Visit, identity: Identity, sessionId: string): Denial | null {
  const { caller, house } = visit;
  const { facet, client, secure } = caller;
  try {
    house.audit.append({
      type: 'authenticated',
      sessionId,
      ...attributionOf(identity),
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
  const { caller, protocol } = visit;
  return refuseCaller(
    visit,
    {
      code: 'unknown-target',
      reason: `no ${protocol.name} target is named "${caller.target}"`,
      hint: 'check the name of the target',
    },
    { sessionId: session.id, ...attributionOf(session.identity) },
  );
}

function refuseCaller(
  visit: Visit,
  refusing: Pick<Denial, 'code' | 'reason' | 'hint' | 'nonce'>,
  who: Partial<ReturnType<typeof attributionOf>> & { readonly sessionId?: string } = {},
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
