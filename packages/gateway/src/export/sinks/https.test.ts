/** Webhook and OpenTelemetry: the two that post. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createCertificateAuthority } from '../../../../../test/fixtures/certificates.ts';
import { type HttpsReceiver, startHttpsReceiver } from '../../../../../test/fixtures/receivers.ts';
import { until } from '../../../../../test/fixtures/until.ts';
import { append, type Desk, firstSeen, numbers, openDesk, scratch } from '../export.fixture.ts';
import { isPublicAddress } from './addresses.ts';

const authority = createCertificateAuthority();
after(() => authority.remove());

const KEY = Buffer.alloc(32, 7);
const OLD_KEY = Buffer.alloc(24, 9);
const SECRETS = [`whsec_${KEY.toString('base64')}`, `whsec_${OLD_KEY.toString('base64')}`] as const;

function webhookTo(receiver: Pick<HttpsReceiver, 'url'>, directory: string, more = {}) {
  const secretFile = join(directory, 'secret');
  writeFileSync(secretFile, `${SECRETS.join('\n')}\n`);
  const { caFile } = authority;
  return {
    name: 'hook',
    type: 'webhook',
    url: receiver.url,
    secretFile,
    caFile,
    allowPrivateAddresses: true,
    ...more,
  };
}

const seqsOf = ({ posts }: HttpsReceiver): number[] =>
  posts.flatMap(({ body }) =>
    body
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { seq: number }).seq),
  );

const caughtUp = (desk: Desk) => until('all entries', () => desk.exports.status()[0]?.lag.entries === 0);

async function problem(desk: Desk, words: RegExp): Promise<void> {
  await until(String(words), () => words.test(desk.exports.status()[0]?.problem ?? ''));
}

test('an HTTPS receiver that is killed and comes back gets every entry, in order [export.at-least-once, export.webhook]', async (t) => {
  const directory = scratch();
  const receiver = await startHttpsReceiver(authority.server());
  t.after(() => receiver.kill());
  const desk = await openDesk(directory, [webhookTo(receiver, directory)]);
  for (let round = 0; round < 4; round += 1) {
    append(desk.audit, 40);
    const seen = receiver.posts.length;
    await until('some entries', () => receiver.posts.length > seen + 1);
    await receiver.kill();
    append(desk.audit, 20);
    await until('it is noticed', () => (desk.exports.status()[0]?.failures ?? 0) > 0);
    await receiver.restart();
  }
  await caughtUp(desk);
  assert.deepEqual(firstSeen(seqsOf(receiver)), numbers(240));
  // The same batch has the same id, however often it came.
  const bodies = new Map<string, string>();
  for (const { headers, body } of receiver.posts) {
    const id = String(headers['webhook-id']);
    assert.equal(bodies.get(id) ?? body, body);
    bodies.set(id, body);
  }
  await desk.close();
});

test('a batch is signed with both secrets, as Standard Webhooks has it [export.webhook-signed]', async (t) => {
  const directory = scratch();
  const receiver = await startHttpsReceiver(authority.server());
  t.after(() => receiver.kill());
  const desk = await openDesk(directory, [webhookTo(receiver, directory)], { now: () => 1_700_000_000_123 });
  append(desk.audit, 3);
  await caughtUp(desk);
  await desk.close();
  const [post] = receiver.posts;
  assert.ok(post !== undefined);
  assert.equal(post.path, '/audit');
  assert.equal(post.headers['content-type'], 'application/x-ndjson');
  assert.equal(post.headers['webhook-timestamp'], '1700000000');
  assert.match(String(post.headers['webhook-id']), /^msg_[0-9a-f]{16}_0_2$/);
  const signed = `${String(post.headers['webhook-id'])}.1700000000.${post.body}`;
  assert.equal(
    post.headers['webhook-signature'],
    [KEY, OLD_KEY].map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`).join(' '),
  );
});

/** What no honest receiver answers, and what is said of it. */
const HOSTILE: [RegExp, (response: ServerResponse) => void][] = [
  [
    /answered 302: redirects are not followed/,
    (response) => void response.writeHead(302, { location: '/other' }).end(),
  ],
  [/answered 307/, (response) => void response.writeHead(307, { location: 'https://example.com/' }).end()],
  [/answered 500/, (response) => void response.writeHead(500).end('x'.repeat(10_000_000))],
  [/answered 400/, (response) => void response.writeHead(400).end('whsec_ echo \u001b[2J')],
  [/did not answer in time/, () => undefined],
  [/did not answer in time/, (response) => void response.writeHead(200).write('slow')],
  [/\(HPE_HEADER_OVERFLOW\)/, (response) => void response.writeHead(200, { x: 'y'.repeat(40_000) }).end()],
  [/\(ECONNRESET\)/, (response) => void response.destroy()],
];

test('hostile answers acknowledge nothing and are not repeated [export.hostile, export.secrets]', async (t) => {
  const directory = scratch();
  const receiver = await startHttpsReceiver(authority.server());
  t.after(() => receiver.kill());
  const desk = await openDesk(directory, [webhookTo(receiver, directory, { timeoutMs: 300, lagSeconds: 1 })]);
  append(desk.audit, 3);
  for (const [words, answer] of HOSTILE) {
    receiver.answer = (_post, response) => answer(response);
    await problem(desk, words);
  }
  assert.equal(desk.exports.status()[0]?.acknowledged, null);
  assert.ok(receiver.posts.every(({ path }) => path === '/audit'));
  await until('an alarm', () => desk.faults.length > 0);
  // An answer that begins as an acknowledgement and goes on for ever is one: it is not read on.
  receiver.answer = (_post, response) => void response.writeHead(200).end('x'.repeat(10_000_000));
  await caughtUp(desk);
  await desk.close();
  const said = JSON.stringify([desk.exports.status(), desk.faults.map(({ message }) => message)]);
  for (const secret of [...SECRETS, receiver.url, 'echo', 'example.com'])
    assert.ok(!said.includes(secret), secret);
});

