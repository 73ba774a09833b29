import { WireError } from '@sallyport/postgres-wire';
import { type Channel, connectForTls, connectPlain, firstChunk, startTls } from '../channel.ts';
import { ConnectorFault } from '../fault.ts';
import { asFault, type Stage } from '../stage.ts';
import type { PostgresTarget } from '../target.ts';
import { sslRequest } from './login-messages.ts';
import { LoginRefused } from './login-plan.ts';

/** A connection on which a start-up or cancel message may be sent: TCP, and TLS when the configuration says so. */
export async function dial(target: PostgresTarget, signal: AbortSignal): Promise<Channel> {
  const { host, port } = target.config;
  const material = await target.readTls();
  if (material === null) {
    return inStage(target, 'connect', signal, connectPlain(host, port, signal));
  }
  const socket = await inStage(target, 'connect', signal, connectForTls(host, port, signal));
  const asked = firstChunk(socket, signal);
  socket.write(sslRequest());
  const answer = (await inStage(target, 'talk', signal, asked)).toString('latin1');
  if (answer === 'S') return inStage(target, 'tls', signal, startTls(socket, material, signal));
  socket.destroy();
  if (answer === 'N') {
    throw new ConnectorFault(
      'tls-unavailable',
      target.name,
      'it does not offer TLS; turn TLS on at the server, or set tls.mode to disable',
    );
  }
  // More than one byte would be plain text that someone put before the handshake (as in CVE-2021-23222).
  throw new ConnectorFault(
    'protocol-violation',
    target.name,
    'it did not answer the request for TLS with one byte; is it PostgreSQL?',
  );
}

/** What went wrong in `work`, as a ConnectorFault of this target. */
export function inStage<T>(
  target: PostgresTarget,
  stage: Stage,
  signal: AbortSignal,
  work: Promise<T>,
): Promise<T> {
  return work.catch((error: unknown) => {
    if (signal.aborted) throw signal.reason;
    if (error instanceof LoginRefused) throw new ConnectorFault(error.code, target.name, error.message);
    if (error instanceof WireError) {
      const code = error.code === 'length-over-limit' ? 'limit-exceeded' : 'protocol-violation';
      throw new ConnectorFault(
        code,
        target.name,
        `it broke the protocol during login: ${error.message}; is it PostgreSQL?`,
      );
    }
    throw asFault(target.name, stage, error);
  });
}
