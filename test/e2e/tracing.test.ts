/** Traces of a whole gateway, at a collector that is there, one that dies, and clients that want more traced than they should. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { createCertificateAuthority } from '../fixtures/certificates.ts';
import { startGateway, type TestGateway } from '../fixtures/gateway.ts';
import { eventually } from '../fixtures/raw-postgres.ts';
import { type HttpsReceiver, startHttpsReceiver } from '../fixtures/receivers.ts';
import { connectsOf, operationsOf, type ReceivedSpan, spansOf } from '../fixtures/traces.ts';

const POLICIES = `
@id("everyone") permit (principal, action in [Action::"connect", Action::"connect_writable", Action::"transact", Action::"call", Action::"set"], resource);
@id("read") permit (principal, action == Action::"select", resource) when { resource.schema == "work" };
@id("write") @approval("approvers") permit (principal, action in Action::"write", resource);
@id("get") permit (principal, action == Action::"http_get", resource);
`;
const TRACE = 'a0b1c2d3e4f5061728394a5b6c7d8e9f';
const SPAN = '00f067aa0ba902b7';
const SECRET_HEADER = 'Bearer canary-of-the-header';

const authority = createCertificateAuthority();
const headerFile = join(authority.dir, 'header');
writeFileSync(headerFile, `${SECRET_HEADER}\n`, { mode: 0o600 });
let api: Server;
before(async () => {
  api = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end('{"word":"canary-of-the-reply"}');
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => api.once('listening', resolve));
});
after(() => {
  api.close();
  authority.remove();
});

async function world(more: string, t: { after(done: () => unknown): void }) {
  const collector = await startHttpsReceiver(authority.server());
  collector.answer = (_post, response) => void response.writeHead(200).end('{}');
  const gateway = await startGateway({
    policies: { text: POLICIES },
    postgres: {
      initSql: `create schema work; create schema hidden;
        create table work.log (id serial, what text); create table hidden.log (what text);
        insert into work.log (what) values ('canary-of-the-row')`,
    },
    api: `http://127.0.0.1:${(api.address() as AddressInfo).port}`,
    config: [
      'metrics: { listen: "127.0.0.1:0" }',
      `tracing: { url: "${collector.url}", ca_file: ${authority.caFile}, header_file: ${headerFile}, interval_ms: 20, ${more} }`,
    ].join('\n'),
  });
  t.after(async () => {
    await gateway.close();
    await collector.kill();
  });
  return { collector, gateway };
}

async function get(gateway: TestGateway, path: string, headers: Record<string, string> = {}, method = 'GET') {
  const port = gateway.gateway.listeners.find(({ protocol }) => protocol === 'http')?.port;
  const authorization = `Bearer ${await gateway.token('agent')}`;
  const response = await fetch(`http://127.0.0.1:${port}/api${path}`, {
    method,
    headers: { authorization, connection: 'close', ...headers },
  });
  return { status: response.status, body: await response.text() };
}

const arrived = (what: string, collector: HttpsReceiver, count: number): Promise<ReceivedSpan[]> =>
  eventually(what, async () => {
    const roots = operationsOf(collector);
    return roots.length >= count ? roots : undefined;
  });

async function psql(gateway: TestGateway, sql: string): Promise<string> {
  const env = { ...process.env, ...(await gateway.clientEnvironment()) };
  const { stdout } = await promisify(execFile)('psql', ['-X', '-A', '-t', '-c', sql], { env });
  return stdout;
}

async function metric(gateway: TestGateway, name: string): Promise<number> {
  const text = await (await fetch(`${gateway.gateway.metrics}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
}

/** Names of the spans below this one, in the order of their beginning. */
function below(collector: HttpsReceiver, root: ReceivedSpan): readonly string[] {
  const children = spansOf(collector).filter(({ parentSpanId }) => parentSpanId === root.spanId);
  for (const child of children) {
    assert.equal(child.traceId, root.traceId);
    assert.ok(child.start >= root.start && child.end >= child.start && child.end <= root.end, child.name);
  }
  return children.sort((one, other) => Number(one.start - other.start)).map(({ name }) => name);
}

