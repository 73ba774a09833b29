/**
 * Everything the demo stands on, in a temporary folder: a real PostgreSQL, a real OIDC provider, and the gateway as its
 * own configuration file says. `close` stops and removes all of it.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGateway, type Gateway, type GatewayConfig, loadConfig } from '@sallyport/gateway';
import { copyPolicies } from '../commands/init.ts';
import { createDatabase, DATABASE, fillDatabase, ROLE } from './data.ts';
import {
  type Persona,
  type RunningOidcProvider,
  startOidcProvider,
  type TokenRequest,
} from './oidc-provider.ts';
import { type PostgresServer, startPostgres } from './postgres-server.ts';

export const TARGET = 'operations-db';
const AUDIENCE = 'sallyport-demo';
const TOKEN_SECONDS = 8 * 3_600;

const PERSONAS: readonly Persona[] = [
  { sub: 'nora', name: 'Nora', email: 'nora@corp.example', groups: ['agents', 'approvers'], kind: 'person' },
  { sub: 'sam', name: 'Sam', email: 'sam@corp.example', groups: ['approvers'], kind: 'person' },
  { sub: 'ada', name: 'Ada', email: 'ada@corp.example', groups: ['auditors'], kind: 'person' },
];

/** Who takes part, and what each asks the provider for. The agent acts for Nora, and is not Nora. */
export const ROLES = {
  agent: { subject: 'nora', actor: 'react-agent-1', task: 'why-is-checkout-slow' },
  nora: { subject: 'nora' },
  approver: { subject: 'sam' },
  auditor: { subject: 'ada' },
} as const satisfies Record<string, TokenRequest>;

export type Role = keyof typeof ROLES;

export interface World {
  readonly directory: string;
  readonly config: GatewayConfig;
  readonly database: PostgresServer;
  readonly provider: RunningOidcProvider;
  readonly gateway: Gateway;
  /** Port of the PostgreSQL listener. */
  readonly port: number;
  /** File that holds this role's access token. */
  tokenFile(role: Role): string;
  /** Asks the database itself, past the gateway: how the tour finds out what really happened. */
  truth(sql: string): Promise<readonly Record<string, unknown>[]>;
  close(): Promise<void>;
}

export interface WorldOptions {
  /** Default ports where they are free; otherwise any. */
  readonly usualPorts: boolean;
  /** Leave the folder. */
  readonly keep: boolean;
  readonly progress: (what: string) => void;
  readonly report: (fault: unknown) => void;
}

export async function startWorld(options: WorldOptions): Promise<World> {
  const closing: (() => unknown)[] = [];
  const close = async () => {
    for (const stop of closing.splice(0).reverse()) await stop();
  };
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-demo-'));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  if (!options.keep) {
    process.once('exit', remove);
    closing.push(() => {
      remove();
      process.off('exit', remove);
    });
  }
  try {
    options.progress('starting PostgreSQL and loading data');
    const database = await startPostgres();
    closing.push(() => database.stop());
    const password = randomBytes(18).toString('hex');
    for (const statement of createDatabase(password)) await database.query(statement);
    await database.query(fillDatabase, DATABASE);

    options.progress('starting an OpenID Connect provider');
    const provider = await startOidcProvider({
      audience: AUDIENCE,
      personas: PERSONAS,
      tokenSeconds: TOKEN_SECONDS,
    });
    closing.push(() => provider.close());

    options.progress('starting the gateway');
    const ports = options.usualPorts
      ? { postgres: await freeOr0(6432), control: await freeOr0(7403) }
      : { postgres: 0, control: 0 };
    const file = writeConfiguration(directory, { database, provider, password, ports });
    const config = loadConfig(file);
    const gateway = await createGateway(config, { report: options.report });
    closing.push(() => gateway.close());
    await writeTokens(directory, provider);
    return {
      directory,
      config,
      database,
      provider,
      gateway,
      close,
      port: gateway.listeners[0]?.port ?? 0,
      tokenFile: (role) => join(directory, 'tokens', role),
      truth: (sql) => database.query(sql, DATABASE),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Parts {
  readonly database: PostgresServer;
  readonly provider: RunningOidcProvider;
  readonly password: string;
  readonly ports: { readonly postgres: number; readonly control: number };
}

/** The configuration a person would write for this; gives its path. */
function writeConfiguration(directory: string, { database, provider, password, ports }: Parts): string {
  copyPolicies(join(directory, 'policies'));
  mkdirSync(join(directory, 'secrets'), { mode: 0o700 });
  writeFileSync(join(directory, 'secrets', TARGET), `${password}\n`, { mode: 0o600 });
  const file = join(directory, 'sallyport.yaml');
  writeFileSync(
    file,
    `# Written by "sallyport demo". It is what you would write for a database and an issuer of your own.
data_directory: ./data

listeners:
  - protocol: postgres
    listen: 127.0.0.1:${ports.postgres}

control_plane:
  listen: 127.0.0.1:${ports.control}
  roles:
    auditors: [auditors]

identity:
  issuers:
    - name: demo
      issuer: ${provider.issuer}
      audience: ${AUDIENCE}

targets:
  - name: ${TARGET}
    protocol: postgres
    host: ${database.host}
    port: ${database.port}
    database: ${DATABASE}
    tls: { mode: disable } # it is on this machine
    credential:
      username: ${ROLE}
      password_file: ./secrets/${TARGET}

policy:
  directory: ./policies

masking:
  classified:
    - { column: shop.customers.ssn, class: ssn }
    - { column: shop.customers.card_number, class: payment-card }
    - { column: monitoring.on_call.phone, class: phone }
`,
  );
  return file;
}

/** A token for each role, and what psql reads passwords from: nothing secret is ever typed or in an argument. */
async function writeTokens(directory: string, provider: RunningOidcProvider): Promise<void> {
  const folder = join(directory, 'tokens');
  mkdirSync(folder, { mode: 0o700 });
  for (const [role, request] of Object.entries(ROLES)) {
    const token = await provider.token(request);
    writeFileSync(join(folder, role), `${token}\n`, { mode: 0o600 });
    writeFileSync(join(folder, `${role}.pgpass`), `*:*:*:*:${token}\n`, { mode: 0o600 });
  }
  // The body of the token request, for curl to read: its client secret stays out of the arguments too.
  const form = new URLSearchParams();
  for (const [, name = '', value = ''] of provider
    .tokenCommand(ROLES.agent)
    .matchAll(/-d '([^=']+)=([^']*)'/g)) {
    form.set(name, value);
  }
  writeFileSync(join(folder, 'agent.request'), form.toString(), { mode: 0o600 });
}

function freeOr0(port: number): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(0));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(port)));
  });
}
