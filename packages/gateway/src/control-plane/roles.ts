import type { Identity } from '../identity/index.ts';
import type { ControlPlaneConfig } from './section.ts';

export type Roles = ControlPlaneConfig['roles'];

/** An agent that acts for a member is not one: it gets the same as any agent. */
export function isMember(caller: Identity, groups: readonly string[]): boolean {
  return caller.actor === null && caller.groups.some((group) => groups.includes(group));
}
