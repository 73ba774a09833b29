import { createHttpProtocol, type HttpOptions } from './http/index.ts';
import { createPostgresProtocol } from './postgres/index.ts';
import type { Protocol } from './protocol.ts';

export interface ProtocolOptions {
  readonly random: (bytes: number) => Buffer;
  readonly http: HttpOptions;
}

/** Every protocol the gateway speaks. A new one is one line here and a folder beside this file. */
export function createProtocols(options: ProtocolOptions): {
  byName(name: string): Protocol | undefined;
  close(): Promise<void>;
} {
  const protocols: readonly Protocol[] = [
    createPostgresProtocol({ random: options.random }),
    createHttpProtocol(options.http),
  ];
  const byName = new Map(protocols.map((protocol) => [protocol.name, protocol]));
  return {
    byName: (name) => byName.get(name),
    close: async () => void (await Promise.all(protocols.map((protocol) => protocol.close?.()))),
  };
}
