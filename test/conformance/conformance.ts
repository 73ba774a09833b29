import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ConformancePromise, ProtocolFixture } from './fixture.ts';
import { bytes } from './promises/bytes.ts';
import { holds } from './promises/holds.ts';
import { operations } from './promises/operations.ts';
import { sessions } from './promises/sessions.ts';
import { type PromiseTest, startWorld } from './world.ts';

/** Proves every promise of the suite for one protocol, through a real client, the data path and a real server. */
export function conformance(name: string, makeFixture: () => ProtocolFixture): void {
  const { cannot } = makeFixture();
  const promise: PromiseTest = (title, check) => {
    const id = title.slice(title.lastIndexOf('[') + 1, -1) as ConformancePromise;
    const reason = cannot[id];
    if (reason !== undefined) {
      test(`says why it cannot: ${title}`, () => assert.ok(reason.length > 20, 'the reason is a sentence'));
      return;
    }
    test(title, { timeout: 60_000 }, async () => {
      const world = await startWorld(makeFixture());
      try {
        await check(world);
      } finally {
        await world.close();
      }
    });
  };
  describe(`the ${name} protocol`, () => {
    for (const topic of [operations, sessions, holds, bytes]) topic(promise);
  });
}
