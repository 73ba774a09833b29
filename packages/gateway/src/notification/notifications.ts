import { type AccessRequestObserver, type AccessRequestView, NOTHING_SHOWN } from '../approval/index.ts';
import { failureOf } from '../export/index.ts';
import { Fault } from '../lib/fault.ts';
import type { Channel } from './channel.ts';
import { emailChannel } from './channels/email.ts';
import { teamsChannel } from './channels/teams.ts';
import { webhookChannel } from './channels/webhook.ts';
import { type Notice, noticeOf } from './notice.ts';
import { ChannelQueue, type ChannelStatus } from './queue.ts';
import type { ChannelConfig, NotificationConfig } from './section.ts';
import { openSlack, type SlackDeps, type SlackDesk } from './slack/desk.ts';

/** `report` is told of messages that were given up. */
export type NotificationDeps = SlackDeps;

/** Telling people that something waits for them. Nothing waits for this room. */
export interface Notifications extends AccessRequestObserver {
  /** How each channel is doing. Nothing in it is secret. */
  status(): readonly ChannelStatus[];
  /** Sends a message that asks for nothing, now and once. Rejects with Fault `not-found` or `notification-undelivered`. */
  test(channel: string): Promise<void>;
  /** What Slack users do; null where no app is configured. */
  readonly slack: SlackDesk | null;
  close(): Promise<void>;
}

/** How long people are still told that it ended, in milliseconds. */
const ENDED_MS = 300_000;
/** Longest that stopping waits for the last messages, in milliseconds. */
const DRAIN_MS = 1_000;
/** Least time between two reports of one channel, in milliseconds. */
const REPORT_MS = 60_000;

interface Line {
  readonly config: ChannelConfig;
  readonly queue: ChannelQueue;
}

/** Connects to nothing before there is something to tell. */
export function openNotifications(config: NotificationConfig, deps: NotificationDeps): Notifications {
  const now = () => deps.clock.now();
  const slack = config.slack === undefined ? null : openSlack(config.slack, deps, config.requestUrl);
  const lines = config.channels.map((one): Line => {
    const gaveUp = reporterOf(one.name, deps);
    const channel = channelOf(one, slack, now);
    return { config: one, queue: new ChannelQueue(one, channel, { now, random: Math.random, gaveUp }) };
  });
  const tell = (event: Notice['event'], request: AccessRequestView, until: number) => {
    for (const { config: channel, queue } of lines) {
      if (!concerns(channel, request)) continue;
      const { includeText } = channel;
      queue.add(noticeOf(event, request, { includeText, requestUrl: config.requestUrl }), until);
    }
  };
  return {
    opened: (request) => tell('access-request.opened', request, request.expiresAt),
    ended: (request) => tell('access-request.ended', request, now() + ENDED_MS),
    status: () => lines.map(({ queue }) => queue.status),
    async test(name) {
      const line = lines.find((one) => one.config.name === name);
      if (line === undefined)
        throw new Fault('not-found', 'There is no such channel; see notification.channels.');
      try {
        await line.queue.tryOnce(
          noticeOf('test', testRequest(deps), { includeText: false, requestUrl: undefined }),
        );
      } catch (error) {
        const { message } = failureOf('it failed', error);
        throw new Fault('notification-undelivered', `Could not send to ${name}: ${message}.`);
      }
    },
    slack,
    async close() {
      await Promise.all(lines.map(({ queue }) => queue.close(DRAIN_MS)));
      await slack?.close();
    },
  };
}

function channelOf(config: ChannelConfig, slack: SlackDesk | null, now: () => number): Channel {
  switch (config.type) {
    case 'webhook':
      return webhookChannel(config, now);
    case 'teams':
      return teamsChannel(config);
    case 'email':
      return emailChannel(config);
    case 'slack':
      if (slack === null)
        throw new Fault('config-invalid', `The channel ${config.name} needs notification.slack.`);
      return slack.channel(config.channel);
  }
}

/** Whether a channel is for this one. */
function concerns({ groups, targets }: ChannelConfig, { requirements, target }: AccessRequestView): boolean {
  if (targets.length > 0 && !targets.includes(target)) return false;
  return groups.length === 0 || requirements.some(({ group }) => groups.includes(group));
}

/** Says that messages are given up, of each channel once a minute: a dead one must not fill the log. */
function reporterOf(name: string, { clock, report }: NotificationDeps) {
  let saidAt = Number.NEGATIVE_INFINITY;
  return ({ event, requestId }: Notice, why: string): void => {
    const now = clock.elapsed();
    if (now - saidAt < REPORT_MS) return;
    saidAt = now;
    report(
      new Fault(
        'notification-undelivered',
        `the channel ${name} was not told of ${requestId} (${event}): ${why}`,
      ),
    );
  };
}

function testRequest({ clock, random }: NotificationDeps): AccessRequestView {
  const at = clock.now();
  return {
    id: `test-${random(4)}`,
    sessionId: '',
    subject: '',
    displayName: 'Nobody',
    actor: null,
    tokenId: null,
    delegation: [],
    task: null,
    target: 'none',
    mode: 'hold',
    shown: NOTHING_SHOWN,
    digest: '',
    text: null,
    form: 'SELECT 1',
    parameters: null,
    requirements: [],
    reason: 'somebody tests this channel',
    state: 'cancelled',
    createdAt: at,
    expiresAt: at,
    endedAt: at,
    redeemedAt: null,
    decisions: [],
    decidable: false,
  };
}
