import assert from 'node:assert/strict';
import { assertRefused, assertReply, eventually, names, within } from '../probes.ts';
import type { PromiseTest } from '../world.ts';

/** Operations that wait for people. */
export function holds(test: PromiseTest): void {
  test('a held operation that is approved runs exactly once [conformance.approved-once]', async ({
    fixture,
    gateway,
    arrived,
    credential,
  }) => {
    const client = await fixture.connect(gateway.port, credential);
    const running = client.run('write');
    const request = await within('the operation is held', gateway.held());
    assert.deepEqual(names(arrived), []);
    request.approve();
    assert.equal((await running).kind, 'reply');
    assert.deepEqual(names(arrived), ['write']);
    // The approval was used up: the same again asks again.
    const again = client.run('write');
    (await within('it is held again', gateway.held())).deny('once is enough');
    assert.equal((await again).kind, 'refused');
    assert.deepEqual(names(arrived), ['write']);
  });

  test('a held operation that is denied is refused with the reason and never runs [conformance.denied]', async ({
    fixture,
    gateway,
    arrived,
    credential,
  }) => {
    const client = await fixture.connect(gateway.port, credential);
    const running = client.run('write');
    (await within('the operation is held', gateway.held())).deny('not on a Friday');
    assertRefused(await running, /not on a Friday/);
    assertReply(await client.run('read'), /harmless/);
    assert.deepEqual(names(arrived), ['read']);
  });

  test('a client that goes away cancels its access request [conformance.disconnect-cancels]', async ({
    fixture,
    gateway,
    arrived,
    credential,
  }) => {
    const client = await fixture.connect(gateway.port, credential);
    const running = client.run('write');
    const request = await within('the operation is held', gateway.held());
    client.disconnect();
    await running;
    await eventually('the request is cancelled', () => gateway.endings.get(request.id) === 'cancelled');
    request.approve();
    await eventually('the session is over', () => gateway.sessions === 0);
    assert.deepEqual(names(arrived), []);
  });
}
