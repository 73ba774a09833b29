import type { ConnectorLimits, HttpTargetConfig, PostgresTargetConfig } from './config.ts';
import type { TlsMaterial } from './tls-material.ts';
import type { Turns } from './turns.ts';

/** What opening a connection needs beside the request: the registration, and ways to its secrets that are asked at each login. */
interface TargetOf<Config> {
  readonly name: string;
  readonly config: Config;
  readonly limits: ConnectorLimits;
  /** The secret of the credential; null when it has none. Rejects with ConnectorFault when it cannot be read. */
  readonly readSecret: () => Promise<string | null>;
  /** Certificates and keys, read again when their files change; null when TLS is off. */
  readonly readTls: () => Promise<TlsMaterial | null>;
}

export interface PostgresTarget extends TargetOf<PostgresTargetConfig> {
  /** A fresh SCRAM nonce, printable and without comma. */
  readonly nonce: () => string;
  /** For cancels that nobody waits for, of all its connections. */
  readonly cancelTurns: Turns;
  /** SaltedPassword of RFC 5802; slow, so the last answer is remembered. */
  readonly saltPassword: (password: string, salt: Buffer, iterations: number) => Promise<Buffer>;
}

export type HttpTarget = TargetOf<HttpTargetConfig>;