test('a receiver without the right certificate is sent nothing [export.tls]', async (t) => {
  const stranger = createCertificateAuthority('somebody else');
  t.after(() => stranger.remove());
  const cases = [
    [stranger.server(), /UNABLE_TO_VERIFY|SELF_SIGNED|SIGNATURE/],
    [authority.server(['other.example']), /ERR_TLS_CERT_ALTNAME_INVALID/],
  ] as const;
  for (const [certificate, words] of cases) {
    const directory = scratch();
    const receiver = await startHttpsReceiver(certificate);
    const desk = await openDesk(directory, [webhookTo(receiver, directory)]);
    append(desk.audit, 1);
    await problem(desk, words);
    await desk.close();
    assert.deepEqual(receiver.posts, []);
    await receiver.kill();
  }
});

test('a private address is refused unless it is meant, under whatever name [export.private-addresses]', async (t) => {
  const directory = scratch();
  const receiver = await startHttpsReceiver(authority.server(['localhost', '127.0.0.1']));
  t.after(() => receiver.kill());
  for (const host of ['localhost', '127.0.0.1', '[::1]', '2130706433', '[::ffff:127.0.0.1]']) {
    const url = `https://${host}:${receiver.port}/audit`;
    const desk = await openDesk(join(directory, String(host.length)), [
      webhookTo({ url }, directory, { allowPrivateAddresses: false }),
    ]);
    append(desk.audit, 1);
    await problem(desk, /no public address/);
    await desk.close();
  }
  assert.deepEqual(receiver.posts, []);
  const refused =
    '10.1.2.3 172.31.0.1 192.168.0.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255 ::1 :: fe80::1 fd00::1 ff02::1 ::ffff:10.0.0.1 64:ff9b::a00:1 2002:a00:1::1 2001:db8::1';
  for (const address of refused.split(' ')) assert.equal(isPublicAddress(address), false, address);
  for (const address of ['9.9.9.9', '172.32.0.1', '100.128.0.1', '2620:fe::fe', '::ffff:9.9.9.9'])
    assert.equal(isPublicAddress(address), true, address);
});

test('a secret that is missing or is none sends nothing, and is not shown [export.secrets]', async (t) => {
  const directory = scratch();
  const receiver = await startHttpsReceiver(authority.server());
  t.after(() => receiver.kill());
  const config = webhookTo(receiver, directory);
  writeFileSync(config.secretFile, 'hunter2');
  const desk = await openDesk(directory, [config]);
  append(desk.audit, 1);
  await problem(desk, /is not one or two lines of whsec_/);
  writeFileSync(config.secretFile, `whsec_${Buffer.alloc(8, 1).toString('base64')}`);
  await problem(desk, /24 to 64 bytes/);
  assert.deepEqual(receiver.posts, []);
  assert.doesNotMatch(JSON.stringify([desk.exports.status(), desk.faults]), /hunter2|AQEBAQ/);
  writeFileSync(config.secretFile, SECRETS[0]);
  await caughtUp(desk);
  await desk.close();
});

test('OpenTelemetry logs arrive whole, and a rejected record acknowledges nothing [export.otlp]', async (t) => {
  const directory = scratch();
  const receiver = await startHttpsReceiver(authority.server());
  t.after(() => receiver.kill());
  const headerFile = join(directory, 'header');
  writeFileSync(headerFile, 'Bearer hunter2\n');
  receiver.answer = (_post, response) =>
    void response
      .writeHead(200)
      .end('{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"hunter2"}}');
  const { caFile } = authority;
  const desk = await openDesk(directory, [
    { name: 'otel', type: 'otlp', url: receiver.url, caFile, headerFile, batchEntries: 10 },
  ]);
  append(desk.audit, 3);
  await problem(desk, /rejected some of the records/);
  receiver.answer = (_post, response) => void response.writeHead(200).end('{{');
  await problem(desk, /not JSON/);
  receiver.answer = (_post, response) => void response.writeHead(202).end();
  await problem(desk, /answered 202/);
  assert.doesNotMatch(JSON.stringify(desk.exports.status()), /hunter2/);
  receiver.answer = (_post, response) => void response.writeHead(200).end('{"partialSuccess":{}}');
  await caughtUp(desk);
  await desk.close();
  const post = receiver.posts.at(-1);
  assert.equal(post?.headers.authorization, 'Bearer hunter2');
  const { resourceLogs } = JSON.parse(post?.body ?? '') as {
    resourceLogs: {
      scopeLogs: {
        logRecords: { timeUnixNano: string; severityText: string; body: { stringValue: string } }[];
      }[];
    }[];
  };
  const records = resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords));
  const entries = records.map(({ body }) => JSON.parse(body.stringValue) as { seq: number; time: number });
  assert.deepEqual(
    entries.map(({ seq }) => seq),
    numbers(3),
  );
  assert.deepEqual(
    records.map(({ timeUnixNano, severityText }) => [timeUnixNano, severityText]),
    entries.map(({ time }) => [`${time}000000`, 'WARN']),
  );
});
