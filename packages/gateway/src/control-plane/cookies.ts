/** The two cookies of the control plane. `__Host-` keeps other hosts and paths from setting them (RFC 6265bis 4.1.3.2). */

export interface CookieNames {
  readonly session: string;
  /** Proves that the browser that comes back from the issuer is the one that left. */
  readonly binding: string;
  readonly secure: boolean;
}

/** Plain http is for loopback only, where browsers take neither the prefix nor `Secure` everywhere. */
export function cookieNames(origin: string): CookieNames {
  const secure = origin.startsWith('https:');
  const prefix = secure ? '__Host-' : '';
  return { session: `${prefix}sallyport`, binding: `${prefix}sallyport-sign-in`, secure };
}

/** The value of a cookie; null when there is none. Twice is a fault of somebody: which one counts would be a guess. */
export function readCookie(header: string | undefined, name: string): string | null {
  const values = (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  if (values.length > 1) return 'twice';
  return values[0] ?? null;
}

export interface CookieOptions {
  readonly secure: boolean;
  readonly sameSite: 'Strict' | 'Lax' | 'None';
  /** 0 takes it away. */
  readonly seconds: number;
}

export function cookie(name: string, value: string, { secure, sameSite, seconds }: CookieOptions): string {
  const attributes = [`${name}=${value}`, 'Path=/', 'HttpOnly', `SameSite=${sameSite}`, `Max-Age=${seconds}`];
  return [...attributes, ...(secure ? ['Secure'] : [])].join('; ');
}
