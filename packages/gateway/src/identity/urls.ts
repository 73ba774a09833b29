import { z } from 'zod';
import { isLoopbackHost } from '../lib/loopback.ts';

/** Whether this URL may be trusted to lead where it says: https, or http to this machine. No credentials, no fragment. */
export function isHttpsOrLoopback(
  text: string,
  { query = false }: { readonly query?: boolean } = {},
): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || url.hash !== '') return false;
  if (!query && url.search !== '') return false;
  if (url.protocol === 'https:') return true;
  return url.protocol === 'http:' && isLoopbackHost(url.hostname.replace(/^\[|\]$/g, ''));
}

/** Plain http is for an issuer on this machine: anything else could be answered by whoever sits between. */
export const issuerUrl = z
  .string()
  .max(512)
  .refine(
    (url) => isHttpsOrLoopback(url),
    'must be an https:// URL, or http:// on a loopback address, with no query or fragment',
  );
