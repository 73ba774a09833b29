import { z } from 'zod';
import { isLoopbackHost } from '../lib/loopback.ts';

/** One sink: where entries go, and how far behind it may be. */
const followed = {
  name: z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/, {
      error: 'an export name is 1 to 63 characters: lower-case letters, digits, and _ - inside',
    })
    .describe(
      'Name of the export. Its cursor is `export/<name>.cursor` in data_directory: another name begins anew.',
    ),
  format: z
    .enum(['ndjson', 'ocsf'])
    .default('ndjson')
    .describe('What an entry is written as: `ndjson` (as it stands in the log) or `ocsf` (OCSF 1.5 events).'),
  onLag: z
    .enum(['alarm', 'deny'])
    .default('alarm')
    .describe(
      'What happens while the sink is further behind than the limits: `alarm` (an error in the log and in the status) or ' +
        '`deny` (operations are refused as well, until it is not any more).',
    ),
  lagEntries: z
    .int()
    .min(1)
    .max(1_000_000_000)
    .default(100_000)
    .describe('Most entries that the sink may not have acknowledged yet.'),
  lagSeconds: z
    .int()
    .min(1)
    .max(2_592_000)
    .default(300)
    .describe('Most seconds that an entry may wait for the sink to acknowledge it.'),
  batchEntries: z.int().min(1).max(10_000).default(500).describe('Most entries sent at once.'),
  batchBytes: z
    .int()
    .min(1_024)
    .max(16_777_216)
    .default(1_048_576)
    .describe('Bytes of entries after which a batch takes no other.'),
  timeoutMs: z
    .int()
    .min(100)
    .max(300_000)
    .default(15_000)
    .describe('Longest time for one batch to be acknowledged, in milliseconds.'),
  retryMs: z
    .int()
    .min(10)
    .max(60_000)
    .default(500)
    .describe(
      'Wait after the first failure, in milliseconds; doubled after each further one, less a random part.',
    ),
  retryMostMs: z
    .int()
    .min(10)
    .max(3_600_000)
    .default(30_000)
    .describe('Longest wait between two attempts, in milliseconds.'),
};

const caFile = z
  .string()
  .min(1)
  .optional()
  .describe('Authorities to trust (PEM). Default: those that come with Node.');

const ndjson = z
  .strictObject({
    type: z.literal('ndjson').describe('A file, one JSON object a line.'),
    ...followed,
    path: z
      .string()
      .min(1)
      .describe('The file. Full ones are renamed to this with the `seq` of their last entry.'),
    rotateBytes: z
      .int()
      .min(1_024)
      .max(1_099_511_627_776)
      .default(104_857_600)
      .describe('Size at which the file is renamed and another begun. Renamed files are never removed.'),
  })
  .describe('A file of one JSON object a line. Acknowledged by fsync.');

const syslog = z
  .strictObject({
    type: z.literal('syslog').describe('RFC 5424 over TLS.'),
    ...followed,
    host: z.string().min(1).max(253).describe('Host name or address of the receiver.'),
    port: z.int().min(1).max(65_535).default(6514).describe('TCP port of the receiver.'),
    caFile,
    certFile: z.string().min(1).optional().describe('Client certificate (PEM), with its chain.'),
    keyFile: z.string().min(1).optional().describe('Private key of the client certificate (PEM).'),
    serverName: z
      .string()
      .min(1)
      .optional()
      .describe('Name to expect in the certificate when it differs from the host.'),
    acknowledgement: z
      .enum(['close_notify', 'close'])
      .default('close_notify')
      .describe(
        'What counts as an acknowledgement, as syslog has none: that the receiver answers the end of the connection by the ' +
          'TLS close_notify that RFC 5425 asks for, or that it closes the connection at all.',
      ),
  })
  .refine((one) => (one.certFile === undefined) === (one.keyFile === undefined), {
    error: 'cert_file and key_file go together: give both, or neither',
  })
  .describe('Syslog (RFC 5424) with octet counting over TLS (RFC 5425).');

const webhook = z
  .strictObject({
    type: z.literal('webhook').describe('HTTPS POST, signed.'),
    ...followed,
    url: urlOf(/^https$/, 'url must start with https://').describe(
      'Where batches are posted. Redirects are not followed.',
    ),
    secretFile: z
      .string()
      .min(1)
      .describe(
        'File that holds the signing secret, `whsec_` and the base64 of 24 to 64 bytes; two of them, on two lines, while one replaces the other. Read for each batch.',
      ),
    caFile,
    allowPrivateAddresses: z
      .boolean()
      .default(false)
      .describe('Whether the host may have an address that is not public, such as 10.0.0.1 or 127.0.0.1.'),
  })
  .describe('Signed HTTPS POSTs (Standard Webhooks). Acknowledged by a status from 200 to 299.');

/** Where a collector is, and what it wants to be shown: of logs here, and of whatever else goes to one. */
export function otlpAddress(section: string, where: string) {
  return {
    url: urlOf(/^https?$/, 'url must start with https:// or http://')
      .refine((url) => !url.startsWith('http:') || isLoopbackUrl(url), {
        error: 'http:// is only for this machine: entries would cross the network in the clear',
      })
      .describe(`${where} Redirects are not followed.`),
    caFile,
    headerName: z
      .string()
      .regex(/^[A-Za-z0-9-]{1,64}$/, { error: 'a header name holds letters, digits and hyphens' })
      .default('authorization')
      .describe(`Header that \`${section}.headerFile\` is sent in.`),
    headerFile: z
      .string()
      .min(1)
      .optional()
      .describe('File that holds the value of a header, such as `Bearer …`. Read for each batch.'),
  };
}

const otlp = z
  .strictObject({
    type: z.literal('otlp').describe('OpenTelemetry logs.'),
    ...followed,
    ...otlpAddress('audit.export', 'Where logs are posted, such as `https://collector:4318/v1/logs`.'),
  })
  .describe('OpenTelemetry logs over HTTP, as JSON. Acknowledged by status 200 that rejects no record.');

/** A URL of such a scheme, without a secret in it. */
export function urlOf(protocol: RegExp, error: string) {
  return z
    .url({ protocol, error })
    .refine((url) => !URL.canParse(url) || new URL(url).username + new URL(url).password === '', {
      error: 'a url must not hold a user name or password',
    });
}

/** Whether it leads to this machine. */
export function isLoopbackUrl(url: string): boolean {
  return URL.canParse(url) && isLoopbackHost(new URL(url).hostname.replace(/^\[|\]$/g, ''));
}

const exportEntry = z.discriminatedUnion('type', [ndjson, syslog, webhook, otlp]);

/** The list `export` in the `audit` section of the configuration. */
export const exportSection = z
  .array(exportEntry)
  .max(16)
  .refine((sinks) => new Set(sinks.map(({ name }) => name)).size === sinks.length, {
    error: 'two exports have the same name: names must be unique',
  })
  .refine((sinks) => new Set(pathsOf(sinks)).size === pathsOf(sinks).length, {
    error: 'two exports write to the same file: each needs its own path',
  })
  .describe('Where entries are sent as well (docs/export.md).');

function pathsOf(sinks: readonly ExportConfig[]): string[] {
  return sinks.flatMap((one) => (one.type === 'ndjson' ? [one.path] : []));
}

export type ExportConfig = z.output<typeof exportEntry>;
export type ExportOf<T extends ExportConfig['type']> = Extract<ExportConfig, { type: T }>;
