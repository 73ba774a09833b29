import { readFileSync } from 'node:fs';
import { ApiError, type ControlPlaneClient, createClient } from '@sallyport/contract';
import type { Role, World } from './world.ts';

/** The people of the demo, each with their own token, through the same API that anyone's command line uses. */
export interface People {
  /** Decides what waits, as `will` says; gives what each attempt came to. */
  decide(requestId: string, will: 'approve' | 'deny'): Promise<readonly string[]>;
}

export function createPeople(world: Pick<World, 'gateway' | 'tokenFile'>): People {
  const as = (role: Role): ControlPlaneClient =>
    createClient({
      baseUrl: world.gateway.controlPlane,
      token: readFileSync(world.tokenFile(role), 'utf8').trim(),
    });
  return {
    async decide(requestId, will) {
      if (will === 'deny') {
        const reason = 'nothing may be deleted to make checkout fast';
        await as('approver').deny({ id: requestId, reason });
        return [`Sam denies it: ${reason}`];
      }
      const own = await attempt(() => as('nora').approve({ id: requestId, reason: 'it is my agent' }));
      await as('approver').approve({ id: requestId, reason: 'seen, go on' });
      return [own, 'Sam approves it: seen, go on'];
    },
  };
}

/** Nobody approves what they, or an agent acting for them, asked: Nora tries all the same. */
async function attempt(approve: () => Promise<unknown>): Promise<string> {
  try {
    await approve();
    return 'Nora approves it herself';
  } catch (error) {
    if (error instanceof ApiError) return `refused to Nora: ${error.message}`;
    throw error;
  }
}
