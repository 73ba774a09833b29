import { readFile } from 'node:fs/promises';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import type { ExportOf } from '../section.ts';
import { type Batch, failureOf, type Sink, SinkFailure } from '../sink.ts';
import { withoutEnd } from './close-notify.ts';
import { syslogFrame } from './rfc5424.ts';

/** Most bytes a receiver may send: syslog goes one way, and what it says is not read. */
const SAID_BYTES = 65_536;

/**
 * Syslog over TLS (RFC 5425). Syslog acknowledges nothing, and what was handed to the system may never arrive; so each batch is
 * a connection of its own, and acknowledged by how the receiver ends it (RFC 5425, 4.4): it has then read everything.
 */
export function syslog(config: ExportOf<'syslog'>): Sink {
  return {
    async send(batch, signal) {
      const files = await readTls(config);
      signal.throwIfAborted();
      const tcp = connectTcp({ host: config.host, port: config.port, noDelay: true, allowHalfOpen: true });
      const giveUp = () => tcp.destroy();
      signal.addEventListener('abort', giveUp, { once: true });
      try {
        await deliver(batch, tcp, files, config);
      } catch (error) {
        throw failureOf('the syslog receiver did not take the batch', signal.aborted ? signal.reason : error);
      } finally {
        signal.removeEventListener('abort', giveUp);
        tcp.destroy();
      }
    },
    close: async () => undefined,
  };
}

async function deliver(
  batch: Batch,
  tcp: Socket,
  files: TlsFiles,
  config: ExportOf<'syslog'>,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const name = config.serverName ?? config.host;
  const tls = connectTls({
    socket: withoutEnd(tcp),
    ...files,
    minVersion: 'TLSv1.2',
    // A name for the certificate to have; an address must not be sent as one (RFC 6066, 3).
    ...(isIP(name) === 0 ? { servername: name } : { host: name, servername: '' }),
  });
  let said = 0;
  const heard = { tls: false, tcp: false, sent: false };
  const hear = (what: keyof typeof heard) => {
    heard[what] = true;
    if (heard.tcp && heard.sent && (heard.tls || config.acknowledgement === 'close')) resolve();
  };
  tls.once('secureConnect', () => {
    pipeline(Readable.from(framesOf(batch)), tls).catch(reject);
  });
  tls.on('data', (chunk: Buffer) => {
    said += chunk.length;
    if (said > SAID_BYTES) reject(new SinkFailure('the syslog receiver answers, and syslog has no answers'));
  });
  tls.once('end', () => hear('tls'));
  tcp.once('finish', () => hear('sent'));
  tcp.once('end', () => {
    hear('tcp');
    // The last bytes may hold the close_notify, and are looked through first.
    setImmediate(() => {
      if (!heard.tls && config.acknowledgement === 'close_notify') reject(new SinkFailure(NO_CLOSE_NOTIFY));
    });
  });
  tcp.once('close', () => setImmediate(() => reject(new SinkFailure(BROKEN_OFF))));
  tls.on('error', reject);
  tcp.on('error', reject);
  try {
    await promise;
  } finally {
    tls.destroy();
  }
}

const NO_CLOSE_NOTIFY =
  'the syslog receiver closed the connection without close_notify: it may not have read the batch';
const BROKEN_OFF = 'the syslog receiver broke the connection off';

/** Entries that are framed, and sent, at once. */
const SLICE = 25;

/** Made as the connection takes them: the data path shares this thread. */
async function* framesOf({ entries }: Batch): AsyncGenerator<Buffer> {
  for (let at = 0; at < entries.length; at += SLICE) {
    yield Buffer.concat(entries.slice(at, at + SLICE).map((entry) => syslogFrame(entry)));
    await nextTurn();
  }
}

type TlsFiles = Awaited<ReturnType<typeof readTls>>;

/** Read for each connection, so that a certificate can be replaced while the gateway runs. */
async function readTls(config: ExportOf<'syslog'>) {
  try {
    const read = async (path: string | undefined) => (path === undefined ? undefined : await readFile(path));
    const files = { ca: config.caFile, cert: config.certFile, key: config.keyFile };
    const [ca, cert, key] = await Promise.all([read(files.ca), read(files.cert), read(files.key)]);
    return {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    };
  } catch (error) {
    throw failureOf('the TLS files of the export cannot be read', error);
  }
}
