import { CONNECT } from './authenticate.ts';
import { decide } from './decide.ts';
import type { House } from './house.ts';

/**
 * After the policy changed: every open session is asked about again, and one that might not be opened any more is
 * ended (L6). Its further operations need no help: their decisions were forgotten with the old version.
 */
export async function regate(house: House): Promise<void> {
  await Promise.all(
    house.sessions.all().map(async (session) => {
      const decision = await decide(session, CONNECT);
      if (decision.effect === 'permit') return;
      session.end('session-ended', `policy changed: ${decision.reason}`, 'ask for a policy that permits it');
    }),
  );
}
