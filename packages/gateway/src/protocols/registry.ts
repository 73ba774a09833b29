import type { Clock } from '../lib/clock.ts';
import { createHttpProtocol, type HttpOptions } from './http/index.ts';
import { createPostgresProtocol } from './postgres/index.ts';
import type { Protocol } from './protocol.ts';

export interface ProtocolOptions {
  readonly random: (bytes: number) => Buffer;
  readonly clock: Clock;
  readonly http: HttpOptions;
}

/** Every protocol the gateway speaks. A new one is one line here and a folder beside this file. */
const makers: Readonly<Record<string, (options: ProtocolOptions) => Protocol>> = {
  postgres: (options) => createPostgresProtocol(options),
  http: ({ http }) => createHttpProtocol(http),
};

/** What a listener and a target may name as their protocol. */
export const protocolNames: readonly string[] = Object.keys(makers);

export function createProtocols(options: ProtocolOptions): {
  byName(name: string): Protocol | undefined;
  close(): Promise<void>;
} {
  const protocols = Object.values(makers).map((make) => make(options));
  const byName = new Map(protocols.map((protocol) => [protocol.name, protocol]));
  return {
    byName: (name) => byName.get(name),
    close: async () => void (await Promise.all(protocols.map(async (protocol) => protocol.close?.()))),
  };
}
