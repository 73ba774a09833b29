import { z } from 'zod';
import { isLoopbackHost } from '../lib/loopback.ts';

const tls = z
  .strictObject({
    mode: z
      .enum(['verify-full', 'disable'])
      .optional()
      .describe(
        'verify-full checks the authority and the name; disable is for loopback only. Default: verify-full, and on loopback without `ca_file` disable.',
      ),
    caFile: z
      .string()
      .min(1)
      .optional()
      .describe('Authorities to trust (PEM). Default: those that come with Node.'),
    certFile: z.string().min(1).optional().describe('Client certificate (PEM), with its chain.'),
    keyFile: z.string().min(1).optional().describe('Private key of the client certificate (PEM).'),
    serverName: z
      .string()
      .min(1)
      .optional()
      .describe('Name to expect in the certificate when it differs from the host.'),
  })
  .refine(({ certFile, keyFile }) => (certFile === undefined) === (keyFile === undefined), {
    error: 'cert_file and key_file go together: give both, or neither',
  })
  .prefault({})
  .describe('How the connection to the store is protected.');

const milliseconds = (least: number, otherwise: number, what: string) =>
  z.int().min(least).max(3_600_000).default(otherwise).describe(`${what}, in milliseconds.`);

const postgres = z
  .strictObject({
    host: z.string().min(1).describe('Host name or address of the server.'),
    port: z.int().min(1).max(65_535).default(5432).describe('TCP port of the server.'),
    database: z.string().min(1).max(63).default('sallyport').describe('Database of the store.'),
    schema: z
      .string()
      .regex(/^[a-z_][a-z0-9_]{0,40}$/, { error: 'a schema is lower-case letters, digits and _' })
      .default('sallyport')
      .describe('Schema of the store; made when missing and the role may.'),
    username: z
      .string()
      .min(1)
      .max(63)
      .describe('Role the gateway logs in as; docs/storage.md lists its rights.'),
    password: z.never({ error: 'no secret in the file: use `password_file` or `password_env`' }).optional(),
    passwordFile: z
      .string()
      .min(1)
      .optional()
      .describe('File that holds the password; one newline at its end is dropped. Read at each login.'),
    passwordEnv: z.string().min(1).optional().describe('Environment variable that holds the password.'),
    tls,
    connections: z
      .int()
      .min(1)
      .max(1_000)
      .default(10)
      .describe('Most connections, apart from one that listens.'),
    waiting: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(1_000)
      .describe('Most pieces of work that wait for a connection; one more fails at once.'),
    connectMs: milliseconds(50, 5_000, 'Time to get a connection'),
    statementMs: milliseconds(50, 5_000, 'Longest statement'),
    idleMs: milliseconds(0, 30_000, 'Time after which an unused connection is closed'),
    migrationMs: milliseconds(
      1_000,
      600_000,
      'Longest step of bringing the store up to date, waiting for another gateway included',
    ),
  })
  .refine((one) => one.passwordFile === undefined || one.passwordEnv === undefined, {
    error: 'password_file and password_env exclude each other: give one of them',
  })
  .refine(({ tls: { mode }, host }) => mode !== 'disable' || isLoopbackHost(host), {
    path: ['tls', 'mode'],
    error: 'disable is for loopback only: the store would be read and written in the clear',
  })
  .describe('PostgreSQL in place of the embedded store, for several gateways over one (docs/storage.md).');

/** The `storage` section of the configuration. */
export const storageSection = z.strictObject({
  directory: z
    .string()
    .min(1)
    .default('./data')
    .describe('Folder of the embedded store, readable by the gateway only. Created when missing.'),
  postgres: postgres.optional(),
  replica: z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/, {
      error: 'a replica name is 1 to 63 characters: lower-case letters, digits, and . _ - inside',
    })
    .default('main')
    .describe('Name of this gateway among those that share the store: each has its own, and keeps it.'),
  sealKeyFile: z
    .string()
    .min(1)
    .optional()
    .describe(
      'File of the key that sign-ins, passkeys, Slack links and what people decide at other gateways are sealed with in the store: 64 hexadecimal digits. Default: `store.key` in data_directory, which is made when missing. With `postgres` it has to be named: gateways that share a store need the same.',
    ),
  operationTextDays: z
    .number()
    .min(0)
    .max(3_650)
    .default(7)
    .describe(
      'Days after an access request ended at which its exact operation text and parameters are erased.',
    ),
  sessionDays: z
    .number()
    .min(1)
    .max(3_650)
    .default(365)
    .describe(
      'Days after a session or access request ended at which its row is removed. Recordings and the audit log stay.',
    ),
});

export type StorageConfig = z.output<typeof storageSection>;
export type PostgresStorageConfig = NonNullable<StorageConfig['postgres']>;
