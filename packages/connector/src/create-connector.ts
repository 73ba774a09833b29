import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import type { ConnectorConfig, HttpTargetConfig, PostgresTargetConfig } from './config.ts';
import type { Connector, OpenRequest, TargetConnection } from './connector.ts';
import { ConnectorFault } from './fault.ts';
import { openHttp } from './http/open.ts';
import { CANCELS_AT_ONCE } from './let-go.ts';
import { openPostgres } from './postgres/open.ts';
import { prepare } from './postgres/scram.ts';
import { readSecret, type SecretPlace, type SecretSource } from './secret.ts';
import type { HttpTarget, PostgresTarget } from './target.ts';
import { tlsReader } from './tls-material.ts';
import { Turns } from './turns.ts';

/** What the connector takes from its surroundings. */
export interface ConnectorDeps extends SecretSource {
  readonly randomBytes: (size: number) => Buffer;
}

/** A connector for the configured targets. Secrets are read when a connection is opened, not now. */
export function createConnector(config: ConnectorConfig, deps: ConnectorDeps): Connector {
  const openers = new Map<string, (request: OpenRequest) => Promise<TargetConnection>>();
  for (const target of config.targets) {
    if (target.protocol === 'postgres') {
      const cancelTurns = new Turns(CANCELS_AT_ONCE);
      const ready = postgresTarget(target, config, deps, cancelTurns);
      const { read_only_credential: credential = target.credential } = target;
      const readOnly = postgresTarget({ ...target, credential }, config, deps, cancelTurns);
      openers.set(target.name, (request) =>
        openPostgres(request.access === 'read-write' ? ready : readOnly, request),
      );
    } else {
      const ready = httpTarget(target, config, deps);
      openers.set(target.name, (request) => openHttp(ready, request));
    }
  }
  return {
    targets: config.targets.map(({ name, protocol }) => ({ name, protocol })),
    open: async (request) => {
      const open = openers.get(request.target);
      if (open !== undefined) return open(request);
      throw new ConnectorFault(
        'unknown-target',
        request.target,
        'there is no target of this name; add it to the configuration',
      );
    },
  };
}

const NONCE_BYTES = 18;

function postgresTarget(
  config: PostgresTargetConfig,
  { limits }: ConnectorConfig,
  deps: ConnectorDeps,
  cancelTurns: Turns,
): PostgresTarget {
  const { password_file: file, password_env: variable } = config.credential;
  return {
    name: config.name,
    config,
    limits,
    readSecret: secretReader(config.name, { file, variable }, deps),
    readTls: tlsReader(config.name, config.tls, config.host, deps.baseDir),
    nonce: () => deps.randomBytes(NONCE_BYTES).toString('base64'),
    cancelTurns,
    saltPassword: saltPassword(),
  };
}

function httpTarget(config: HttpTargetConfig, { limits }: ConnectorConfig, deps: ConnectorDeps): HttpTarget {
  const url = new URL(config.url);
  const mode = config.tls.mode === 'disable' ? 'require' : config.tls.mode;
  const readTls = tlsReader(config.name, { ...config.tls, mode }, url.hostname, deps.baseDir);
  return {
    name: config.name,
    config,
    limits,
    readSecret: secretReader(config.name, httpSecret(config.credential), deps),
    readTls: url.protocol === 'https:' ? readTls : async () => null,
  };
}

function httpSecret(credential: HttpTargetConfig['credential']): SecretPlace {
  switch (credential.kind) {
    case 'none':
      return { file: undefined, variable: undefined };
    case 'bearer':
      return { file: credential.token_file, variable: credential.token_env };
    case 'basic':
      return { file: credential.password_file, variable: credential.password_env };
    case 'header':
      return { file: credential.value_file, variable: credential.value_env };
  }
}

function secretReader(
  target: string,
  place: SecretPlace,
  source: SecretSource,
): () => Promise<string | null> {
  return () => readSecret(target, place, source);
}

const derive = promisify(pbkdf2);

/** SaltedPassword (RFC 5802 section 3), off the main thread. A server keeps its salt, so the last answer mostly serves. */
function saltPassword(): PostgresTarget['saltPassword'] {
  let last: { readonly about: string; readonly salted: Buffer } | null = null;
  return async (password, salt, iterations) => {
    const about = JSON.stringify([password, salt.toString('base64'), iterations]);
    if (last?.about === about) return last.salted;
    const salted = await derive(prepare(password), salt, iterations, 32, 'sha256');
    last = { about, salted };
    return salted;
  };
}
