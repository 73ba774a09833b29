import assert from 'node:assert/strict';
import { type AddressInfo, connect, createServer } from 'node:net';
import { after, test } from 'node:test';
import { createCertificateAuthority } from '../../../../../test/fixtures/certificates.ts';
import {
  readFrames,
  type SyslogReceiver,
  startSyslogReceiver,
} from '../../../../../test/fixtures/receivers.ts';
import { until } from '../../../../../test/fixtures/until.ts';
import { append, firstSeen, numbers, openDesk, scratch } from '../export.fixture.ts';

const authority = createCertificateAuthority();
after(() => authority.remove());

const FORM =
  /^<108>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \S+ sallyport - decision \[meta sequenceId="(\d+)"\] (\{.*\})$/;

/** The entries a receiver has, checked to the letter. */
function seqsOf({ messages }: SyslogReceiver): number[] {
  return messages.map((message) => {
    const [, sequence, json = ''] = FORM.exec(message) ?? assert.fail(message);
    const { seq } = JSON.parse(json) as { seq: number };
    assert.equal(Number(sequence), seq + 1);
    assert.match(message, /^[\x20-\x7e]*$/);
    return seq;
  });
}

const configOf = (receiver: SyslogReceiver, more = {}) => ({
  name: 'siem',
  type: 'syslog',
  host: 'localhost',
  port: receiver.port,
  caFile: authority.caFile,
  ...more,
});

test('a syslog receiver that is killed and comes back gets every entry, in order [export.at-least-once, export.syslog]', async (t) => {
  const directory = scratch();
  const receiver = await startSyslogReceiver(authority.server());
  t.after(() => receiver.kill());
  const desk = await openDesk(directory, [configOf(receiver)]);
  t.after(() => desk.close());
  for (let round = 0; round < 4; round += 1) {
    append(desk.audit, 40);
    const seen = receiver.messages.length;
    // In the middle of it.
    await until('some entries', () => receiver.messages.length > seen + 10);
    await receiver.kill();
    append(desk.audit, 20);
    await until('it is noticed', () => (desk.exports.status()[0]?.failures ?? 0) > 0);
    await receiver.restart();
  }
  await until('all entries', () => desk.exports.status()[0]?.lag.entries === 0);
  assert.deepEqual(firstSeen(seqsOf(receiver)), numbers(240));
  assert.ok(receiver.connections > 30);
});

/** A line to the receiver that ends as a killed process does: everything was read, and TCP is closed without a word of TLS. */
async function withoutCloseNotify(receiver: SyslogReceiver) {
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const on = connect({ port: receiver.port, host: '127.0.0.1' });
    client.pipe(on);
    on.on('data', (chunk) => void (client.readableEnded || client.write(chunk)));
    client.once('end', () => client.end());
    for (const socket of [client, on]) socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() };
}

test('a connection that ends without close_notify acknowledges nothing, unless that is asked for [export.syslog-acknowledged]', async (t) => {
  const receiver = await startSyslogReceiver(authority.server());
  const line = await withoutCloseNotify(receiver);
  t.after(() => receiver.kill());
  t.after(() => line.close());
  const strict = await openDesk(scratch(), [configOf(receiver, { port: line.port })]);
  append(strict.audit, 3);
  await until('three attempts', () => (strict.exports.status()[0]?.failures ?? 0) > 2);
  const [status] = strict.exports.status();
  assert.equal(status?.acknowledged, null);
  assert.match(status?.problem ?? '', /without close_notify/);
  await strict.close();
  const lenient = await openDesk(scratch(), [
    configOf(receiver, { port: line.port, acknowledgement: 'close' }),
  ]);
  append(lenient.audit, 30);
  await until('all entries', () => lenient.exports.status()[0]?.lag.entries === 0);
  await lenient.close();
});

test('a receiver that is somebody else, or that wants a certificate, is sent nothing without it [export.tls, export.secrets]', async (t) => {
  const stranger = createCertificateAuthority('somebody else');
  t.after(() => stranger.remove());
  const cases = [
    { certificate: stranger.server(), more: {} },
    { certificate: authority.server(['other.example']), more: {} },
    { certificate: authority.server(), wants: authority.caFile, more: {} },
  ];
  for (const { certificate, wants, more } of cases) {
    const receiver = await startSyslogReceiver(certificate, wants);
    const desk = await openDesk(scratch(), [configOf(receiver, more)]);
    append(desk.audit, 3);
    await until('an attempt', () => (desk.exports.status()[0]?.failures ?? 0) > 1);
    assert.match(
      desk.exports.status()[0]?.problem ?? '',
      /^the syslog receiver (did not take the batch \([A-Z_0-9]+\)|broke)/,
    );
    assert.deepEqual(receiver.messages, []);
    await desk.close();
    await receiver.kill();
  }
  const receiver = await startSyslogReceiver(authority.server(), authority.caFile);
  const desk = await openDesk(scratch(), [configOf(receiver, authority.client('gateway'))]);
  append(desk.audit, 3);
  await until('all entries', () => desk.exports.status()[0]?.lag.entries === 0);
  await desk.close();
  await receiver.kill();
});

test('a receiver that answers, reads nothing or never ends is given up on [export.hostile]', async (t) => {
  const receiver = await startSyslogReceiver(authority.server());
  t.after(() => receiver.kill());
  const desk = await openDesk(scratch(), [configOf(receiver, { timeoutMs: 300 })]);
  t.after(() => desk.close());
  append(desk.audit, 3);
  const hostile: [RegExp, SyslogReceiver['behave']][] = [
    [/did not answer in time/, (socket) => void socket.pause()],
    [
      /no answers/,
      (socket) =>
        void socket.on('drain', () => socket.write(Buffer.alloc(65_536))).write(Buffer.alloc(200_000)),
    ],
    [/broke|\(E[A-Z]+\)|without close_notify/, (socket) => void socket.destroy()],
  ];
  for (const [problem, behave] of hostile) {
    receiver.behave = behave;
    await until(String(problem), () => problem.test(desk.exports.status()[0]?.problem ?? ''));
  }
  receiver.behave = (socket) => readFrames(socket, receiver.messages);
  await until('all entries', () => desk.exports.status()[0]?.lag.entries === 0);
  assert.deepEqual(firstSeen(seqsOf(receiver)), numbers(3));
});
