import { SocketClosed } from './channel.ts';
import { ConnectorFault } from './fault.ts';

/** What was being done when a socket failed. */
export type Stage = 'connect' | 'tls' | 'talk';

/** A socket's error as a ConnectorFault. Node's own text is left out: it holds addresses. */
export function asFault(target: string, stage: Stage, error: unknown): ConnectorFault {
  if (error instanceof ConnectorFault) return error;
  const code = errorCode(error);
  const options = { cause: error };
  if (stage === 'connect') {
    const message = `cannot connect (${code}); check that it is running and that its host and port are configured correctly`;
    return new ConnectorFault('unreachable', target, message, options);
  }
  // Verification results have OpenSSL's own names; failures of the handshake or the socket begin with E.
  const untrusted = code.startsWith('ERR_TLS_CERT_ALTNAME') || !code.startsWith('E');
  if (stage === 'tls' && untrusted && !(error instanceof SocketClosed)) {
    const message = `its certificate is not trusted (${code}); check tls.ca_file and tls.server_name, or the server's certificate`;
    return new ConnectorFault('tls-untrusted', target, message, options);
  }
  if (stage === 'tls' || code.startsWith('ERR_SSL')) {
    const message = `the TLS handshake failed (${code}); check the TLS versions, and tls.cert_file if it asks for a client certificate`;
    return new ConnectorFault('tls-failed', target, message, options);
  }
  const message = `the connection ended during login (${code}); look for the reason in the target's log`;
  return new ConnectorFault('connection-lost', target, message, options);
}

function errorCode(error: unknown): string {
  if (error instanceof SocketClosed) return 'closed';
  // Several addresses were tried: the first failure speaks for all.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const code = first instanceof Error && 'code' in first ? first.code : undefined;
  return typeof code === 'string' ? code : 'unknown';
}

/** Runs `work` with a signal that aborts, with a ConnectorFault, after `ms` or when `outer` does. */
export async function withinTime<T>(
  target: string,
  ms: number,
  limit: string,
  outer: AbortSignal | null,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const abort = () =>
    controller.abort(new ConnectorFault('aborted', target, 'whoever asked for the connection went away'));
  const late = () =>
    controller.abort(
      new ConnectorFault(
        'timeout',
        target,
        `it took longer than ${limit} (${ms} ms); check that it is healthy, or raise the limit`,
      ),
    );
  const timer = setTimeout(late, ms);
  outer?.addEventListener('abort', abort, { once: true });
  if (outer?.aborted) abort();
  try {
    controller.signal.throwIfAborted();
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', abort);
  }
}
