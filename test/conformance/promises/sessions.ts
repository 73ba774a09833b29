import assert from 'node:assert/strict';
import { assertRefused, assertReply, eventually, names, sessionsStarted, within } from '../probes.ts';
import type { PromiseTest } from '../world.ts';

/** Who gets a session, and how it is taken away. */
export function sessions(test: PromiseTest): void {
  test('a bad credential is refused in the protocol’s own frame, and recorded [conformance.unauthenticated]', async ({
    fixture,
    gateway,
    arrived,
    credential,
  }) => {
    for (const token of [gateway.badToken, '']) {
      const client = await fixture.connect(gateway.port, { ...credential, token });
      assert.equal((await client.run('read')).kind, 'refused');
      await within('the connection is closed', client.closed);
    }
    assert.equal(gateway.audit.filter(({ type }) => type === 'authentication-failed').length, 2);
    assert.deepEqual(names(arrived), []);
    assert.equal(sessionsStarted(gateway), 0);
  });

  test('a target that does not exist is refused in the protocol’s own frame, and recorded [conformance.unknown-target]', async ({
    fixture,
    gateway,
    arrived,
    credential,
  }) => {
    const client = await fixture.connect(gateway.port, { ...credential, target: 'elsewhere' });
    assertRefused(await client.run('read'), /elsewhere/);
    await within('the connection is closed', client.closed);
    assert.ok(gateway.audit.some(({ effect, target }) => effect === 'deny' && target === 'elsewhere'));
    assert.deepEqual(names(arrived), []);
  });

  test('ending a session closes its connection, also when it is idle [conformance.revoked-idle]', async ({
    fixture,
    gateway,
    credential,
  }) => {
    const client = await fixture.connect(gateway.port, credential);
    assertReply(await client.run('read'), /harmless/);
    assert.equal(gateway.revoke('the grant was revoked'), 1);
    await within('the connection is closed', client.closed);
    await eventually('the session is over', () => gateway.sessions === 0);
  });

  test('ending a session refuses the operation that is held, and nothing runs [conformance.revoked-held]', async ({
    fixture,
    gateway,
    arrived,
    credential,
  }) => {
    const client = await fixture.connect(gateway.port, credential);
    const running = client.run('write');
    const request = await within('the operation is held', gateway.held());
    gateway.revoke('the grant was revoked');
    assertRefused(await running, /the grant was revoked/);
    request.approve();
    await within('the connection is closed', client.closed);
    assert.deepEqual(names(arrived), []);
  });
}
