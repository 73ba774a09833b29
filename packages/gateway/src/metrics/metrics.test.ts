import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import type { AuditEntry, AuditLog } from '../audit/index.ts';
import type { DecisionPoint } from '../policy/index.ts';
import { createHealth, createMetrics, listenForScrapers } from './index.ts';
import { Counter, Histogram } from './instruments.ts';

const NOTHING = { sessions: () => 0, holds: () => 0, exports: () => [] };

function logInto(entries: AuditEntry[], fails = false): AuditLog {
  return {
    publicKey: 'k',
    size: 0,
    durability: 'write',
    append(entry) {
      if (fails) throw new Error('full');
      entries.push(entry);
    },
    synced: async () => undefined,
    close: async () => undefined,
  };
}

function point(): DecisionPoint {
  return {
    version: 'v',
    asksRisk: false,
    isAction: () => true,
    groupOf: (action) => (action === 'select' ? 'read' : action === 'update' ? 'write' : null),
    decide: async () => ({ effect: 'permit', policies: [], policyVersion: 'v', obligations: [] }),
    onChange: () => undefined,
    close: async () => undefined,
  };
}

test('entries and decisions that pass are counted, and pass unchanged [metrics.counted]', async (t) => {
  let now = 0;
  const metrics = createMetrics({ protocols: ['postgres'], seconds: () => now });
  t.after(() => metrics.close());
  const entries: AuditEntry[] = [];
  const log = metrics.watchLog(logInto(entries));
  const decisions = metrics.watchDecisions({
    ...point(),
    async decide() {
      now += 0.002;
      return { effect: 'deny', policies: [], policyVersion: 'v', reason: 'r', approvals: null };
    },
  });
  const decision = (actions: string[], effect: 'permit' | 'deny') =>
    log.append({ type: 'decision', protocol: 'postgres', actions, effect });
  decision(['select', 'select'], 'permit');
  decision(['select'], 'permit');
  decision(['select', 'update'], 'deny');
  log.append({ type: 'authentication-failed', protocol: 'postgres' });
  log.append({ type: 'authentication-failed', facts: { door: 'control-plane' } });
  assert.throws(() => metrics.watchLog(logInto([], true)).append({ type: 'reveal' }), /full/);
  await decisions.decide({} as never, [], []);
  assert.equal(entries.length, 5);
  const text = metrics.render({ sessions: () => 3, holds: () => 2, exports: () => [] });
  for (const line of [
    'sallyport_operations_total{protocol="postgres",action="read",effect="permit"} 2',
    'sallyport_operations_total{protocol="postgres",action="several",effect="deny"} 1',
    'sallyport_authentication_failures_total{door="postgres"} 1',
    'sallyport_authentication_failures_total{door="control-plane"} 1',
    'sallyport_audit_entries_total{type="decision"} 3',
    'sallyport_audit_failures_total 1',
    'sallyport_audit_append_seconds_count 5',
    'sallyport_decision_seconds_bucket{le="0.001"} 0',
    'sallyport_decision_seconds_bucket{le="0.0025"} 1',
    'sallyport_decision_seconds_bucket{le="+Inf"} 1',
    'sallyport_sessions_open 3',
    'sallyport_holds_pending 2',
  ]) {
    assert.ok(text.split('\n').includes(line), `${line}\n${text}`);
  }
  assert.match(text, /^sallyport_event_loop_delay_seconds\{quantile="0.99"\} [\d.e-]+$/m);
});

test('whatever a client calls itself, its target or its action, there are no more series [metrics.bounded]', (t) => {
  const metrics = createMetrics({ protocols: ['postgres'], seconds: () => 0 });
  t.after(() => metrics.close());
  const log = metrics.watchLog(logInto([]));
  metrics.watchDecisions(point());
  const names = (text: string) => text.split('\n').map((line) => line.replace(/ [^ ]*$/, ''));
  log.append({ type: 'decision', protocol: 'x', actions: ['y'], effect: 'deny' });
  log.append({ type: 'authentication-failed', facts: { door: 'z' } });
  const before = names(metrics.render(NOTHING)).length;
  for (let n = 0; n < 1_000; n += 1) {
    const evil = `"} 1\nevil{n="${n}`;
    log.append({
      type: 'decision',
      protocol: evil,
      actions: [evil],
      target: evil,
      subject: evil,
      effect: 'deny',
    });
    log.append({ type: 'authentication-failed', facts: { door: evil } });
  }
  const after = metrics.render(NOTHING);
  assert.equal(names(after).length, before);
  assert.ok(!after.includes('evil'));
});

test('the text is what Prometheus reads [metrics.counted]', () => {
  const counter = new Counter('c_total', 'help', [{ name: 'l', values: ['a"b\\c\nd'] }]);
  counter.add(['a"b\\c\nd']);
  assert.deepEqual(counter.lines(), [
    '# HELP c_total help',
    '# TYPE c_total counter',
    'c_total{l="a\\"b\\\\c\\nd"} 1',
  ]);
  const histogram = new Histogram('h', 'help', [1, 2]);
  for (const value of [0, 1, 1.5, 3]) histogram.observe(value);
  assert.deepEqual(histogram.lines().slice(2), [
    'h_bucket{le="1"} 2',
    'h_bucket{le="2"} 3',
    'h_bucket{le="+Inf"} 4',
    'h_sum 5.5',
    'h_count 4',
  ]);
});

test('the address for scrapers gives metrics and nothing else [metrics.door]', async (t) => {
  const listener = await listenForScrapers('127.0.0.1:0', () => 'up 1\n');
  t.after(() => listener.close());
  const answer = await fetch(`${listener.address}/metrics`);
  assert.deepEqual([answer.status, await answer.text()], [200, 'up 1\n']);
  for (const [method, path] of [
    ['GET', '/'],
    ['GET', '/v1/sessions'],
    ['POST', '/metrics'],
    ['DELETE', '/metrics'],
  ] as const)
    assert.equal((await fetch(`${listener.address}${path}`, { method })).status, 404, `${method} ${path}`);
  const { port } = new URL(listener.address);
  const broken = await new Promise<string>((resolve) => {
    const socket = connect(Number(port), '127.0.0.1', () => socket.write('GARBAGE\r\n\r\n'));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('close', () => resolve(text));
  });
  assert.match(broken, /^HTTP\/1\.1 400/);
  await assert.rejects(
    listenForScrapers(new URL(listener.address).host, () => ''),
    { code: 'config-invalid' },
  );
});

test('health looks at each thing once a second, waits for none for ever, and says which is missing [control-plane.health]', async () => {
  let now = 0;
  let asked = 0;
  let isAway = false;
  const health = createHealth({
    store: async () => {
      asked += 1;
      if (isAway) throw new Error('it is away');
    },
    log: async () => undefined,
    policies: () => 'v',
    issuers: async () => (isAway ? ['main'] : []),
    doors: () => ({ open: isAway ? 1 : 2, wanted: 2 }),
    exports: () => [],
    now: () => now,
  });
  await Promise.all(Array.from({ length: 50 }, health));
  assert.equal(asked, 1);
  assert.ok((await health()).every(({ ok }) => ok));
  isAway = true;
  now += 1_000;
  const missing = (await health()).filter(({ ok }) => !ok);
  assert.deepEqual(
    missing.map(({ name, detail }) => `${name}: ${detail}`),
    ['store: it is away', 'issuers: no keys of main', 'listeners: 1 of 2 are open'],
  );
  assert.equal(asked, 2);
});
