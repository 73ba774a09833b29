/** A gateway whose target can be told to turn hostile, with a masked column so that replies are rewritten too. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createGateway, type Gateway, loadConfig } from '@sallyport/gateway';
import { type Surroundings, startSurroundings } from '../fixtures/gateway.ts';
import { type HostileTarget, startHostileTarget } from '../fixtures/hostile-target.ts';
import { RawClient } from '../fixtures/raw-postgres.ts';

export interface HostileWorld extends Surroundings {
  readonly gateway: Gateway;
  readonly target: HostileTarget;
  readonly port: number;
  open(): Promise<RawClient>;
}

export async function startHostileWorld(): Promise<HostileWorld> {
  const surroundings = await startSurroundings({
    policies: {
      text: '@id("all") permit (principal, action, resource); @id("none") forbid (principal, action == Action::"reveal", resource);',
    },
    postgres: {
      initSql: `create table person (id int, name text, code text);
        insert into person values (1, 'ada', 'secret-1'), (2, 'mail bob@corp.example', 'secret-2'), (3, null, null);
        create table sink (id int, note text);`,
    },
    config:
      'masking: { classified: [{ column: public.person.code, class: code }] }\nlimits: { message_bytes: 65536, reply_message_bytes: 262144 }',
  });
  const target = await startHostileTarget(surroundings.server);
  const { configFile, server } = surroundings;
  writeFileSync(
    configFile,
    readFileSync(configFile, 'utf8').replace(`port: ${server.port}`, `port: ${target.port}`),
  );
  const gateway = await createGateway(loadConfig(configFile), { report: () => undefined });
  const port = gateway.listeners[0]?.port ?? 0;
  return {
    ...surroundings,
    ...{ gateway, target, port },
    async open() {
      return (await RawClient.open({ port, user: 'db', password: await surroundings.token('agent') })).client;
    },
    async close() {
      await gateway.close();
      await target.close();
      await surroundings.close();
    },
  };
}
