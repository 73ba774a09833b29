/** What the schema cannot see: who could reach a door, and whether files are there. Reads values that may be anything. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { isLoopbackHost } from '../lib/loopback.ts';
import { parseAddress } from './address.ts';
import { fileKey } from './key-names.ts';
import type { ConfigProblem } from './problems.ts';
import type { SchemaPath } from './schema-tree.ts';

/** Access tokens and replies must not cross a network in the clear, and two doors cannot be in one place. */
export function unsafeDoors(value: unknown): ConfigProblem[] {
  const doors: (readonly [door: unknown, path: SchemaPath])[] = [
    ...listAt(value, 'listeners').map((door, at) => [door, ['listeners', at, 'listen']] as const),
    [at(value, 'controlPlane'), ['control_plane', 'listen']],
  ];
  const problems: ConfigProblem[] = [];
  const taken = new Set<string>();
  for (const [door, path] of doors) {
    const listen = at(door, 'listen');
    if (typeof listen !== 'string') continue;
    const address = parseAddress(listen);
    if (address === null) continue;
    if (at(door, 'tls') === undefined && !isLoopbackHost(address.host)) {
      const why = 'can be reached from other machines, so access tokens would cross the network in the clear';
      problems.push({ path, message: `"${listen}" ${why}; give \`tls\`, or listen on 127.0.0.1` });
    }
    const place = `${address.host}:${address.port}`;
    if (address.port !== 0 && taken.has(place)) {
      problems.push({
        path,
        message: `"${place}" is taken by another listener of this file; choose another port`,
      });
    }
    taken.add(place);
  }
  return problems;
}

/** Files and folders the gateway cannot start without. `base` is the folder that paths start from. */
export function missingFiles(value: unknown, base: string): ConfigProblem[] {
  const policies: SchemaPath = ['policy', 'directory'];
  const problems = absence(base, at(at(value, 'policy'), 'directory'), policies, 'directory');
  for (const [index, listener] of listAt(value, 'listeners').entries()) {
    for (const key of ['cert_file', 'key_file', 'client_ca_file']) {
      problems.push(...absence(base, at(at(listener, 'tls'), key), ['listeners', index, 'tls', key], 'file'));
    }
  }
  const tls = at(at(value, 'controlPlane'), 'tls');
  problems.push(...absence(base, at(tls, 'certFile'), ['control_plane', 'tls', 'cert_file'], 'file'));
  problems.push(...absence(base, at(tls, 'keyFile'), ['control_plane', 'tls', 'key_file'], 'file'));
  const clientCa: SchemaPath = ['control_plane', 'tls', 'client_ca_file'];
  problems.push(...absence(base, at(tls, 'clientCaFile'), clientCa, 'file'));
  for (const [index, issuer] of listAt(at(value, 'identity'), 'issuers').entries()) {
    const path: SchemaPath = ['identity', 'issuers', index, 'sign_in', 'web', 'client_secret_file'];
    const secret = at(at(at(issuer, 'signIn'), 'web'), 'clientSecretFile');
    problems.push(...absence(base, secret, path, 'file'));
  }
  for (const [index, saml] of listAt(at(value, 'identity'), 'saml').entries()) {
    const path: SchemaPath = ['identity', 'saml', index];
    for (const key of ['requestKeyFile', 'decryptionKeyFile', 'decryptionCertFile'])
      problems.push(...absence(base, at(saml, key), [...path, fileKey(key)], 'file'));
    for (const [one, file] of listAt(saml, 'idpCertFiles').entries())
      problems.push(...absence(base, file, [...path, 'idp_cert_files', one], 'file'));
  }
  const own: SchemaPath = ['control_plane', 'policies'];
  problems.push(...absence(base, at(at(value, 'controlPlane'), 'policies'), own, 'directory'));
  const maskingKey = at(at(value, 'masking'), 'key_file');
  problems.push(...absence(base, maskingKey, ['masking', 'key_file'], 'file'));
  for (const [index, one] of listAt(at(value, 'audit'), 'export').entries()) {
    for (const key of ['caFile', 'certFile', 'keyFile', 'secretFile', 'headerFile'])
      problems.push(...absence(base, at(one, key), ['audit', 'export', index, fileKey(key)], 'file'));
  }
  problems.push(...missingChannelFiles(at(value, 'notification'), base));
  for (const key of ['caFile', 'headerFile'])
    problems.push(...absence(base, at(at(value, 'tracing'), key), ['tracing', fileKey(key)], 'file'));
  const postgres = at(at(value, 'storage'), 'postgres');
  const sealKey = at(at(value, 'storage'), 'sealKeyFile');
  problems.push(...absence(base, sealKey, ['storage', 'seal_key_file'], 'file'));
  if (postgres !== undefined && sealKey === undefined)
    problems.push({ path: ['storage', 'seal_key_file'], message: SEAL_KEY_NEEDED });
  const store: SchemaPath = ['storage', 'postgres'];
  problems.push(...absence(base, at(postgres, 'passwordFile'), [...store, 'password_file'], 'file'));
  for (const key of ['caFile', 'certFile', 'keyFile'])
    problems.push(...absence(base, at(at(postgres, 'tls'), key), [...store, 'tls', fileKey(key)], 'file'));
  const recording = at(value, 'recording');
  const credentials: SchemaPath = ['recording', 'storage_credentials'];
  for (const [name, key] of STORAGE_FILES)
    problems.push(
      ...absence(base, at(at(recording, 'storageCredentials'), name), [...credentials, key], 'file'),
    );
  if (at(recording, 'storage') !== undefined && at(recording, 'storageCredentials') === undefined)
    problems.push({ path: ['recording', 'storage'], message: 'it needs storage_credentials beside it' });
  return problems;
}

function missingChannelFiles(notification: unknown, base: string): ConfigProblem[] {
  const app = at(notification, 'slack');
  const problems = ['tokenFile', 'signingSecretFile', 'caFile'].flatMap((key) =>
    absence(base, at(app, key), ['notification', 'slack', fileKey(key)], 'file'),
  );
  for (const [index, one] of listAt(notification, 'channels').entries()) {
    for (const key of ['caFile', 'secretFile', 'urlFile', 'passwordFile'])
      problems.push(
        ...absence(base, at(one, key), ['notification', 'channels', index, fileKey(key)], 'file'),
      );
  }
  return problems;
}

const SEAL_KEY_NEEDED =
  'gateways that share a store need the same key on each, which tells their rows from those of others: "openssl rand -hex 32" writes one';

const STORAGE_FILES = [
  ['accessKeyIdFile', 'access_key_id_file'],
  ['secretAccessKeyFile', 'secret_access_key_file'],
  ['sessionTokenFile', 'session_token_file'],
] as const;

function absence(base: string, path: unknown, key: SchemaPath, kind: 'file' | 'directory'): ConfigProblem[] {
  if (typeof path !== 'string' || path === '') return [];
  const full = resolve(base, path);
  const found = statSync(full, { throwIfNoEntry: false });
  if (kind === 'directory' ? found?.isDirectory() : found?.isFile()) return [];
  const remedy = 'relative paths start at the folder of the configuration';
  return [{ path: key, message: `there is no ${kind} ${full}; ${remedy}` }];
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function listAt(value: unknown, key: string): readonly unknown[] {
  const list = at(value, key);
  return Array.isArray(list) ? list : [];
}
