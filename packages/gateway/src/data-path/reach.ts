import { ConnectorFault } from '@sallyport/connector';
import type { Denial, Protocol } from '../protocols/protocol.ts';
import { attributionOf } from './attribution.ts';
import { endingOf } from './contain.ts';
import type { Session } from './session.ts';
import { GuardedLink } from './target-link.ts';

/** Longest time for the connector to dial and log in, in milliseconds. */
const REACH_MS = 15_000;

export type Reached =
  | { readonly effect: 'permit'; readonly link: GuardedLink }
  | { readonly effect: 'deny'; readonly denial: Denial };

/** Has the connector log in to the session's target, and puts the guard on what it brings. A failure is recorded. */
export async function reach(session: Session, protocol: Protocol): Promise<Reached> {
  if (endingOf(session) !== null) return { effect: 'deny', denial: neverOpened(session) };
  try {
    const link = await openLink(session, session, protocol, session.facet, session.startup);
    if (session.ending === null) return { effect: 'permit', link };
    link.close();
  } catch (fault) {
    if (session.ending === null) {
      session.house.report(fault);
      // The connector's messages name the target and the remedy, never a credential; others were not written to be shown.
      const reason = fault instanceof ConnectorFault ? fault.message : 'the target cannot be reached';
      session.end('target-unavailable', reason, 'try again, or ask whoever runs the target');
    }
  }
  return { effect: 'deny', denial: neverOpened(session) };
}

/** Puts on the record why a session that was admitted did not open: its client is told the same evaluation. */
function neverOpened(session: Session): Denial {
  const { house, id: sessionId, identity, target, context } = session;
  const denial = session.ending ?? UNREACHED;
  const { evaluationId, reason } = denial;
  const who = { sessionId, ...attributionOf(identity), target, protocol: context.protocol };
  try {
    house.audit.append({ ...who, type: 'session-ended', evaluationId, effect: 'deny', reason });
  } catch (fault) {
    house.report(fault);
  }
  return denial;
}

const UNREACHED: Denial = {
  evaluationId: '',
  code: 'target-unavailable',
  reason: 'the target cannot be reached',
  policies: [],
  hint: '',
};

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
    const { access } = session.context;
    const request = { target: session.target, facet, startup, access, signal };
    const connection = await session.house.connector.open(request);
    const link = new GuardedLink(door, connection, protocol.rollBacks);
    const { report } = session.house;
    link.abandonWhen(
      (abandon) => session.onEnd(() => void abandon().catch(report)),
      () => session.underWay.length > 0,
    );
    return link;
  } finally {
    forget();
  }
}
