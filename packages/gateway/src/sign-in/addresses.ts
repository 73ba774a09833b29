/** Where a browser may be sent. All of it comes from an address that anybody can make somebody else follow. */
import { isLoopbackHost } from '../lib/loopback.ts';

const LENGTH = 2_048;

/** A path of our own origin, or null. `//host`, `/\host` and controls, which browsers drop, would lead elsewhere. */
export function ownPath(text: string, origin: string): string | null {
  if (text.length > LENGTH || !/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(text)) return null;
  if (!URL.canParse(text, origin)) return null;
  const url = new URL(text, origin);
  // What dot segments leave can start with two slashes: "/.//host" is a path that names a host when it is followed.
  if (url.origin !== origin || url.pathname.startsWith('//')) return null;
  return `${url.pathname}${url.search}${url.hash}`;
}

/** The address a command line listens on for its code (RFC 8252 section 7.3): http, this machine by number, any port. */
export function loopbackAddress(text: string): string | null {
  if (text.length > LENGTH || !URL.canParse(text)) return null;
  const url = new URL(text);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  // A name can be made to point elsewhere (RFC 8252 section 8.3), a number cannot.
  if (url.protocol !== 'http:' || host === 'localhost' || !isLoopbackHost(host)) return null;
  if (url.username !== '' || url.password !== '' || url.hash !== '' || url.search !== '') return null;
  return url.port === '' || url.href !== text ? null : url.href;
}
