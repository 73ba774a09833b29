import { z } from 'zod';
import { isLoopbackUrl, urlOf } from '../export/index.ts';
import { isLoopbackHost } from '../lib/loopback.ts';

const channelName = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/, {
    error: 'a channel name is 1 to 63 characters: lower-case letters, digits, and _ - inside',
  })
  .describe('Name of the channel, as `sallyport notify test` and the metrics have it.');

const names = z.array(z.string().min(1).max(512)).max(64).default([]);

/** What every channel has. */
const common = {
  name: channelName,
  groups: names.describe(
    'Only access requests that one of these groups could approve. Empty: those of every group.',
  ),
  targets: names.describe('Only access requests at these targets. Empty: at every target.'),
  includeText: z
    .boolean()
    .default(false)
    .describe(
      'Whether a message also holds the exact operation and its parameters. By default it holds the form alone, with the literals taken out: a message leaves the gateway, and what is in it is not erased with the access request.',
    ),
  timeoutMs: z
    .int()
    .min(100)
    .max(60_000)
    .default(10_000)
    .describe('Longest time for one message to be taken, in milliseconds.'),
  retryMs: z
    .int()
    .min(10)
    .max(60_000)
    .default(1_000)
    .describe('Wait after the first failure, in milliseconds; doubled after each further one, less a part.'),
  retryMostMs: z
    .int()
    .min(10)
    .max(600_000)
    .default(30_000)
    .describe('Longest wait between two attempts, in milliseconds.'),
  queue: z.int().min(1).max(10_000).default(500).describe('Most messages that may wait; more are left out.'),
};

const caFile = z
  .string()
  .min(1)
  .optional()
  .describe('Authorities to trust (PEM). Default: those that come with Node.');

const allowPrivateAddresses = z
  .boolean()
  .default(false)
  .describe('Whether the host may have an address that is not public, such as 10.0.0.1 or 127.0.0.1.');

function receiverUrl() {
  return urlOf(/^https?$/, 'url must start with https://, or with http:// to this machine').refine(
    (url) => !url.startsWith('http:') || isLoopbackUrl(url),
    { error: 'http:// is only for this machine: what is asked would cross the network in the clear' },
  );
}

const webhook = z
  .strictObject({
    type: z.literal('webhook').describe('HTTPS POST, signed.'),
    ...common,
    url: receiverUrl().describe('Where messages are posted. Redirects are not followed.'),
    secretFile: z
      .string()
      .min(1)
      .describe(
        'File that holds the signing secret, `whsec_` and the base64 of 24 to 64 bytes; two of them, on two lines, while one replaces the other. Read for each message.',
      ),
    caFile,
    allowPrivateAddresses,
  })
  .describe('Signed HTTPS POSTs of JSON (Standard Webhooks). Taken when the status is from 200 to 299.');

const slack = z
  .strictObject({
    type: z.literal('slack').describe('A Slack channel, with buttons.'),
    ...common,
    channel: z
      .string()
      .regex(/^[CG][A-Z0-9]{2,30}$/, { error: 'a Slack channel id, such as C0123456789' })
      .describe('Id of the channel; the app must be in it.'),
  })
  .describe('Messages of the app in `notification.slack`.');

const teams = z
  .strictObject({
    type: z.literal('teams').describe('A Microsoft Teams workflow.'),
    ...common,
    urlFile: z
      .string()
      .min(1)
      .describe('File that holds the URL of the workflow: whoever has it can post. Read for each message.'),
    caFile,
    allowPrivateAddresses,
  })
  .describe('Adaptive cards to a Teams workflow ("when a webhook request is received"). Notification only.');

const address = z
  .string()
  .max(254)
  // One address, nothing that begins another header or another recipient.
  .regex(/^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,189}$/, {
    error: 'one e-mail address, such as dba@example.com',
  });

