/**
 * Starts a real PostgreSQL in a temporary folder, for the demo and for the tests.
 *
 *   mkdtemp ─► initdb ─► pg_hba.conf ─► postgres on a free port ─► initSql ─► running ─► stop: shut down, remove
 *
 * However this process ends, kill -9 included, the server is shut down and its folder removed.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type PostgresVersion, postgresBinaries } from './postgres-binaries.ts';
import { identity, initialise, type Setup, tlsSettings } from './postgres-data-dir.ts';

export interface PostgresOptions {
  /** Default `embedded`. */
  readonly version?: PostgresVersion;
  /** Turns TLS on with these files (PEM). */
  readonly tls?: {
    readonly certFile: string;
    readonly keyFile: string;
    /** Authorities of client certificates; needed for `auth: 'cert'`. */
    readonly clientCaFile?: string;
    /** Refuse connections without TLS; default false, except for `auth: 'cert'`. */
    readonly required?: boolean;
  };
  /** How TCP connections log in. Default `scram-sha-256`. The Unix socket always trusts. */
  readonly auth?: 'trust' | 'scram-sha-256' | 'md5' | 'password' | 'cert';
  /** Statements to run as the superuser, in database `postgres`, once the server is up. */
  readonly initSql?: string;
  /** Server settings, such as `{ max_connections: '20' }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface PostgresServer {
  readonly host: string;
  readonly port: number;
  readonly superuser: string;
  readonly password: string;
  readonly dataDir: string;
  /** Folder of the Unix socket, on which every user is trusted. */
  readonly socketDir: string;
  /** Runs statements as the superuser; resolves to the rows of the last one. */
  query(sql: string, database?: string): Promise<readonly Record<string, unknown>[]>;
  /** What the server logged so far. */
  log(): string;
  /** Shuts the server down as a crash would, and keeps its folder for `resume`. */
  halt(): Promise<void>;
  /** Starts it again, on the same port with everything in it. */
  resume(): Promise<void>;
  /** Sends the postmaster and its backends a signal: SIGSTOP makes a server that is there and says nothing. */
  signal(signal: NodeJS.Signals): void;
  /** Shuts the server down and removes its folder. Calling it again does nothing. */
  stop(): Promise<void>;
}

const SUPERUSER = 'postgres';
/** The uid PostgreSQL runs under when we are root, which it refuses to be: `nobody`, as an id. */
const NOBODY = 65_534;
const START_ATTEMPTS = 8;
/** Ports above 32767 are handed out to outgoing connections, so one of those may be taken at any moment. */
const PORTS = { first: 20_000, count: 12_000 };

