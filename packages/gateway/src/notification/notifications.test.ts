import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { createCertificateAuthority } from '../../../../test/fixtures/certificates.ts';
import { type HttpsReceiver, startHttpsReceiver } from '../../../../test/fixtures/receivers.ts';
import { until } from '../../../../test/fixtures/until.ts';
import { openDesk, request, secretFile } from './notification.fixture.ts';
import { notificationSection } from './section.ts';

const authority = createCertificateAuthority();
const key = randomBytes(32);
const secret = secretFile('webhook', `whsec_${key.toString('base64')}\n`);
let receiver: HttpsReceiver;
before(async () => {
  receiver = await startHttpsReceiver(authority.server());
});
after(async () => {
  await receiver.kill();
  authority.remove();
});

const webhook = (more: object = {}) => ({
  type: 'webhook',
  name: 'hook',
  url: receiver.url,
  secretFile: secret,
  caFile: authority.caFile,
  allowPrivateAddresses: true,
  retryMs: 10,
  retryMostMs: 40,
  ...more,
});

const ofRequest = (id: string) => receiver.posts.filter(({ body }) => body.includes(id));

const ONCE = { grantMs: null, withdrawnAt: null };

test('a webhook is signed, and told when it opens and when it ends [notification.webhook, notification.ended, notification.inert]', async () => {
  const { notifications, faults } = openDesk([webhook()], { requestUrl: 'https://gate.example/r/{id}' });
  const one = request({ displayName: 'A\u202elice\nX', target: 'x'.repeat(5_000) });
  notifications.opened(one);
  await until('the first', () => ofRequest(one.id).length === 1);
  const decisions = [
    {
      approver: 'main|bob',
      approverName: 'Bob',
      verdict: 'approve' as const,
      reason: 'ok',
      decidedAt: 1,
      ...ONCE,
    },
  ];
  notifications.ended({ ...one, state: 'approved', decisions });
  await until('the second', () => ofRequest(one.id).length === 2);
  for (const { headers, body } of ofRequest(one.id)) {
    const { 'webhook-id': id, 'webhook-timestamp': timestamp } = headers;
    const signed = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
    assert.equal(headers['webhook-signature'], `v1,${signed}`);
    assert.ok(Math.abs(Number(timestamp) - Date.now() / 1_000) < 60);
    assert.doesNotMatch(body, /secret-literal|secret-parameter|\\u202e|\\n/);
    assert.ok(body.length < 8_000);
  }
  const [opened, ended] = ofRequest(one.id).map(({ body }) => JSON.parse(body));
  assert.equal(opened.type, 'access-request.opened');
  assert.equal(opened.data.link, `https://gate.example/r/${one.id}`);
  assert.equal(opened.data.form, one.form);
  assert.deepEqual(opened.data.approvers, [{ group: 'dba', seats: 1 }]);
  assert.equal(ended.data.state, 'approved');
  assert.deepEqual(ended.data.decisions, [{ by: 'Bob', verdict: 'approve', reason: 'ok' }]);
  await notifications.close();
  assert.deepEqual(faults, []);
});

test('the operation itself is told only where that is configured [notification.inert]', async () => {
  const { notifications } = openDesk([webhook({ includeText: true })]);
  const one = request();
  notifications.opened(one);
  await until('it', () => ofRequest(one.id).length === 1);
  const { data } = JSON.parse(ofRequest(one.id)[0]?.body ?? '');
  assert.equal(data.text, one.text);
  assert.deepEqual(data.parameters, one.parameters);
  await notifications.close();
});

test('a channel is told only of its groups and targets [notification.filter]', async () => {
  const { notifications } = openDesk([webhook({ groups: ['dba'], targets: ['shop'] })]);
  const others = [request({ target: 'bank' }), request({ requirements: [{ group: 'other', seats: 1 }] })];
  for (const one of others) notifications.opened(one);
  const own = request();
  notifications.opened(own);
  await until('its own', () => ofRequest(own.id).length === 1);
  for (const { id } of others) assert.equal(ofRequest(id).length, 0);
  await notifications.close();
});

