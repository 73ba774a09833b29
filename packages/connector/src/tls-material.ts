import { createSecureContext, type SecureContext } from 'node:tls';
import type { TlsConfig } from './config.ts';
import { ConnectorFault } from './fault.ts';
import { readSmallFile } from './secret.ts';

/** Certificates and rules for one TLS connection. */
export interface TlsMaterial {
  readonly context: SecureContext;
  /** Whether the authority is checked, and the name to find in the certificate (null: any). */
  readonly verifyAuthority: boolean;
  readonly verifyName: string | null;
  /** Name to send in the clear (SNI); null for an address, which must not be sent (RFC 6066 section 3). */
  readonly sni: string | null;
}

/** Reads a target's TLS files at each call, and builds a new context only when their contents changed. */
export function tlsReader(
  target: string,
  tls: TlsConfig,
  host: string,
  baseDir: string,
): () => Promise<TlsMaterial | null> {
  let last: { readonly contents: string; readonly context: SecureContext } | null = null;
  const read = async (path: string | undefined) =>
    path === undefined ? undefined : await readSmallFile(target, path, baseDir);
  return async () => {
    if (tls.mode === 'disable') return null;
    const [ca, cert, key] = [await read(tls.ca_file), await read(tls.cert_file), await read(tls.key_file)];
    const contents = JSON.stringify([ca, cert, key]);
    if (last?.contents !== contents) last = { contents, context: buildContext(target, { ca, cert, key }) };
    const name = tls.server_name ?? host;
    return {
      context: last.context,
      verifyAuthority: tls.mode !== 'require',
      verifyName: tls.mode === 'verify-full' ? name : null,
      sni: /^[\d.]+$|:/.test(name) ? null : name,
    };
  };
}

interface Pem {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

function buildContext(target: string, pem: Pem): SecureContext {
  try {
    return createSecureContext({
      minVersion: 'TLSv1.2',
      ...(pem.ca === undefined ? {} : { ca: pem.ca }),
      ...(pem.cert === undefined ? {} : { cert: pem.cert }),
      ...(pem.key === undefined ? {} : { key: pem.key }),
    });
  } catch {
    // The reason is not passed on: OpenSSL's words may quote from a key file.
    throw new ConnectorFault(
      'credential-unavailable',
      target,
      'cannot use its TLS files: check that ca_file, cert_file and key_file are PEM and that the key belongs to the certificate',
    );
  }
}
