import type { Decision } from '../policy/index.ts';
import { CONNECT, mayChange } from './authenticate.ts';
import { decide } from './decide.ts';
import type { House } from './house.ts';
import { maskFor } from './record.ts';
import type { Session } from './session.ts';

/**
 * After the policy changed: every open session is asked about again (L6). One that might not be opened any more is
 * ended, and so is one with an operation under way that would not be permitted now, or not with as much revealed.
 * Its further operations need no help: their decisions were forgotten with the old version.
 */
export async function regate(house: House): Promise<void> {
  await Promise.all(
    house.sessions.all().map((session) =>
      regateSession(session).catch((fault: unknown) => {
        house.report(fault);
        session.end('session-ended', 'policy changed, and the session could not be judged again', ASK);
      }),
    ),
  );
}

async function regateSession(session: Session): Promise<void> {
  const connecting = await decide(session, CONNECT);
  if (connecting.effect === 'deny') {
    session.end('session-ended', `policy changed: ${connecting.reason}`, ASK);
    return;
  }
  // A read-only one stays read-only until it is opened anew.
  if (session.context.access === 'read-write' && !(await mayChange(session.house, session.context))) {
    session.end('session-ended', 'policy changed: a session may only read now', 'connect again to read');
    return;
  }
  const mask = maskFor(session, connecting);
  if (mask === null) session.end('session-ended', 'policy changed: it asks for what is not understood', ASK);
  else session.mask = mask;
  for (const { operation, decision, approved } of session.underWay) {
    if (stands(decision, await decide(session, operation, approved))) continue;
    session.end('session-ended', 'policy changed: an operation under way is not permitted any more', ASK);
  }
}

const ASK = 'ask for a policy that permits it';

/** Whether what was permitted then is permitted now, with nothing less revealed. */
function stands(then: Decision, now: Decision): boolean {
  if (then.effect === 'deny' || now.effect === 'deny') return false;
  const revealed = new Set(now.obligations.flatMap((obligation) => obligation.revealed));
  return then.obligations.every((obligation) => obligation.revealed.every((one) => revealed.has(one)));
}