const email = z
  .strictObject({
    type: z.literal('email').describe('SMTP.'),
    ...common,
    host: z.string().min(1).max(253).describe('Host name or address of the mail server.'),
    port: z.int().min(1).max(65_535).default(587).describe('TCP port.'),
    security: z
      .enum(['starttls', 'tls', 'none'])
      .default('starttls')
      .describe(
        '`starttls` (nothing is sent before TLS), `tls` (from the first byte), `none` (this machine only).',
      ),
    user: z.string().min(1).max(256).optional().describe('User name at the mail server.'),
    passwordFile: z
      .string()
      .min(1)
      .optional()
      .describe('File that holds the password. Read for each message.'),
    caFile,
    from: address.describe('Whom it is from.'),
    to: z.array(address).min(1).max(50).describe('Whom it is to.'),
  })
  .refine(({ security, host }) => security !== 'none' || isLoopbackHost(host), {
    path: ['security'],
    error: '`none` is only for a mail server on this machine: give starttls or tls',
  })
  .refine(({ user, passwordFile }) => (user === undefined) === (passwordFile === undefined), {
    error: 'user and password_file go together: give both, or neither',
  })
  .describe('E-mail. Notification only.');

const channel = z.discriminatedUnion('type', [webhook, slack, teams, email]);

const slackApp = z
  .strictObject({
    teamId: z
      .string()
      .regex(/^[T][A-Z0-9]{2,30}$/, { error: 'a Slack workspace id, such as T0123456789' })
      .describe('The workspace; what comes from another is refused.'),
    appId: z
      .string()
      .regex(/^A[A-Z0-9]{2,30}$/, { error: 'a Slack app id, such as A0123456789' })
      .describe('The app; what comes from another is refused.'),
    tokenFile: z
      .string()
      .min(1)
      .describe(
        'File that holds the bot token (chat:write, users:read, users:read.email). Read for each call.',
      ),
    signingSecretFile: z
      .string()
      .min(1)
      .describe('File that holds the signing secret of the app. Read for each request.'),
    linkMinutes: z
      .int()
      .min(5)
      .max(10_080)
      .default(720)
      .describe(
        'How long a Slack user stays linked to who signed in. Their groups are those of that moment.',
      ),
    matchEmail: z
      .boolean()
      .default(true)
      .describe(
        'Whether the e-mail address that Slack has of a user must be one of the person who links it. Without it whoever talks a person into linking a code decides as them.',
      ),
    apiUrl: receiverUrl()
      .default('https://slack.com/api/')
      .describe('Where the Web API is. Ends with a slash.'),
    responseUrl: receiverUrl()
      .default('https://hooks.slack.com/')
      .describe('What every `response_url` must begin with; others are not called.'),
    caFile,
  })
  .refine(({ apiUrl, responseUrl }) => apiUrl.endsWith('/') && responseUrl.endsWith('/'), {
    error: 'api_url and response_url end with a slash',
  });

/** The `notification` section of the configuration. */
export const notificationSection = z
  .strictObject({
    requestUrl: receiverUrl()
      .refine((url) => url.split('{id}').length === 2, { error: 'it must hold {id} once' })
      .optional()
      .describe(
        'Page of one access request, with `{id}` where its id goes. It must ask people to sign in: a link in a message decides nothing.',
      ),
    slack: slackApp.optional().describe('The Slack app whose messages and buttons are used.'),
    channels: z
      .array(channel)
      .max(32)
      .default([])
      .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, {
        error: 'two channels have the same name: names must be unique',
      })
      .describe('Where people are told that something waits for them (docs/notifications.md).'),
  })
  .refine(({ slack: app, channels }) => app !== undefined || channels.every(({ type }) => type !== 'slack'), {
    path: ['channels'],
    error: 'a channel of type slack needs `notification.slack`',
  });

export type NotificationConfig = z.output<typeof notificationSection>;
export type ChannelConfig = NotificationConfig['channels'][number];
export type ChannelOf<T extends ChannelConfig['type']> = Extract<ChannelConfig, { type: T }>;
export type SlackConfig = NonNullable<NotificationConfig['slack']>;
