import type { OperationName, ProtocolFixture } from './fixture.ts';
import { type GatewayUnderTest, startGateway } from './gateway-under-test.ts';
import { operationPermits } from './probes.ts';

/** One gateway with one real target behind it, and what arrived there. */
export interface World {
  readonly fixture: ProtocolFixture;
  readonly gateway: GatewayUnderTest;
  readonly arrived: { readonly name: OperationName; readonly permitsBefore: number }[];
  readonly credential: { readonly token: string; readonly target: string };
  close(): Promise<void>;
}

/** Registers one promise; its id ends the title. */
export type PromiseTest = (title: string, check: (world: World) => Promise<void>) => void;

export async function startWorld(fixture: ProtocolFixture): Promise<World> {
  const arrived: World['arrived'] = [];
  let gateway: GatewayUnderTest | null = null;
  const permits = (): number => operationPermits(gateway?.audit ?? []);
  const target = await fixture.startTarget((name) => arrived.push({ name, permitsBefore: permits() }));
  const { protocol, limits } = fixture;
  const started = await startGateway({
    protocol,
    targets: [target.config],
    rule: (evaluation) => fixture.rule(evaluation),
    ...(limits === undefined ? {} : { limits }),
  });
  gateway = started;
  return {
    fixture,
    gateway: started,
    arrived,
    credential: { token: started.token, target: 'target' },
    async close() {
      await started.close();
      await target.close();
    },
  };
}
