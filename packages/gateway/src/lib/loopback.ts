/** What cannot leave this machine: there, a credential may travel without TLS. One answer for every room that asks. */

const LOOPBACK_V4 = /^127(?:\.\d{1,3}){3}$/;

/** Whether a host, as someone wrote it and without brackets, names this machine only. No name is looked up. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || LOOPBACK_V4.test(host);
}

/** Whether the address of a peer is this machine's; an IPv4 address may come in its IPv6 form (RFC 4291, 2.5.5.2). */
export function isLoopbackAddress(address: string): boolean {
  return address === '::1' || LOOPBACK_V4.test(address.replace(/^::ffff:/, ''));
}
