/** A place to listen on. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

const ADDRESS = /^(?:([a-zA-Z0-9.-]{1,253})|\[([0-9a-fA-F:]{2,45})\]):(\d{1,5})$/;

/** `127.0.0.1:6432`, `[::1]:6432` or `gateway.internal:6432`; null when it is none of these. */
export function parseAddress(text: string): Address | null {
  const match = ADDRESS.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host === undefined || port > 65_535 ? null : { host, port };
}
