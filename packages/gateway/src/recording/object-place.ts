import { isLoopbackHost } from '../lib/loopback.ts';

/** Where objects go: `s3://bucket/prefix?endpoint=…&region=…`. */
export interface ObjectPlace {
  readonly bucket: string;
  /** Without a slash at either end; may be empty. */
  readonly prefix: string;
  /** Scheme and authority. */
  readonly endpoint: string;
  readonly region: string;
}

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
/** Nothing that a server could take for another path. */
const PREFIX = /^[A-Za-z0-9_=-][A-Za-z0-9._=-]{0,200}$/;

/** Reads such an address; a string says what is wrong with it. It holds no secret: those come from files. */
export function readObjectPlace(address: string): ObjectPlace | string {
  if (!URL.canParse(address)) return 'it is no URL, such as s3://bucket/prefix?region=eu-central-1';
  const url = new URL(address);
  if (url.protocol !== 's3:') return 'it does not begin with s3://';
  if (url.username !== '' || url.password !== '' || url.port !== '' || url.hash !== '')
    return 'it may hold a bucket, a prefix, an endpoint and a region, and nothing else';
  const bucket = url.hostname;
  if (!BUCKET.test(bucket)) return `"${bucket}" is no name of a bucket`;
  const prefix = url.pathname.replace(/^\//, '').replace(/\/$/, '');
  if (prefix !== '' && !prefix.split('/').every((part) => PREFIX.test(part)))
    return 'its prefix may have letters, digits and . _ = - between slashes';
  for (const name of url.searchParams.keys())
    if (name !== 'endpoint' && name !== 'region') return `it has no "${name}": give endpoint and region`;
  const region = url.searchParams.get('region') ?? 'us-east-1';
  if (!/^[a-z0-9-]{1,64}$/.test(region)) return `"${region}" is no region`;
  const endpoint = readEndpoint(url.searchParams.get('endpoint') ?? `https://s3.${region}.amazonaws.com`);
  if (endpoint === null)
    return 'its endpoint is no https:// address, nor http:// to this machine, without a path';
  return { bucket, prefix, endpoint, region };
}

/** What is recorded crosses no network in the clear. */
function readEndpoint(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const { protocol, hostname, pathname, search, hash, username, origin } = new URL(text);
  const isSafe =
    protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname.replace(/^\[|\]$/g, '')));
  return isSafe && pathname === '/' && search === '' && hash === '' && username === '' ? origin : null;
}
