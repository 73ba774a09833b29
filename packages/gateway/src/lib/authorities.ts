import { isLoopbackAddress } from './loopback.ts';

/** The address a client connected to, as it may have written it: `host:port`, and by name when it is this machine. */
export function authoritiesOf(socket: {
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
}): readonly string[] {
  const { localAddress = '', localPort = 0 } = socket;
  const address = localAddress.replace(/^::ffff:/, '');
  if (address === '') return [];
  const own = `${address.includes(':') ? `[${address}]` : address}:${localPort}`;
  return isLoopbackAddress(address) ? [own, `localhost:${localPort}`] : [own];
}