test('what is not taken is sent again with the same id, until it is [notification.at-least-once]', async () => {
  const { notifications } = openDesk([webhook()]);
  const one = request();
  let refusals = 0;
  receiver.answer = (_post, response) => {
    refusals += 1;
    response.writeHead(refusals <= 3 ? 503 : 204).end();
  };
  notifications.opened(one);
  await until(
    'the fourth',
    () => ofRequest(one.id).length === 4 && notifications.status()[0]?.state === 'ok',
  );
  assert.equal(new Set(ofRequest(one.id).map(({ headers }) => headers['webhook-id'])).size, 1);
  assert.equal(notifications.status()[0]?.delivered, 1);
  receiver.answer = (_post, response) => void response.writeHead(204).end();
  await notifications.close();
});

test('one message that is never taken keeps no other from people, and is given up when its request expired [notification.at-least-once, notification.bounded]', async () => {
  const { notifications, faults, time } = openDesk([webhook()]);
  const [bad, good] = [request(), request()];
  receiver.answer = ({ body }, response) => void response.writeHead(body.includes(bad.id) ? 400 : 204).end();
  notifications.opened(bad);
  await until('it fails', () => notifications.status()[0]?.state === 'failing');
  notifications.opened(good);
  await until('the other', () => ofRequest(good.id).length === 1);
  time.ahead = 900_001;
  await until('it is given up', () => notifications.status()[0]?.undelivered === 1);
  assert.equal(notifications.status()[0]?.waiting, 0);
  assert.match(String(faults[0]), /the channel hook was not told of ar-\d+ .*answered 400/);
  receiver.answer = (_post, response) => void response.writeHead(204).end();
  await notifications.close();
});

test('a dead channel takes nobody’s time, holds so many messages, and says so once [notification.bounded, notification.status]', async () => {
  // Accepts and never says a word.
  const silent = createServer((socket) => void socket.on('error', () => undefined));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as { port: number };
  const url = `http://127.0.0.1:${port}/`;
  const { notifications, faults } = openDesk([webhook({ url, queue: 3, timeoutMs: 200 })]);
  for (let count = 0; count < 10; count += 1) notifications.opened(request());
  const [status] = notifications.status();
  assert.deepEqual([status?.waiting, status?.undelivered], [3, 7]);
  await until('it is failing', () => notifications.status()[0]?.state === 'failing');
  assert.match(notifications.status()[0]?.problem ?? '', /did not answer in time/);
  assert.doesNotMatch(JSON.stringify(notifications.status()), /127\.0\.0\.1/);
  assert.equal(faults.length, 1);
  await notifications.close();
  silent.close();
});

test('what ended before it could be told asks nobody any more [notification.ended]', async () => {
  const { notifications } = openDesk([webhook()]);
  receiver.answer = (_post, response) => void response.writeHead(503).end();
  const [first, late] = [request(), request()];
  notifications.opened(first);
  notifications.opened(late);
  notifications.ended({ ...late, state: 'cancelled' });
  receiver.answer = (_post, response) => void response.writeHead(204).end();
  await until('all', () => notifications.status()[0]?.waiting === 0);
  const events = ofRequest(late.id).map(({ body }) => JSON.parse(body).type);
  assert.deepEqual(new Set(events), new Set(['access-request.ended']));
  await notifications.close();
});

test('no redirect is followed, and no address that is not public is reached unless that is configured [notification.ssrf]', async () => {
  const { notifications } = openDesk([webhook()]);
  let followed = false;
  receiver.answer = ({ path }, response) => {
    if (path === '/inside') followed = true;
    response.writeHead(307, { location: '/inside' }).end();
  };
  notifications.opened(request());
  await until('it fails', () => notifications.status()[0]?.state === 'failing');
  assert.match(notifications.status()[0]?.problem ?? '', /redirects are not followed/);
  assert.equal(followed, false);
  await notifications.close();
  receiver.answer = (_post, response) => void response.writeHead(204).end();
  for (const url of [receiver.url, receiver.url.replace('localhost', '127.0.0.1'), 'https://[::1]:1/']) {
    const strict = openDesk([webhook({ url, allowPrivateAddresses: false })]);
    const one = request();
    strict.notifications.opened(one);
    await until('it fails', () => strict.notifications.status()[0]?.state === 'failing');
    assert.match(strict.notifications.status()[0]?.problem ?? '', /no public address/);
    await strict.notifications.close();
    // Of this request: what was on its way when the one above was closed may come late.
    assert.equal(ofRequest(one.id).length, 0);
  }
});

