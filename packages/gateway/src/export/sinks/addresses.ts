/** Which addresses are somebody's own: a receiver there would be reached from inside, past what guards it from outside. */
import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { SinkFailure } from '../sink.ts';

/** IANA special-purpose registries (RFC 6890): all that is not reachable from everywhere. */
const PRIVATE = new BlockList();
for (const range of [
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24',
  '192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4',
]
  .join(' ')
  .split(' ')) {
  const [network = '', bits = ''] = range.split('/');
  PRIVATE.addSubnet(network, Number(bits), 'ipv4');
}
/** Global unicast (RFC 4291, 2.4) is the only IPv6 that may be public. */
const GLOBAL = new BlockList();
GLOBAL.addSubnet('2000::', 3, 'ipv6');
/** Parts of it that are not, or that lead to IPv4 addresses which are not looked at here: Teredo, 6to4, documentation. */
const NOT_GLOBAL = new BlockList();
for (const [network, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  NOT_GLOBAL.addSubnet(network, bits, 'ipv6');

export function isPublicAddress(address: string): boolean {
  const mapped = address.replace(/^::ffff:(?=\d+\.)/i, '');
  if (isIP(mapped) === 4) return !PRIVATE.check(mapped, 'ipv4');
  return isIP(mapped) === 6 && GLOBAL.check(mapped, 'ipv6') && !NOT_GLOBAL.check(mapped, 'ipv6');
}

/** Looks a name up and gives public addresses only: the one that is checked is the one that is connected to. */
export const lookupPublic: LookupFunction = (name, options, done) => {
  lookup(name, { ...options, all: true }, (error, found) => {
    if (error !== null) return done(error, '', 0);
    const allowed = found.filter(({ address }) => isPublicAddress(address));
    const [first] = allowed;
    if (first === undefined) return done(privateAddress(), '', 0);
    return options.all === true ? done(null, allowed) : done(null, first.address, first.family);
  });
};

export function privateAddress(): SinkFailure {
  return new SinkFailure(
    'the receiver has no public address: where that is meant, set allow_private_addresses of it',
  );
}
