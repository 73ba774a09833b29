/** The bench stand: one PostgreSQL, PgBouncer in front of it in session mode, and Sallyport, each its own process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { type GatewayOptions, type Surroundings, startSurroundings } from '../test/fixtures/gateway.ts';
import { cpuSeconds, stopped } from './processes.ts';

/** One way to the server. */
export interface Route {
  readonly name: 'direct' | 'pgbouncer' | 'sallyport';
  readonly env: Readonly<Record<string, string>>;
  /** CPU seconds used so far by what is between client and server; 0 for the direct route. */
  cpu(): number;
  readonly pid: number | null;
  /** Base URL of the control plane; only of the gateway's. */
  readonly controlPlane?: string;
}

export interface Stand {
  readonly surroundings: Surroundings;
  readonly routes: readonly Route[];
  close(): Promise<void>;
}

/** Everything is permitted, nothing classified is revealed: policy, masking and recording all have work to do. */
const POLICIES = `
@id("bench-all-but-reveal")
permit (principal, action, resource) unless { action == Action::"reveal" };
`;

export async function startStand(options: GatewayOptions = {}): Promise<Stand> {
  const surroundings = await startSurroundings({ policies: { text: POLICIES }, ...options });
  const { server } = surroundings;
  const bouncer = await startPgBouncer(surroundings);
  const gateway = spawn(
    process.execPath,
    [...flags(), resolve('test/fixtures/gateway-process.ts'), surroundings.configFile],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const { port, controlPlane } = await gatewayPlaces(gateway);
  const direct = {
    PGHOST: server.host,
    PGPORT: String(server.port),
    PGUSER: server.superuser,
    PGDATABASE: 'postgres',
    PGPASSWORD: server.password,
  };
  const routes: Route[] = [
    { name: 'direct', env: direct, cpu: () => 0, pid: null },
    {
      name: 'sallyport',
      env: await surroundings.clientEnvironment(port),
      cpu: () => cpuSeconds(gateway.pid ?? 0),
      pid: gateway.pid ?? null,
      controlPlane,
    },
  ];
  if (bouncer !== null) {
    routes.splice(1, 0, {
      name: 'pgbouncer',
      env: { ...direct, PGPORT: String(bouncer.port) },
      cpu: () => cpuSeconds(bouncer.pid),
      pid: bouncer.pid,
    });
  }
  return {
    surroundings,
    routes,
    async close() {
      await stopped(gateway);
      if (bouncer !== null) await stopped(bouncer.child);
      await surroundings.close();
    },
  };
}

/** `BENCH_NODE_FLAGS="--cpu-prof --cpu-prof-dir=DIR"` profiles the gateway. */
function flags(): string[] {
  return (process.env.BENCH_NODE_FLAGS ?? '').split(' ').filter((flag) => flag !== '');
}

async function gatewayPlaces(
  gateway: ChildProcess,
): Promise<{ readonly port: number; readonly controlPlane: string }> {
  if (gateway.stdout === null) throw new Error('the gateway has no output');
  for await (const line of createInterface({ input: gateway.stdout })) {
    const { listeners, controlPlane } = JSON.parse(line) as {
      listeners: { protocol: string; port: number }[];
      controlPlane: string;
    };
    const port = listeners.find(({ protocol }) => protocol === 'postgres')?.port ?? 0;
    return { port, controlPlane };
  }
  throw new Error('the gateway did not start');
}

async function startPgBouncer(
  surroundings: Surroundings,
): Promise<{ child: ChildProcess; port: number; pid: number } | null> {
  const binary = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer'].find((path) => existsSync(path));
  if (binary === undefined) {
    process.stderr.write('pgbouncer is not installed (apt-get install pgbouncer): its column is left out\n');
    return null;
  }
  const { server, directory } = surroundings;
  const port = await freePort();
  const users = join(directory, 'pgbouncer-users.txt');
  writeFileSync(users, `"${server.superuser}" "${server.password}"\n`);
  const ini = join(directory, 'pgbouncer.ini');
  const lines = [
    '[databases]',
    `postgres = host=${server.host} port=${server.port} user=${server.superuser} password=${server.password}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = plain',
    `auth_file = ${users}`,
    'pool_mode = session',
    'max_client_conn = 3000',
    'default_pool_size = 1280',
    'ignore_startup_parameters = extra_float_digits',
    'log_connections = 0',
    'log_disconnections = 0',
  ];
  writeFileSync(ini, lines.join('\n'));
  const { chmodSync } = await import('node:fs');
  for (const path of [directory, ini, users]) chmodSync(path, 0o755);
  const asNobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const child = spawn(binary, ['-q', ini], { stdio: ['ignore', 'inherit', 'inherit'], ...asNobody });
  await new Promise((done) => setTimeout(done, 500));
  if (child.exitCode !== null || child.pid === undefined) throw new Error('pgbouncer did not start');
  return { child, port, pid: child.pid };
}

function freePort(): Promise<number> {
  return new Promise((done, reject) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address !== null ? done(address.port) : reject(new Error('no port')),
      );
    });
  });
}
