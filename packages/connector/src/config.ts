import { z } from 'zod';

/** How a target is registered. Secrets are named here, never written here. */

const plainSecretRefused = (key: string) =>
  z
    .never({
      error: `a secret must not be written in the configuration: use ${key}_file (recommended) or ${key}_env`,
    })
    .optional();

const secretFile = z
  .string()
  .min(1)
  .describe('File that holds the secret; one newline at its end is dropped. Read at each login.');
const secretVariable = z.string().min(1).describe('Environment variable that holds the secret.');

const tlsSection = z
  .strictObject({
    mode: z
      .enum(['disable', 'require', 'verify-ca', 'verify-full'])
      .default('verify-full')
      .describe(
        'verify-full checks the authority and the name, verify-ca only the authority, require nothing (it only encrypts), disable turns TLS off.',
      ),
    ca_file: z
      .string()
      .min(1)
      .optional()
      .describe('Authorities to trust (PEM). Default: those that come with Node.'),
    cert_file: z.string().min(1).optional().describe('Client certificate (PEM), with its chain.'),
    key_file: z.string().min(1).optional().describe('Private key of the client certificate (PEM).'),
    server_name: z
      .string()
      .min(1)
      .optional()
      .describe('Name to expect in the certificate when it differs from the host.'),
  })
  .refine((tls) => (tls.cert_file === undefined) === (tls.key_file === undefined), {
    error: 'cert_file and key_file go together: give both, or neither',
  })
  .prefault({})
  .describe('How the connection to the target is protected.');

const targetName = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/, {
    error: 'a target name is 1 to 63 characters: lower-case letters, digits, and . _ - inside',
  })
  .describe('Name of the target, as clients ask for it.');

const roleCredential = z
  .strictObject({
    username: z.string().min(1).describe('The role the connector logs in as.'),
    password: plainSecretRefused('password'),
    password_file: secretFile.optional(),
    password_env: secretVariable.optional(),
  })
  .refine((credential) => credential.password_file === undefined || credential.password_env === undefined, {
    error: 'password_file and password_env exclude each other: give one of them',
  });

const postgresTarget = z
  .strictObject({
    name: targetName,
    protocol: z.literal('postgres').describe('PostgreSQL.'),
    host: z.string().min(1).describe('Host name or address of the server.'),
    port: z.int().min(1).max(65_535).default(5432).describe('TCP port of the server.'),
    database: z
      .string()
      .min(1)
      .optional()
      .describe('Database when the client names none. Default: the role name.'),
    tls: tlsSection,
    credential: roleCredential.describe(
      'What the connector logs in with. No password: trust, or a client certificate.',
    ),
    read_only_credential: roleCredential
      .optional()
      .describe(
        'What it logs in with for sessions that may only read: a role that may change nothing, which no SQL can undo. Default: `credential`, with transactions read-only by default.',
      ),
    channel_binding: z
      .enum(['prefer', 'require', 'disable'])
      .default('prefer')
      .describe(
        'Whether SCRAM is tied to the TLS connection (SCRAM-SHA-256-PLUS); require refuses every other login.',
      ),
    allow_cleartext_password: z
      .boolean()
      .default(false)
      .describe('Send the password in clear to a server that is neither verified by TLS nor on loopback.'),
  })
  .describe('A PostgreSQL server.');

const httpCredential = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('none') }),
    z.strictObject({
      kind: z.literal('bearer').describe('Authorization: Bearer.'),
      token: plainSecretRefused('token'),
      token_file: secretFile.optional(),
      token_env: secretVariable.optional(),
    }),
    z.strictObject({
      kind: z.literal('basic').describe('Authorization: Basic.'),
      username: z
        .string()
        .min(1)
        .regex(/^[^:]*$/, { error: 'a user name must not hold a colon (RFC 7617)' }),
      password: plainSecretRefused('password'),
      password_file: secretFile.optional(),
      password_env: secretVariable.optional(),
    }),
    z.strictObject({
      kind: z.literal('header').describe('A header of its own.'),
      header: z
        .string()
        .regex(/^[A-Za-z0-9-]{1,64}$/, { error: 'a header name holds letters, digits and hyphens' }),
      value: plainSecretRefused('value'),
      value_file: secretFile.optional(),
      value_env: secretVariable.optional(),
    }),
  ])
  .default({ kind: 'none' })
  .describe('What the connector adds to each request.');

const httpTarget = z
  .strictObject({
    name: targetName,
    protocol: z.literal('http').describe('HTTP/1.1.'),
    url: z
      .url({ protocol: /^https?$/, error: 'url must start with http:// or https://' })
      .refine((url) => !URL.canParse(url) || (new URL(url).username === '' && new URL(url).password === ''), {
        error: 'a url must not hold a user name or password: use credential',
      })
      .describe('Where the API is; a path in it is put before every request path.'),
    tls: tlsSection.describe('Applies to https: mode disable is the same as require there.'),
    credential: httpCredential,
  })
  .describe('An HTTP API.');

const limitsSection = z
  .strictObject({
    login_ms: z.int().min(1).default(15_000).describe('Time to connect and log in, in milliseconds.'),
    login_message_bytes: z.int().min(256).default(65_536).describe('Largest single message during login.'),
    login_bytes: z.int().min(1024).default(262_144).describe('Most bytes a target may send during login.'),
    login_messages: z.int().min(8).default(256).describe('Most messages a target may send during login.'),
    scram_iterations_least: z
      .int()
      .min(1)
      .default(4096)
      .describe(
        'Fewest SCRAM iterations accepted (RFC 7677 section 4): fewer would make guessing cheap for an impostor.',
      ),
    scram_iterations_most: z
      .int()
      .min(1)
      .default(600_000)
      .describe('Most SCRAM iterations computed for one login.'),
    cancel_ms: z.int().min(1).default(5000).describe('Time for a cancel request, in milliseconds.'),
  })
  .prefault({})
  .describe('Limits of the connector.');

/** The connector's part of the configuration. */
export const connectorSection = z
  .strictObject({
    targets: z
      .array(z.discriminatedUnion('protocol', [postgresTarget, httpTarget]))
      .max(10_000)
      .default([])
      .refine((targets) => new Set(targets.map((target) => target.name)).size === targets.length, {
        error: 'two targets have the same name: names must be unique',
      })
      .describe('The targets this connector can reach.'),
    limits: limitsSection,
  })
  .describe('What the connector reaches, and how it logs in there.');

export type ConnectorConfig = z.output<typeof connectorSection>;
export type ConnectorLimits = ConnectorConfig['limits'];
export type TargetConfig = ConnectorConfig['targets'][number];
export type PostgresTargetConfig = Extract<TargetConfig, { protocol: 'postgres' }>;
export type HttpTargetConfig = Extract<TargetConfig, { protocol: 'http' }>;
export type TlsConfig = PostgresTargetConfig['tls'];
