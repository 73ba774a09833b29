import type { GatewayConfig } from '../config/index.ts';
import type { Containment } from '../containment/index.ts';
import type { Identity } from '../identity/index.ts';
import type { Clock } from '../lib/clock.ts';
import { type Notifications, openNotifications } from '../notification/index.ts';
import { createStepUp, type StepUp } from '../step-up/index.ts';
import type { Storage } from '../storage/index.ts';
import type { Owned } from './closing.ts';

interface PeopleDependencies {
  readonly clock: Clock;
  readonly storage: Storage;
  random(bytes: number): string;
  readonly report: (fault: unknown) => void;
  readonly containment: Pick<Containment, 'objection'>;
}

/** How people are told, and what they prove with. Opened before what they are told of: they hear its end, too. */
export function openPeople(
  config: GatewayConfig,
  deps: PeopleDependencies,
  owned: Owned,
): { readonly notifications: Notifications; readonly stepUp: StepUp | null } {
  const { slackLinks: links, passkeys } = deps.storage;
  const isStillGood = (identity: Identity) => deps.containment.objection({ identity }) === null;
  const notifications = owned(openNotifications(config.notification, { ...deps, links, isStillGood }));
  const stepUp = config.stepUp === undefined ? null : createStepUp(config.stepUp, { ...deps, passkeys });
  return { notifications, stepUp };
}
