import type { Decision } from '../policy/index.ts';
import { CONNECT, mayChange } from './authenticate.ts';
import { decide } from './decide.ts';
import type { House } from './house.ts';
import { compile, noTighter } from './obligations.ts';
import { regrant } from './reveal.ts';
import type { Session } from './session.ts';

/**
 * After the policy changed: every open session is asked about again (L6). One that might not be opened any more is
 * ended, and so is one with an operation under way that would not be permitted now, not with as much revealed, or not
 * within as wide a limit.
 * Its further operations need no help: their decisions were forgotten with the old version.
 */
export function regate(house: House): Promise<void> {
  return regateAll(house.sessions.all(), 'policy changed');
}

/** After a grant of this subject and actor ended: what is under way on it in their sessions at that target ends (L6). */
export function regateAfterGrant(
  house: House,
  whose: { readonly subject: string; readonly actor: string | null; readonly target: string },
): Promise<void> {
  const theirs = house.sessions.all().filter(({ identity, target }) => {
    return target === whose.target && identity.subject === whose.subject && identity.actor === whose.actor;
  });
  return regateAll(theirs, 'a grant ended');
}

async function regateAll(sessions: readonly Session[], why: string): Promise<void> {
  await Promise.all(
    sessions.map((session) =>
      regateSession(session, why).catch((fault: unknown) => {
        session.house.report(fault);
        session.end('session-ended', `${why}, and the session could not be judged again`, ASK);
      }),
    ),
  );
}

async function regateSession(session: Session, why: string): Promise<void> {
  await regrant(session);
  const connecting = await decide(session, CONNECT);
  if (connecting.effect === 'deny') {
    session.end('session-ended', `${why}: ${connecting.reason}`, ASK);
    return;
  }
  // A read-only one stays read-only until it is opened anew.
  if (session.context.access === 'read-write' && !(await mayChange(session.house, session.context))) {
    session.end('session-ended', `${why}: a session may only read now`, 'connect again to read');
    return;
  }
  const obligations = compile(session, connecting);
  if (obligations === null) session.end('session-ended', `${why}: it asks for what is not understood`, ASK);
  else session.mask = obligations.mask;
  for (const { operation, decision, approved } of session.underWay) {
    if (stands(session, decision, await decide(session, operation, approved))) continue;
    session.end('session-ended', `${why}: an operation under way is not permitted any more`, ASK);
  }
}

const ASK = 'ask for a policy that permits it';

/** Whether what was permitted then is permitted now, with nothing less revealed and no limit tighter. */
function stands(session: Session, then: Decision, now: Decision): boolean {
  if (then.effect === 'deny' || now.effect === 'deny') return false;
  const revealed = new Set(revealedBy(now));
  if (!revealedBy(then).every((one) => revealed.has(one))) return false;
  const [before, after] = [compile(session, then), compile(session, now)];
  return before !== null && after !== null && noTighter(before, after);
}

function revealedBy({ obligations }: Decision & { effect: 'permit' }): readonly string[] {
  return obligations.flatMap((obligation) => (obligation.kind === 'mask' ? obligation.revealed : []));
}
