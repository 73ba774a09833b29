import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { type ConnectionOptions, checkServerIdentity } from 'node:tls';
import pg from 'pg';
import { Fault } from '../lib/fault.ts';
import { isLoopbackHost } from '../lib/loopback.ts';
import type { PostgresStorageConfig } from './section.ts';

/** Largest file that is read as the password. */
const PASSWORD_BYTES = 65_536;
/** A server that is gone without a word lets go of its locks, and we of the connection, within half a minute. */
const KEEPALIVE = '-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * How every connection to the store is made. Everything is given: what node-postgres is not told it takes from PG*
 * variables and ~/.pgpass, which are somebody else's. Throws Fault `config-invalid` when a TLS file cannot be read.
 */
export function connectionSettings(
  config: PostgresStorageConfig,
  environment: Environment,
  name: string,
): pg.ClientConfig {
  const { host, port, database, username, schema, connectMs, statementMs } = config;
  return {
    host,
    port,
    database,
    user: username,
    password: () => readPassword(config, environment),
    ssl: tlsOptions(config) ?? false,
    application_name: name,
    client_encoding: 'UTF8',
    // pg_temp last: a temporary table must never stand in for one of ours.
    options: `-c search_path=${schema},pg_temp -c statement_timeout=${statementMs} -c timezone=UTC ${KEEPALIVE}`,
    // The server ends a slow statement; when it says nothing at all, we do.
    query_timeout: statementMs + 1_000,
    connectionTimeoutMillis: connectMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types: { getTypeParser: parserOf },
  };
}

const INT8 = 20;

/** Of this connection only: others in the process may want int8 as text. */
const parserOf: typeof pg.types.getTypeParser = (oid: number, format?: 'text' | 'binary') =>
  oid === INT8 && format !== 'binary' ? safeNumber : pg.types.getTypeParser(oid, format as 'text');

function safeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value))
    throw new Fault('storage-unavailable', 'The store holds a number that is too large.');
  return value;
}

/** Undefined for a connection in the clear, which is for loopback only. */
function tlsOptions({ tls, host }: PostgresStorageConfig): ConnectionOptions | undefined {
  const mode = tls.mode ?? (isLoopbackHost(host) && tls.caFile === undefined ? 'disable' : 'verify-full');
  if (mode === 'disable') return undefined;
  const name = tls.serverName ?? host;
  return {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
    ...readPem('ca', tls.caFile),
    ...readPem('cert', tls.certFile),
    ...readPem('key', tls.keyFile),
    // node-postgres passes no name for an address, and Node would then look for "localhost".
    checkServerIdentity: (_given, certificate) => checkServerIdentity(name, certificate),
  };
}

function readPem(key: 'ca' | 'cert' | 'key', path: string | undefined): ConnectionOptions {
  if (path === undefined) return {};
  try {
    return { [key]: readFileSync(path, 'utf8') };
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new Fault('config-invalid', `Could not read "${path}" (${why}); see storage.postgres.tls.`);
  }
}

async function readPassword(
  { passwordFile, passwordEnv }: PostgresStorageConfig,
  environment: Environment,
): Promise<string> {
  if (passwordFile !== undefined) return readPasswordFile(passwordFile);
  const value = passwordEnv === undefined ? undefined : environment[passwordEnv];
  if (value !== undefined && value !== '') return value;
  throw new Fault(
    'storage-unavailable',
    passwordEnv === undefined
      ? 'The store asks for a password: set storage.postgres.password_file.'
      : `Could not log in to the store: environment variable ${passwordEnv} is not set.`,
  );
}

async function readPasswordFile(path: string): Promise<string> {
  try {
    await using file = await open(path, 'r');
    const { bytesRead, buffer } = await file.read(Buffer.alloc(PASSWORD_BYTES + 1), 0);
    if (bytesRead > PASSWORD_BYTES) throw new RangeError(`over ${PASSWORD_BYTES} bytes`);
    return buffer.toString('utf8', 0, bytesRead).replace(/\r?\n$/, '');
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? 'too large';
    throw new Fault(
      'storage-unavailable',
      `Could not read "${path}" (${why}); see storage.postgres.password_file.`,
    );
  }
}
