/** Where the control plane is when nobody says otherwise. */
export const DEFAULT_URL = 'http://127.0.0.1:7403';

/** `127.0.0.1:6432`, `[::1]:6432`. */
export function showAddress(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
