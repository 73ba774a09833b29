/** E-mail to a real mail server. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { SMTPServer } from 'smtp-server';
import { createCertificateAuthority } from '../../../../test/fixtures/certificates.ts';
import { until } from '../../../../test/fixtures/until.ts';
import { openDesk, request, secretFile } from './notification.fixture.ts';

const authority = createCertificateAuthority();
after(() => authority.remove());

interface Mail {
  readonly secure: boolean;
  readonly user: string | undefined;
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
}

/** A mail server on a free loopback port; what it takes is kept. */
async function startMailServer(options: object = {}) {
  const mails: Mail[] = [];
  const { certFile, keyFile } = authority.server();
  const server = new SMTPServer({
    key: readFileSync(keyFile),
    cert: readFileSync(certFile),
    authOptional: true,
    disabledCommands: [],
    onAuth: ({ username, password }, _session, done) =>
      password === 'pass-word'
        ? done(null, { user: username ?? '' })
        : done(new Error('secret-words of the server')),
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          secure: session.secure,
          user: session.user === undefined ? undefined : String(session.user),
          from: mailFrom === false ? '' : (mailFrom?.address ?? ''),
          to: rcptTo.map(({ address }) => address),
          text: Buffer.concat(chunks).toString('utf8'),
        });
        done();
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  return { mails, port, close: () => new Promise<void>((resolve) => server.close(() => resolve())) };
}

const channel = (port: number, more: object = {}) => ({
  type: 'email',
  name: 'mail',
  host: 'localhost',
  port,
  caFile: authority.caFile,
  from: 'gate@corp.example',
  to: ['dba@corp.example', 'lead@corp.example'],
  retryMs: 10,
  retryMostMs: 20,
  timeoutMs: 3_000,
  ...more,
});

test('a mail is sent over TLS, signed in, to whom it is for, without the operation [notification.email, notification.inert]', async (t) => {
  for (const security of ['starttls', 'tls'] as const) {
    const mail = await startMailServer({ secure: security === 'tls', authOptional: false });
    t.after(mail.close);
    const passwordFile = secretFile('password', 'pass-word\n');
    const { notifications, faults } = openDesk([
      channel(mail.port, { security, user: 'gate', passwordFile }),
    ]);
    notifications.opened(request());
    await until('a mail', () => mail.mails.length === 1);
    const [one] = mail.mails;
    assert.deepEqual([one?.secure, one?.user, one?.from], [true, 'gate', 'gate@corp.example']);
    assert.deepEqual(one?.to, ['dba@corp.example', 'lead@corp.example']);
    assert.match(one?.text ?? '', /^Subject: \[Sallyport\] approval needed: ar-\d+ at shop\r$/m);
    assert.match(one?.text ?? '', /^Auto-Submitted: auto-generated\r$/m);
    assert.match(one?.text ?? '', /^Message-ID: <opened-ar-\d+@corp\.example>\r$/m);
    assert.match(one?.text ?? '', /DELETE FROM orders WHERE note =(3D)? \$1/);
    assert.doesNotMatch(one?.text ?? '', /secret-literal|secret-parameter|pass-word/);
    await notifications.close();
    assert.deepEqual(faults, []);
  }
});

test('nothing somebody chose becomes a header, a recipient or another part [notification.inert]', async (t) => {
  const mail = await startMailServer();
  t.after(mail.close);
  const { notifications } = openDesk([channel(mail.port)]);
  const evil =
    'x\r\nBcc: thief@evil.example\r\nContent-Type: text/html\r\n\r\n<b>hi</b>\u2028Bcc: thief@evil.example\u0085Bcc: x';
  notifications.opened(request({ target: evil, form: evil, displayName: evil, reason: evil, actor: evil }));
  await until('a mail', () => mail.mails.length === 1);
  const [one] = mail.mails;
  assert.deepEqual(one?.to, ['dba@corp.example', 'lead@corp.example']);
  const [head = ''] = (one?.text ?? '').split('\r\n\r\n');
  // A long line of a header goes on in the next, after a space (RFC 5322, 2.2.3).
  const names = head.split(/\r\n(?![ \t])/).map((line) => line.split(':')[0]?.toLowerCase());
  assert.ok(!names.includes('bcc'), head);
  assert.equal(names.filter((name) => name === 'content-type').length, 1);
  assert.match(head, /^Content-Type: text\/plain/m);
  await notifications.close();
});

test('a mail server that offers no TLS, or shows the certificate of somebody else, gets nothing [notification.email-tls]', async (t) => {
  const plain = await startMailServer({ disabledCommands: ['STARTTLS'] });
  t.after(plain.close);
  const stranger = createCertificateAuthority('somebody else');
  t.after(() => stranger.remove());
  const mail = await startMailServer();
  t.after(mail.close);
  for (const [port, more] of [
    [plain.port, {}],
    [mail.port, { caFile: stranger.caFile }],
  ] as const) {
    const { notifications } = openDesk([channel(port, more)]);
    notifications.opened(request());
    await until('it fails', () => notifications.status()[0]?.state === 'failing');
    assert.match(
      notifications.status()[0]?.problem ?? '',
      /^the mail server did not take the message \([A-Z_]+/,
    );
    await notifications.close();
  }
  assert.deepEqual([...plain.mails, ...mail.mails], []);
  const { notifications } = openDesk([channel(plain.port, { security: 'none' })]);
  notifications.opened(request());
  await until('a mail to this machine', () => plain.mails.length === 1);
  await notifications.close();
});

test('a mail server that refuses is tried again, and nothing it says is repeated [notification.email, notification.status]', async (t) => {
  const mail = await startMailServer({ authOptional: false });
  t.after(mail.close);
  const passwordFile = secretFile('wrong', 'wrong-word');
  const { notifications, faults } = openDesk([channel(mail.port, { user: 'gate', passwordFile })]);
  notifications.opened(request());
  await until('it fails', () => (notifications.status()[0]?.failures ?? 0) > 1);
  assert.match(notifications.status()[0]?.problem ?? '', /\(EAUTH 535\)/);
  assert.doesNotMatch(JSON.stringify([notifications.status(), faults]), /secret-words|wrong-word/);
  secretFile('wrong', 'pass-word');
  await until('a mail', () => mail.mails.length === 1);
  await notifications.close();
});
