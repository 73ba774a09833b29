/** What a PostgreSQL server is made of on disk: its data, who may connect how, its certificates. */
import { execFile } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PostgresOptions } from './postgres-server.ts';

/** One server being set up: `root` holds everything of it, `runAs` is the uid it needs, null for our own. */
export interface Setup {
  readonly binaries: string;
  readonly root: string;
  readonly dataDir: string;
  readonly runAs: number | null;
  readonly options: PostgresOptions;
}

/** Makes the data folder. The superuser is the same role in every server. */
export async function initialise(setup: Setup, superuser: string, password: string): Promise<void> {
  const { root, dataDir, options } = setup;
  const passwordFile = join(root, 'password');
  writeFor(setup, passwordFile, `${password}\n`);
  // The method given here also decides how the superuser's password is stored.
  const stored = options.auth === 'md5' ? 'md5' : 'scram-sha-256';
  const flags = ['-U', superuser, '--pwfile', passwordFile, '--auth-local=trust', `--auth-host=${stored}`];
  const speed = ['--no-sync', '-E', 'UTF8', '--locale=C'];
  await promisify(execFile)(join(setup.binaries, 'initdb'), ['-D', dataDir, ...flags, ...speed], {
    cwd: root,
    ...identity(setup.runAs),
  });
  writeFor(setup, join(dataDir, 'pg_hba.conf'), accessRules(options));
  if (options.tls === undefined) return;
  copyFor(setup, options.tls.certFile, join(dataDir, 'server.crt'));
  copyFor(setup, options.tls.keyFile, join(dataDir, 'server.key'));
  if (options.tls.clientCaFile !== undefined)
    copyFor(setup, options.tls.clientCaFile, join(dataDir, 'clients.crt'));
}

function accessRules(options: PostgresOptions): string {
  const method = options.auth ?? 'scram-sha-256';
  const tlsOnly = method === 'cert' || options.tls?.required === true;
  const kind = tlsOnly ? 'hostssl' : 'host';
  const lines = ['local all all trust'];
  for (const address of ['127.0.0.1/32', '::1/128']) lines.push(`${kind} all all ${address} ${method}`);
  return `${lines.join('\n')}\n`;
}

/** Server settings that turn TLS on with the copied files. */
export function tlsSettings(options: PostgresOptions): Record<string, string> {
  if (options.tls === undefined) return {};
  const authority = options.tls.clientCaFile === undefined ? {} : { ssl_ca_file: 'clients.crt' };
  return { ssl: 'on', ...authority };
}

/** Under whom the server runs: PostgreSQL refuses to be root. */
export function identity(runAs: number | null): { uid?: number; gid?: number } {
  return runAs === null ? {} : { uid: runAs, gid: runAs };
}

function writeFor(setup: Setup, path: string, text: string): void {
  writeFileSync(path, text, { mode: 0o600 });
  if (setup.runAs !== null) chownSync(path, setup.runAs, setup.runAs);
}

function copyFor(setup: Setup, from: string, to: string): void {
  copyFileSync(from, to);
  chmodSync(to, 0o600);
  if (setup.runAs !== null) chownSync(to, setup.runAs, setup.runAs);
}
