/** What operators look at: readiness, health and metrics of a running gateway, and a client that only guesses. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';

let world: TestGateway;
before(async () => {
  world = await startGateway({
    postgres: { initSql: 'CREATE SCHEMA monitoring; CREATE TABLE monitoring.checks (id int)' },
    config: 'metrics: { listen: "127.0.0.1:0" }\nlimits: { failed_logins_per_minute: 3 }',
  });
});
after(() => world.close());

test('metrics tell what was done, at the address for scrapers and to operators [metrics.counted, metrics.door]', async () => {
  const client = await world.connect();
  await client.query('SELECT * FROM monitoring.checks');
  await assert.rejects(client.query(`COPY (SELECT 1) TO PROGRAM 'true'`));
  const scraped = await (await fetch(`${world.gateway.metrics}/metrics`)).text();
  await client.end();
  for (const line of [
    /^sallyport_operations_total\{protocol="postgres",action="read",effect="permit"\} [1-9]/m,
    /^sallyport_operations_total\{protocol="postgres",action="(?:pivot|several)",effect="deny"\} [1-9]/m,
    /^sallyport_sessions_open 1$/m,
    /^sallyport_holds_pending 0$/m,
    /^sallyport_audit_append_seconds_count [1-9]/m,
    /^sallyport_decision_seconds_count [1-9]/m,
    /^sallyport_event_loop_delay_seconds\{quantile="1"\} [\d.]+/m,
  ])
    assert.match(scraped, line);
  assert.ok(!/agent|monitoring|checks/.test(scraped), 'no name of a person, an agent or a table');
  assert.match(await (await world.as('guard')).metrics(), /^sallyport_sessions_open/m);
  await assert.rejects((await world.as('agent')).metrics(), { status: 403 });
});

test('readiness is for anyone, and what it is made of for operators [control-plane.health]', async () => {
  const { controlPlane } = world.gateway;
  const ready = await fetch(`${controlPlane}/readyz`);
  assert.deepEqual([ready.status, await ready.json()], [200, { status: 'ready' }]);
  const { status, checks } = await (await world.as('guard')).roomHealth();
  assert.equal(status, 'ready');
  assert.deepEqual(
    checks.map(({ name }) => name),
    ['store', 'audit-log', 'policies', 'issuers', 'listeners', 'exports', 'notifications'],
  );
  const served = await (await fetch(`${controlPlane}/v1/openapi.json`)).json();
  const kept = readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8');
  assert.deepEqual(served, JSON.parse(kept));
});

test('an address that only guesses is refused before its credential is looked at [data-path.failed-logins]', async () => {
  const reasons: string[] = [];
  for (let n = 0; n < 6; n += 1) {
    const attempt = world.connect({ password: `not-a-token-${n}` });
    reasons.push(
      await attempt.then(
        () => 'came in',
        (error: Error) => error.message,
      ),
    );
  }
  assert.ok(!reasons.includes('came in'));
  assert.match(reasons.at(-1) ?? '', /failed_logins_per_minute/, reasons.join('\n'));
  await assert.rejects(world.connect(), /failed_logins_per_minute/);
});