test('a configuration that would leak is refused [notification.config]', () => {
  const good = webhook();
  const teams = { type: 'teams', name: 't', urlFile: 'f' };
  const email = {
    type: 'email',
    name: 'e',
    host: 'mail.example',
    from: 'a@example.com',
    to: ['b@example.com'],
  };
  assert.ok(notificationSection.safeParse({ channels: [good, teams, email] }).success);
  for (const channels of [
    [{ ...good, url: 'http://receiver.example/' }],
    [{ ...good, url: 'https://user:word@receiver.example/' }],
    [good, good],
    [{ type: 'slack', name: 's', channel: 'C0000TEST' }],
    [{ ...email, security: 'none' }],
    [{ ...email, to: ['b@example.com\r\nBcc: c@example.com'] }],
    [{ ...email, to: ['b@example.com, c@example.com'] }],
    [{ ...email, from: 'A <a@example.com>' }],
    [{ ...email, user: 'u' }],
  ])
    assert.equal(notificationSection.safeParse({ channels }).success, false, JSON.stringify(channels));
  for (const requestUrl of ['https://x.example/', 'http://x.example/{id}', 'https://x.example/{id}/{id}'])
    assert.equal(notificationSection.safeParse({ requestUrl }).success, false, requestUrl);
});

test('a Teams workflow gets a card in which nothing is markup [notification.teams, notification.inert]', async () => {
  const urlFile = secretFile('teams', `${receiver.url}?sig=secret-signature\n`);
  const teams = {
    type: 'teams',
    name: 'teams',
    urlFile,
    caFile: authority.caFile,
    allowPrivateAddresses: true,
    retryMs: 10,
    retryMostMs: 20,
  };
  const { notifications, faults } = openDesk([teams], { requestUrl: 'https://gate.example/r/{id}' });
  const one = request({ form: 'SELECT [x](https://evil.example) **b**', reason: '<at>everyone</at>' });
  notifications.opened(one);
  await until('it', () => ofRequest(one.id).length === 1);
  const [post] = ofRequest(one.id);
  assert.match(post?.path ?? '', /sig=secret-signature/);
  const { attachments } = JSON.parse(post?.body ?? '');
  const { contentType, content } = attachments[0];
  assert.equal(contentType, 'application/vnd.microsoft.card.adaptive');
  for (const block of content.body) {
    assert.equal(block.type, 'RichTextBlock');
    for (const run of block.inlines) assert.equal(run.type, 'TextRun');
  }
  // Whatever is pressed there opens a page: nothing is sent to anybody.
  assert.deepEqual(
    content.actions.map(({ type, url }: { type: string; url: string }) => [type, url]),
    [['Action.OpenUrl', `https://gate.example/r/${one.id}`]],
  );
  assert.doesNotMatch(post?.body ?? '', /secret-literal|secret-parameter/);
  receiver.answer = (_post, response) => void response.writeHead(500).end('secret-signature');
  notifications.opened(request());
  await until('it fails', () => notifications.status()[0]?.state === 'failing');
  assert.doesNotMatch(JSON.stringify([notifications.status(), faults]), /secret-signature|localhost/);
  receiver.answer = (_post, response) => void response.writeHead(202).end();
  await notifications.close();
});

test('a test of a channel sends one message now, or says why not [notification.test]', async () => {
  const { notifications } = openDesk([webhook()]);
  const tests = () => receiver.posts.filter(({ body }) => JSON.parse(body).type === 'test');
  const before = tests().length;
  await notifications.test('hook');
  assert.equal(tests().length, before + 1);
  await assert.rejects(notifications.test('other'), { code: 'not-found' });
  receiver.answer = (_post, response) => void response.writeHead(500).end();
  await assert.rejects(notifications.test('hook'), {
    code: 'notification-undelivered',
    message: /answered 500/,
  });
  receiver.answer = (_post, response) => void response.writeHead(204).end();
  await notifications.close();
});
