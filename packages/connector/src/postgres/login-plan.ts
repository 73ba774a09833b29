import type { ChannelSecurity } from '../channel.ts';
import type { PostgresTargetConfig } from '../config.ts';
import type { OpenRequest } from '../connector.ts';
import { ConnectorFault, type ConnectorFaultCode } from '../fault.ts';
import type { PostgresTarget } from '../target.ts';
import { serverEndPoint } from './channel-binding.ts';

/** Everything a login needs to know beside what the server says. */
export interface LoginPlan {
  readonly user: string;
  readonly password: string | null;
  readonly nonce: string;
  /** Hash of the server's certificate for channel binding; null without TLS. */
  readonly certificateHash: Buffer | null;
  readonly channelBinding: PostgresTargetConfig['channel_binding'];
  /** Whether the password may be sent in clear: a verified server, loopback, or by configuration. */
  readonly cleartextAllowed: boolean;
  readonly leastIterations: number;
  readonly mostIterations: number;
}

/** The login ends; becomes a ConnectorFault where the target's name is known. */
export class LoginRefused extends Error {
  override readonly name = 'LoginRefused';
  readonly code: ConnectorFaultCode;

  constructor(code: ConnectorFaultCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** What this login may do, from the registration and from how the connection is protected. */
export function planLogin(
  target: PostgresTarget,
  password: string | null,
  security: ChannelSecurity,
): LoginPlan {
  const { config, limits } = target;
  return {
    user: config.credential.username,
    password,
    nonce: target.nonce(),
    certificateHash: security.kind === 'tls' ? serverEndPoint(security.certificate) : null,
    channelBinding: config.channel_binding,
    cleartextAllowed:
      config.allow_cleartext_password || security.loopback || (security.kind === 'tls' && security.verified),
    leastIterations: limits.scram_iterations_least,
    mostIterations: limits.scram_iterations_most,
  };
}

/** Settings of a start-up message that are ours alone: who logs in, where, and how text is encoded. */
const OURS = new Set([
  'user',
  'database',
  'client_encoding',
  'replication',
  'default_transaction_read_only',
  'transaction_read_only',
]);

/** The start-up settings, ours first. Throws ConnectorFault for one that must not come from a client. */
export function startupSettings(
  target: PostgresTarget,
  request: OpenRequest,
): readonly (readonly [string, string])[] {
  const { credential, database } = target.config;
  const facet = request.facet === '' ? (database ?? credential.username) : request.facet;
  const asked = Object.entries(request.startup);
  for (const [name, value] of [['database', facet] as const, ...asked]) {
    // A NUL would end the value early, and an empty name the whole list.
    if (name !== '' && !name.includes('\0') && !value.includes('\0')) continue;
    throw new ConnectorFault(
      'request-invalid',
      target.name,
      'a start-up setting is empty or holds a NUL byte',
    );
  }
  for (const [name] of asked) {
    if (!OURS.has(name.toLowerCase()) && !name.startsWith('_pq_.')) continue;
    throw new ConnectorFault(
      'request-invalid',
      target.name,
      `the start-up setting ${JSON.stringify(name)} is set by the connector, never by a client`,
    );
  }
  const ours: readonly (readonly [string, string])[] = [
    ['user', credential.username],
    ['database', facet],
    ['client_encoding', 'UTF8'],
  ];
  if (request.access === 'read-write') return [...ours, ...asked];
  return [...ours, ['default_transaction_read_only', 'on'], ...asked];
}
