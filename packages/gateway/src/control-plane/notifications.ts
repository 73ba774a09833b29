import type { ApprovalRoom } from '../approval/index.ts';
import type { AuditLog } from '../audit/index.ts';
import type { Identity } from '../identity/index.ts';
import type { Clock } from '../lib/clock.ts';
import { Fault } from '../lib/fault.ts';
import { addressKey, RateLimit } from '../lib/rate-limit.ts';
import type { Notifications, SlackDesk, SlackVerdict } from '../notification/index.ts';
import { adminEntry } from './admin-entry.ts';
import { type Authorization, accessRequestResource } from './authorization.ts';
import { Refused } from './problem.ts';
import type { ControlPlaneConfig } from './section.ts';
import type { Handlers, SignedForm } from './serve-routes.ts';

export interface NotificationDependencies {
  readonly notifications: Pick<Notifications, 'status' | 'test' | 'slack'>;
  readonly approvals: Pick<ApprovalRoom, 'get' | 'approve' | 'deny'>;
  readonly authorization: Pick<Authorization, 'may' | 'demand'>;
  readonly audit: Pick<AuditLog, 'append'>;
  readonly clock: Clock;
  report(fault: unknown): void;
}

type Names = 'listChannels' | 'testChannel' | 'linkSlack' | 'unlinkSlack' | 'slackAction';

/** Telling people, and what they answer in Slack: the same policies and the same room decide as for everybody. */
export function notificationHandlers(
  { failedLoginsPerMinute }: Pick<ControlPlaneConfig, 'failedLoginsPerMinute'>,
  deps: NotificationDependencies,
): Pick<Handlers, Names> {
  const { notifications, audit } = deps;
  const failures = new RateLimit(failedLoginsPerMinute, deps.clock);
  return {
    listChannels: () => ({ channels: [...notifications.status()] }),
    async testChannel({ caller, body: { channel } }) {
      audit.append(adminEntry(caller, { attempt: 'test-notifications', channel }));
      await notifications.test(channel);
      return { delivered: true as const };
    },
    async linkSlack({ caller, body: { code } }) {
      const linked = await desk(deps).link(caller, code, ({ slackUser, expiresAt }) =>
        audit.append(adminEntry(caller, { attempt: 'link-slack', slackUser, expiresAt })),
      );
      return { ...linked, expiresAt: new Date(linked.expiresAt).toISOString() };
    },
    async unlinkSlack({ caller }) {
      const removed = await desk(deps).unlink(caller);
      audit.append(adminEntry(caller, { attempt: 'unlink-slack', removed }));
      return { removed };
    },
    slackAction: ({ signed, address }) => answerSlack(signed, address, failures, deps),
  };
}

/** Anybody can send this: whoever is not Slack is told nothing, and only so often. */
async function answerSlack(
  signed: SignedForm,
  from: string,
  failures: RateLimit,
  deps: NotificationDependencies,
): Promise<Record<string, unknown>> {
  const slack = desk(deps);
  const address = addressKey(from);
  if (!failures.look(address).allowed)
    throw new Refused(429, 'too-many-requests', 'Too many requests of this address are not of Slack.');
  try {
    return { ...(await slack.answer(signed, (person, verdict) => decide(person, verdict, deps))) };
  } catch (error) {
    if (error instanceof Fault && (error.code === 'credential-rejected' || error.code === 'not-permitted')) {
      failures.take(address);
      const facts = { door: 'control-plane', channel: 'slack', address: from };
      deps.audit.append({ type: 'authentication-failed', reason: error.message, facts });
    }
    throw error;
  }
}

/** Decides as the person a Slack user is: what they may not see is not there, what they may not do is refused and recorded. */
async function decide(
  person: Identity,
  { id, verdict, reason }: SlackVerdict,
  deps: NotificationDependencies,
) {
  const { approvals, authorization } = deps;
  try {
    const resource = accessRequestResource(await approvals.get(id, person));
    if (!(await authorization.may(person, 'see-access-request', resource)))
      throw new Fault('not-found', 'There is no such access request, or it is not yours to see.');
    await authorization.demand(person, 'decide-access-request', resource);
    const through = { channel: 'slack' } as const;
    return verdict === 'approve'
      ? await approvals.approve(id, person, reason, null, through)
      : await approvals.deny(id, person, reason, through);
  } catch (error) {
    if (error instanceof Fault) {
      try {
        const facts = { attempt: verdict, refused: error.code, channel: 'slack' };
        deps.audit.append(adminEntry(person, facts, { requestId: id }));
      } catch (fault) {
        // The refusal stands, recorded or not.
        deps.report(fault);
      }
    }
    throw error;
  }
}

function desk({ notifications }: NotificationDependencies): SlackDesk {
  if (notifications.slack !== null) return notifications.slack;
  throw new Fault('not-found', 'Slack is not configured on this gateway; see notification.slack.');
}
