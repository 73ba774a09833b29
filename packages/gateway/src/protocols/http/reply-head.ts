import type { Mask } from '../protocol.ts';

/**
 * Not delivered: hop-by-hop fields (RFC 9110 section 7.6.1), what describes bytes that masking changes, cookies, and what
 * would make the client trust or visit another place.
 */
const DROPPED = new Set(
  (
    'accept-ranges alt-svc clear-site-data connection content-digest content-encoding content-length content-md5 digest ' +
    'keep-alive proxy-authenticate proxy-authentication-info proxy-connection public-key-pins refresh repr-digest ' +
    'service-worker-allowed set-cookie strict-transport-security te trailer transfer-encoding upgrade via'
  ).split(' '),
);

/**
 * The header fields the client gets, masked. Names keep their order; `rawHeaders` is the target's. `Location` is the
 * target's own path as the connector made it, and is put below the target's name here.
 */
export function deliveredHeaders(
  rawHeaders: readonly string[],
  mask: Mask,
  target: string,
): readonly (readonly [string, string])[] {
  const named: [string, string][] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    named.push([(rawHeaders[at] ?? '').toLowerCase(), rawHeaders[at + 1] ?? '']);
  }
  const forThisHop = new Set(
    named
      .filter(([name]) => name === 'connection')
      .flatMap(([, value]) => value.toLowerCase().split(/[\s,]+/)),
  );
  return named
    .filter(([name]) => !DROPPED.has(name) && !forThisHop.has(name) && !name.startsWith('sallyport-'))
    .map(
      ([name, value]) =>
        [name, scrubField(name === 'location' ? below(target, value) : value, mask)] as const,
    );
}

function below(target: string, location: string): string {
  return location.startsWith('/') && !location.startsWith('//') ? `/${target}${location}` : location;
}

/** A value with a detected value masked, also behind percent-encoding, and nothing that ends a header line. */
function scrubField(value: string, mask: Mask): string {
  const plain = mask.scrubText(value);
  const decoded = plain.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  const safe = decoded === plain || mask.scrubText(decoded) === decoded ? plain : mask.scrubText(decoded);
  return safe.replace(/[^\t\x20-\x7e\x80-\xff]/g, '?');
}