/** Starts a server and resolves when it takes connections. Rejects with what the server said when it does not start. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const runAs = process.getuid?.() === 0 ? NOBODY : null;
  const root = mkdtempSync(join(tmpdir(), 'sallyport-pg-'));
  const password = 'superuser-of-a-throw-away-server';
  try {
    if (runAs !== null) chownSync(root, runAs, runAs);
    const binaries = postgresBinaries(options.version ?? 'embedded', runAs, root);
    const dataDir = join(root, 'data');
    const setup: Setup = { binaries, root, dataDir, runAs, options };
    await initialise(setup, SUPERUSER, password);
    const running = await startOnFreePort(setup);
    const server = serverHandle(setup, running, password);
    try {
      if (options.initSql !== undefined) await server.query(options.initSql);
    } catch (cause) {
      await server.stop();
      throw new Error('cannot prepare PostgreSQL: a statement of initSql failed', { cause });
    }
    return server;
  } catch (error) {
    rmSync(root, { recursive: true, force: true });
    throw error;
  }
}

interface Running {
  readonly child: ChildProcess;
  readonly watchdog: ChildProcess;
  readonly port: number;
  readonly log: () => string;
}

async function startOnFreePort(setup: Setup): Promise<Running> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const outcome = await startOn(setup, port);
    if ('child' in outcome) return outcome;
    // Another process may take the port between the look and the start.
    const portTaken = outcome.failure.includes('could not bind');
    if (!portTaken || attempt === START_ATTEMPTS) {
      throw new Error(`cannot start PostgreSQL on port ${port}; it said:\n${outcome.failure}`);
    }
  }
}

function startOn(setup: Setup, port: number): Promise<Running | { readonly failure: string }> {
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: setup.root,
    // The data is thrown away with the folder, so it need not survive a power cut.
    fsync: 'off',
    ...tlsSettings(setup.options),
    ...setup.options.settings,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(join(setup.binaries, 'postgres'), ['-D', setup.dataDir, ...flags], {
    cwd: setup.root,
    stdio: ['ignore', 'ignore', 'pipe'],
    ...identity(setup.runAs),
  });
  if (child.pid === undefined) {
    return new Promise((resolve) => child.once('error', (error) => resolve({ failure: error.message })));
  }
  const watchdog = guard(child, setup.root);
  return new Promise((resolve) => {
    let log = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-100_000);
      if (log.includes('ready to accept connections')) resolve({ child, watchdog, port, log: () => log });
    });
    child.once('close', () => {
      watchdog.kill('SIGKILL');
      resolve({ failure: log });
    });
  });
}

/** A shell that sees this process end, whatever ended it, because its input closes; then it cleans up. */
function guard(child: ChildProcess, root: string): ChildProcess {
  const script =
    'while read -r _; do :; done; kill -QUIT "$1" && while kill -0 "$1"; do sleep 0.05; done; rm -rf "$2"';
  const watchdog = spawn('/bin/sh', ['-c', script, 'sh', String(child.pid), root], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watchdog.unref();
  return watchdog;
}

function serverHandle(setup: Setup, first: Running, password: string): PostgresServer {
  const { root, dataDir } = setup;
  const { port } = first;
  let running = first;
  let stopped: Promise<void> | null = null;
  return {
    host: '127.0.0.1',
    port,
    superuser: SUPERUSER,
    password,
    dataDir,
    socketDir: root,
    log: () => running.log(),
    query: (sql, database = 'postgres') => runStatements(root, port, database, sql),
    halt: () => endServer(running),
    async resume() {
      const again = await startOn(setup, port);
      if (!('child' in again)) throw new Error(`cannot start PostgreSQL again; it said:\n${again.failure}`);
      running = again;
    },
    signal: (signal) => {
      for (const pid of processesOf(running.child.pid ?? 0)) process.kill(pid, signal);
    },
    stop: () => {
      stopped ??= endServer(running).then(() =>
        rmSync(root, { recursive: true, force: true, maxRetries: 5 }),
      );
      return stopped;
    },
  };
}

/** The postmaster and its children, which stop apart. */
function processesOf(postmaster: number): number[] {
  const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(postmaster)], { encoding: 'utf8' });
  return [postmaster, ...children.trim().split(/\s+/).map(Number)];
}

async function runStatements(socketDir: string, port: number, database: string, sql: string) {
  const client = new pg.Client({ host: socketDir, port, user: SUPERUSER, database });
  // A server that is stopped meanwhile fails the query, which says so; nobody else is to be told.
  client.on('error', () => undefined);
  await client.connect();
  try {
    const result: unknown = await client.query(sql);
    const last: unknown = Array.isArray(result) ? result.at(-1) : result;
    return (last as pg.QueryResult<Record<string, unknown>>).rows;
  } finally {
    await client.end();
  }
}

async function endServer({ child, watchdog }: Running): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = new Promise((resolve) => child.once('close', resolve));
    // Immediate shutdown: clients are cut off, and there is nothing to keep.
    child.kill('SIGQUIT');
    await ended;
  }
  watchdog.kill('SIGKILL');
}

async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.first + Math.floor(Math.random() * PORTS.count);
    const free = await new Promise<boolean>((resolve) => {
      const probe = createServer();
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (free) return port;
  }
}