test('operations are traces, permitted, denied and held, below the spans of their clients [tracing.operation, tracing.connect, tracing.parent, tracing.secrets]', async (t) => {
  const { collector, gateway } = await world('ratio: 1', t);
  const comment = `/*application='canary-of-the-comment',traceparent='00-${TRACE}-${SPAN}-01'*/`;
  assert.match(await psql(gateway, `select what, 'canary-of-the-text' from work.log ${comment}`), /canary/);
  const client = await gateway.connect();
  await client.query('select id from work.log where what = $1', ['canary-of-the-parameter']);
  await assert.rejects(client.query(`select 'canary-of-the-denied' from hidden.log`));
  const held = client.query(`insert into work.log (what) values ('canary-of-the-held')`);
  const approver = await gateway.as('approver');
  const request = await eventually('an access request', async () => {
    return (await approver.listAccessRequests({ state: 'pending' })).accessRequests[0];
  });
  await approver.approve({ id: request.id, reason: 'canary-of-the-reason' });
  await held;
  const trace = { traceparent: `00-${TRACE}-${SPAN}-00` };
  assert.equal((await get(gateway, '/canary-of-the-path?q=canary-of-the-query', trace)).status, 200);
  assert.equal((await get(gateway, '/canary-of-the-path', trace, 'DELETE')).status, 403);
  const roots = await arrived('six operations', collector, 6);
  assert.equal(roots.length, 6);
  const shown = roots.map((root) => [
    root.attributes['sallyport.protocol'],
    root.attributes['sallyport.target'],
    root.attributes['sallyport.effect'],
    root.parentSpanId ?? '',
    below(collector, root).join(' '),
  ]);
  assert.deepEqual(shown, [
    ['postgres', 'db', 'permit', SPAN, 'decide forward reply'],
    ['postgres', 'db', 'permit', '', 'decide forward reply'],
    ['postgres', 'db', 'deny', '', 'decide'],
    ['postgres', 'db', 'permit', '', 'decide hold forward reply'],
    ['http', 'api', 'permit', SPAN, 'decide forward reply'],
    ['http', 'api', 'deny', SPAN, 'decide'],
  ]);
  assert.deepEqual(
    roots.map(({ traceId }) => traceId === TRACE),
    [true, false, false, false, true, true],
  );
  assert.equal(new Set(roots.map(({ traceId }) => traceId)).size, 4);
  const [first, , denied, waited] = roots;
  assert.deepEqual(first?.attributes['sallyport.actions'], ['select']);
  assert.equal(first?.attributes['sallyport.reply.rows'], '1');
  assert.equal(denied?.status?.message, 'forbidden');
  assert.equal(waited?.attributes['sallyport.request.id'], request.id);
  const hold = spansOf(collector).find(({ name }) => name === 'hold');
  assert.equal(hold?.attributes['sallyport.request.id'], request.id);
  for (const { attributes } of roots) {
    assert.match(String(attributes['sallyport.evaluation.id']), /^[0-9a-f]{16}\.\d+$/);
    assert.match(String(attributes['sallyport.policy.version']), /^\S{8,}$/);
    assert.match(
      String(attributes['sallyport.evaluation.id']),
      new RegExp(`^${attributes['sallyport.session.id']}\\.`),
    );
  }
  const connects = connectsOf(collector);
  assert.equal(connects.length, 4);
  for (const one of connects) assert.deepEqual(below(collector, one), ['authenticate', 'reach']);
  const bytes = JSON.stringify(collector.posts.map(({ body, path }) => [body, path]));
  const token = await gateway.token('agent');
  for (const secret of [
    'canary',
    'work.log',
    'hidden',
    'agent',
    'approver',
    'look-around',
    token.slice(-40),
    'eyJ',
  ])
    assert.ok(!bytes.includes(secret), secret);
  assert.ok(collector.posts.every(({ headers }) => headers.authorization === SECRET_HEADER));
  assert.deepEqual(gateway.faults, []);
});

test('no client chooses what is traced; what was denied or held is, and failed logins [tracing.chosen, tracing.kept, tracing.connect]', async (t) => {
  const { collector, gateway } = await world('ratio: 0, identities: true', t);
  const sampled = { traceparent: `00-${TRACE}-${SPAN}-01` };
  for (let n = 0; n < 20; n += 1) assert.equal((await get(gateway, '/things', sampled)).status, 200);
  const client = await gateway.connect();
  await client.query(`select what from work.log /*traceparent='00-${TRACE}-${SPAN}-01'*/`);
  await assert.rejects(gateway.connect({ password: 'canary-no-token' }));
  // Refused when it is prepared: that is all there ever is of it.
  await assert.rejects(client.query('select what from hidden.log where what = $1', ['x']));
  const roots = await arrived('the denied operation', collector, 1);
  const connects = await eventually('the failed login', async () => {
    const found = connectsOf(collector);
    return found.length > 0 ? found : undefined;
  });
  assert.deepEqual(
    [...roots, ...connects].map(({ name, status, attributes }) => [
      name,
      status?.message,
      attributes['sallyport.subject'],
      attributes['sallyport.actor'],
    ]),
    [
      ['operation', 'forbidden', 'test|agent', 'agent-1'],
      ['connect', 'unauthenticated', undefined, undefined],
    ],
  );
  assert.deepEqual(below(collector, connects[0] as ReceivedSpan), ['authenticate']);
  assert.ok(!JSON.stringify(collector.posts).includes('canary-no'));
});

test('a dead collector holds nothing up and costs what does not fit its queue [tracing.never-waits]', async (t) => {
  const { collector, gateway } = await world('ratio: 1, queue_spans: 32', t);
  await collector.kill();
  const client = await gateway.connect();
  for (let n = 0; n < 30; n += 1) await client.query('select what from work.log');
  const dropped = await metric(gateway, 'sallyport_spans_dropped_total');
  // Three spans of the connection and four of each operation, all or none of each: 31 wait.
  assert.equal(dropped, 30 * 4 + 3 - 31);
  await eventually('the collector is said to fail', async () => gateway.faults[0]);
  assert.match(String(gateway.faults[0]), /tracing\.queue_spans/);
  assert.equal(gateway.faults.length, 1);
  assert.ok(!String(gateway.faults[0]).includes(SECRET_HEADER));
  await collector.restart();
  await eventually('what waited', async () => (spansOf(collector).length === 31 ? true : undefined));
});
