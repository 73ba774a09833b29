import type { Denial, Protocol } from '../protocols/protocol.ts';
import type { Session } from './session.ts';
import { GuardedLink } from './target-link.ts';

/** Longest time for the connector to dial and log in, in milliseconds. */
const REACH_MS = 15_000;

export type Reached =
  | { readonly effect: 'permit'; readonly link: GuardedLink }
  | { readonly effect: 'deny'; readonly denial: Denial };

/** Has the connector log in to the session's target, and puts the guard on what it brings. */
export async function reach(session: Session, protocol: Protocol): Promise<Reached> {
  try {
    const link = await openLink(session, session, protocol, session.facet, session.startup);
    if (session.ending === null) return { effect: 'permit', link };
    link.close();
    return { effect: 'deny', denial: session.ending };
  } catch (fault) {
    if (session.ending !== null) return { effect: 'deny', denial: session.ending };
    session.house.report(fault);
    const evaluationId = session.nextEvaluationId();
    session.end('target-unavailable', 'the target cannot be reached', '');
    // The connector's messages name the target and the remedy, never a credential.
    const reason = fault instanceof Error ? fault.message : 'the target cannot be reached';
    const hint = 'try again, or ask whoever runs the target';
    return {
      effect: 'deny',
      denial: { evaluationId, code: 'target-unavailable', reason, policies: [], hint },
    };
  }
}

/** A guarded link of its own; only permits made for `door` open it. */
export async function openLink(
  session: Session,
  door: object,
  protocol: Protocol,
  facet: string,
  startup: Readonly<Record<string, string>>,
): Promise<GuardedLink> {
  const ended = new AbortController();
  const forget = session.onEnd(() => ended.abort());
  try {
    const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(REACH_MS)]);
    const connection = await session.house.connector.open({ target: session.target, facet, startup, signal });
    return new GuardedLink(door, connection, protocol.rollBacks);
  } finally {
    forget();
  }
}
