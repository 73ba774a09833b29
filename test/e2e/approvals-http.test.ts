/** Asking people over HTTP: a 403 that says where to look and when to come back, and the same request again. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { createClient } from '@sallyport/contract';
import { createGateway, type Gateway, loadConfig } from '@sallyport/gateway';
import { type Surroundings, startSurroundings } from '../fixtures/gateway.ts';
import { eventually } from '../fixtures/raw-postgres.ts';

const POLICIES = `
@id("everyone") permit (principal, action in [Action::"connect", Action::"connect_writable"], resource);
@id("write") @approval("approvers") @reason("required") @grant("10m")
permit (principal, action == Action::"http_post", resource);
`;

let around: Surroundings;
let upstream: Server;
let gateway: Gateway;
const bodies: string[] = [];

before(async () => {
  upstream = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      bodies.push(body);
      response.setHeader('content-type', 'application/json').end('{"ok":true}');
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => upstream.once('listening', resolve));
  around = await startSurroundings({ policies: { text: POLICIES } });
  const text = readFileSync(around.configFile, 'utf8')
    .replace(
      'listeners:\n',
      'listeners:\n  - protocol: http\n    listen: 127.0.0.1:0\n    approval: return\n',
    )
    .replace(
      'targets:\n',
      `targets:\n  - name: api\n    protocol: http\n    url: http://127.0.0.1:${(upstream.address() as AddressInfo).port}\n`,
    );
  writeFileSync(around.configFile, text);
  gateway = await createGateway(loadConfig(around.configFile), { report: () => undefined });
});
after(async () => {
  await gateway?.close();
  upstream.close();
  await around?.close();
});

async function post(body: string, headers: Record<string, string> = {}) {
  const port = gateway.listeners.find(({ protocol }) => protocol === 'http')?.port;
  return fetch(`http://127.0.0.1:${port}/api/orders`, {
    method: 'POST',
    body,
    headers: {
      ...{ authorization: `Bearer ${await around.token('agent')}`, 'content-type': 'application/json' },
      ...{ connection: 'close', 'user-agent': 'test', ...headers },
    },
  });
}

const as = async (subject: string) =>
  createClient({ baseUrl: gateway.controlPlane, token: await around.token(subject) });

test('without a reason it is a clear denial [approval.http, approval.reason]', async () => {
  const response = await post('{"n":1}');
  const problem = (await response.json()) as Record<string, string>;
  assert.equal(response.status, 403);
  assert.match(problem.detail ?? '', /needs a reason/);
  assert.match(problem.hint ?? '', /Sallyport-Reason/);
  assert.equal(response.headers.get('retry-after'), null);
});

test('a 403 names the access request, and the same request after the approval runs once, on another connection [approval.http, approval.return, approval.deny-reason, L3]', async () => {
  const why = { 'sallyport-reason': Buffer.from('für 7').toString('latin1') };
  const response = await post('{"n":2}', why);
  const problem = (await response.json()) as { access_request: Record<string, unknown>; type: string };
  assert.equal(response.status, 403);
  assert.equal(problem.type, 'urn:sallyport:problem:access-request-pending');
  assert.ok(Number(response.headers.get('retry-after')) > 0);
  const id = String(response.headers.get('sallyport-access-request'));
  assert.deepEqual(
    [problem.access_request.id, problem.access_request.status, problem.access_request.status_endpoint],
    [id, 'pending', `/v1/access-requests/${id}/task`],
  );
  assert.equal((await (await as('agent')).accessRequestTask({ id: id })).task.status, 'pending');
  const approver = await as('approver');
  const seen = await approver.getAccessRequest({ id: id });
  assert.equal(seen.shown.stated, 'für 7');
  assert.match(seen.text ?? '', /^POST \/orders HTTP\/1\.1\n[\s\S]*\{"n":2\}$/);
  assert.doesNotMatch(seen.text ?? '', /sallyport-reason/i);
  assert.equal((await post('{"n":2}', why)).headers.get('sallyport-access-request'), id);
  await approver.approve({ id: id, reason: 'fine' });
  assert.equal((await post('{"n":2} ', why)).status, 403);
  assert.deepEqual(bodies, []);
  assert.equal((await post('{"n":2}', why)).status, 200);
  assert.deepEqual(bodies, ['{"n":2}']);
  const again = await post('{"n":2}', why);
  assert.notEqual(again.headers.get('sallyport-access-request'), id);
  await approver.deny({
    id: String(again.headers.get('sallyport-access-request')),
    reason: 'once is enough',
  });
  const denied = (await (await post('{"n":2}', why)).json()) as Record<string, string>;
  assert.match(denied.detail ?? '', /approver denied it: once is enough/);
});

test('the client chooses to wait, or not to, against the default of the door [approval.http]', async () => {
  const why = { 'sallyport-reason': 'ticket', 'sallyport-approval': 'hold' };
  const waiting = post('{"n":3}', why);
  const approver = await as('approver');
  const { id } = await eventually('the hold', async () =>
    (await approver.listAccessRequests({ state: 'pending' })).accessRequests.find(
      ({ mode }) => mode === 'hold',
    ),
  );
  await approver.approve({ id: id, reason: 'go on', grantSeconds: 60 });
  assert.equal((await waiting).status, 200);
  // The grant that came with it is for the route, whatever is posted.
  assert.equal((await post('{"n":4}', { 'sallyport-reason': 'ticket' })).status, 200);
  const prefers = await post('{"n":5}', { 'sallyport-approval': 'whatever' });
  assert.equal(prefers.status, 400);
});
