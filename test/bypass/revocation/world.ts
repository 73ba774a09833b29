/** A gateway with two issuers, a PostgreSQL and an HTTP target, which can be stopped, started again, and kept from writing. */
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createClient } from '@sallyport/contract';
import { createGateway, type Gateway, loadConfig } from '@sallyport/gateway';
import {
  type RunningOidcProvider,
  startOidcProvider,
  type TokenRequest,
} from '../../../packages/cli/src/demo/oidc-provider.ts';
import { createAudit, type OpenedAudit } from '../../../packages/gateway/src/audit/index.ts';
import { systemClock } from '../../../packages/gateway/src/lib/clock.ts';
import { Fault } from '../../../packages/gateway/src/lib/fault.ts';
import { PERSONAS, type Surroundings, startSurroundings } from '../../fixtures/gateway.ts';
import { eventually, fieldsOf, RawClient, type RawMessage } from '../../fixtures/raw-postgres.ts';

const POLICIES = `
@id("all") permit (principal, action, resource) unless { action == Action::"reveal" || action == Action::"delete" };
@id("asks") @approval("approvers") permit (principal, action == Action::"delete", resource);
`;

export interface World extends Surroundings {
  readonly gateway: Gateway;
  readonly other: RunningOidcProvider;
  readonly faults: unknown[];
  /** Answers the HTTP target has not given yet. */
  readonly waiting: Set<ServerResponse>;
  /** While true the audit log takes nothing. */
  isLogBroken: boolean;
  port(protocol: 'postgres' | 'http'): number;
  open(token: string): Promise<RawClient>;
  as(subject: string): Promise<ReturnType<typeof createClient>>;
  /** Stops the gateway and starts one on the same folders, with what is done in between. */
  restart(between?: () => void): Promise<void>;
  /** Backends that run a text with this in it. */
  running(marker: string): Promise<number>;
  starts(marker: string): Promise<unknown>;
  stops(marker: string): Promise<unknown>;
  /** Backends there are beside the one that asks. */
  backends(): Promise<number>;
}

export async function startRevocationWorld(initSql: string): Promise<World> {
  const surroundings = await startSurroundings({
    policies: { text: POLICIES },
    postgres: { initSql },
    config: 'masking: { classified: [{ column: shop.item.code, class: code }] }',
  });
  const other = await startOidcProvider({ audience: 'sallyport', personas: PERSONAS });
  const waiting = new Set<ServerResponse>();
  const { configFile } = surroundings;
  const api = await startApi(waiting, configFile, other.issuer);
  const state = { gateway: null as Gateway | null, isLogBroken: false };
  const faults: unknown[] = [];
  const start = async (): Promise<void> => {
    const config = loadConfig(configFile);
    const audit = breakable(createAudit(config.audit, { clock: systemClock }), () => state.isLogBroken);
    state.gateway = await createGateway(config, { audit, report: (fault) => void faults.push(fault) });
  };
  await start().catch(async (fault: unknown) => {
    // A server left running would keep the test from ending with what went wrong.
    api.close();
    await Promise.all([other.close(), surroundings.close()]);
    throw fault;
  });
  const gateway = (): Gateway => {
    if (state.gateway === null) throw new Error('the gateway is stopped');
    return state.gateway;
  };
  const running = async (marker: string): Promise<number> => {
    const rows = await surroundings.server.query(
      `select 1 from pg_stat_activity where query like '%${marker}%' and state <> 'idle' and pid <> pg_backend_pid()`,
    );
    return rows.length;
  };
  return Object.assign(state as { gateway: Gateway; isLogBroken: boolean }, {
    ...surroundings,
    ...{ other, faults, waiting, running },
    port: (protocol: 'postgres' | 'http') =>
      gateway().listeners.find((one) => one.protocol === protocol)?.port ?? 0,
    async open(token: string) {
      const port = gateway().listeners.find(({ protocol }) => protocol === 'postgres')?.port ?? 0;
      return (await RawClient.open({ port, user: 'db', password: token })).client;
    },
    async as(subject: string) {
      return createClient({ baseUrl: gateway().controlPlane, token: await surroundings.token(subject) });
    },
    async restart(between = () => undefined) {
      await gateway().close();
      state.gateway = null;
      between();
      await start();
    },
    starts: (marker: string) =>
      eventually(`${marker} runs`, async () => ((await running(marker)) > 0 ? true : undefined)),
    stops: (marker: string) =>
      eventually(`${marker} stops`, async () => ((await running(marker)) === 0 ? true : undefined)),
    async backends() {
      const rows = await surroundings.server.query(
        `select 1 from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`,
      );
      return rows.length;
    },
    async close() {
      await state.gateway?.close();
      api.closeAllConnections();
      api.close();
      await other.close();
      await surroundings.close();
    },
  });
}

/** The HTTP target, and the configuration with it and the second issuer. */
async function startApi(waiting: Set<ServerResponse>, configFile: string, otherIssuer: string) {
  const api = createServer((request, response) => {
    if (request.url?.includes('slow')) {
      waiting.add(response);
      response.once('close', () => waiting.delete(response));
    } else response.setHeader('content-type', 'application/json').end('{"ok":true}');
  });
  api.listen(0, '127.0.0.1');
  await once(api, 'listening');
  const { port: apiPort } = api.address() as AddressInfo;
  const text = readFileSync(configFile, 'utf8')
    .replace('listeners:\n', 'listeners:\n  - { protocol: http, listen: "127.0.0.1:0" }\n')
    .replace(
      'targets:\n',
      `targets:\n  - { name: api, protocol: http, url: "http://127.0.0.1:${apiPort}" }\n`,
    )
    .replace(
      '  issuers:\n',
      `  issuers:\n    - { name: other, issuer: "${otherIssuer}", audience: sallyport }\n`,
    );
  writeFileSync(configFile, text);
  return api;
}

/** The log, until it is said to take nothing: as one on a full disk. */
function breakable(log: OpenedAudit, isBroken: () => boolean): OpenedAudit {
  const unavailable = (): Fault => new Fault('audit-unavailable', 'the audit log is not available: no space');
  return {
    publicKey: log.publicKey,
    durability: log.durability,
    cutBytes: log.cutBytes,
    lastEntry: (type) => log.lastEntry(type),
    get size() {
      return log.size;
    },
    append(entry) {
      if (isBroken()) throw unavailable();
      log.append(entry);
    },
    synced: () => (isBroken() ? Promise.reject(unavailable()) : log.synced()),
    close: () => log.close(),
  };
}

/** The last error a client was told before its connection closed. */
export async function lastWord(client: RawClient): Promise<Readonly<Record<string, string>>> {
  const error = (await client.untilClosed()).findLast(({ type }: RawMessage) => type === 'E');
  if (error === undefined) throw new Error('the client was told nothing');
  return fieldsOf(error);
}

/** A request for a token of the agent that differs in what is given. */
export const AGENT: TokenRequest = { subject: 'agent', actor: 'agent-1', task: 'look-around' };

export function storeFile(world: Pick<Surroundings, 'directory'>): string {
  return join(world.directory, 'data', 'store', 'sallyport.db');
}
