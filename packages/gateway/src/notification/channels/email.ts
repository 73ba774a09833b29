import { readFile } from 'node:fs/promises';
import { failureOf, readSecretFile, SinkFailure } from '../../export/index.ts';
import type { Channel } from '../channel.ts';
import { factsOf, type Notice, outcomeOf } from '../notice.ts';
import type { ChannelOf } from '../section.ts';

/** Longest subject line of a message, in characters. */
const SUBJECT_LENGTH = 120;

/** Plain text by SMTP, over TLS. A message can be forwarded and its sender forged: it decides nothing. */
export function emailChannel(config: ChannelOf<'email'>): Channel {
  return {
    async send(notice, signal) {
      // Loaded when there is a mail to send: it is large, and most gateways start without.
      const { createTransport } = await import('nodemailer');
      const transport = createTransport(await optionsOf(config));
      const stop = () => transport.close();
      signal.addEventListener('abort', stop, { once: true });
      try {
        await transport.sendMail(messageOf(notice, config));
      } catch (error) {
        throw failureOfMail(error);
      } finally {
        signal.removeEventListener('abort', stop);
        transport.close();
      }
    },
    close: () => undefined,
  };
}

async function optionsOf(config: ChannelOf<'email'>) {
  const { host, port, security, user, passwordFile, caFile, timeoutMs } = config;
  const ca = caFile === undefined ? {} : { ca: await readAuthorities(caFile) };
  return {
    host,
    port,
    // Never in the clear because the other end says that it cannot do better.
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    tls: { minVersion: 'TLSv1.2' as const, ...ca },
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    // Nothing a message holds may make it read a file or a URL.
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(user === undefined || passwordFile === undefined
      ? {}
      : { auth: { user, pass: await readSecretFile(passwordFile, 'password of the mail server') } }),
  };
}

async function readAuthorities(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw failureOf('the ca_file cannot be read', error);
  }
}

function messageOf(notice: Notice, { from, to }: ChannelOf<'email'>) {
  const lines = [
    outcomeOf(notice),
    '',
    `  ${notice.form}`,
    ...(notice.text === undefined ? [] : ['', 'Exactly:', `  ${notice.text}`]),
    ...(notice.parameters ?? []).map((value, at) => `  $${at + 1} = ${value}`),
    '',
    ...factsOf(notice).map(([name, value]) => `${`${name}:`.padEnd(14)}${value}`),
    ...(notice.link === null ? [] : [`${'Page:'.padEnd(14)}${notice.link}`]),
    '',
    'It can be decided only by who signs in. Do not answer this message: nobody reads it.',
  ];
  return {
    from,
    to: [...to],
    subject: subjectOf(notice),
    text: lines.join('\n'),
    // The same for the same message, however often it is sent.
    messageId: `<${notice.id}@${from.slice(from.indexOf('@') + 1)}>`,
    // RFC 3834: nothing that answers by itself answers this.
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
  };
}

/** One line: a notice holds no line end, and this is cut. */
function subjectOf({ event, requestId, target, state }: Notice): string {
  const what =
    event === 'access-request.opened' ? 'approval needed' : event === 'test' ? 'test' : `request ${state}`;
  return `[Sallyport] ${what}: ${requestId} at ${target}`.slice(0, SUBJECT_LENGTH);
}

/** Only codes: what a mail server says is its own text. */
function failureOfMail(error: unknown): SinkFailure {
  if (error instanceof SinkFailure) return error;
  const { code, responseCode } = (error ?? {}) as {
    readonly code?: unknown;
    readonly responseCode?: unknown;
  };
  const said = typeof responseCode === 'number' ? `${responseCode}` : '';
  const named = typeof code === 'string' && /^[A-Z0-9_]{1,40}$/.test(code) ? code : '';
  const why = [named, said].filter((one) => one !== '').join(' ');
  return new SinkFailure(
    `the mail server did not take the message (${why === '' ? 'no reason given' : why})`,
  );
}
