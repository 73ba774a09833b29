import type { HttpTargetConfig } from '../config.ts';
import { ConnectorFault } from '../fault.ts';

/** The header fields that log in, by lower-case name. Secrets. */
export function credentialFields(
  credential: HttpTargetConfig['credential'],
  secret: string | null,
  target: string,
): Readonly<Record<string, string>> {
  if (credential.kind === 'none') return {};
  if (secret === null || /[^\t\x20-\x7e]/.test(secret)) {
    const message =
      'its credential is missing, or holds bytes that a header cannot; check its file or variable';
    throw new ConnectorFault('credential-unavailable', target, message);
  }
  switch (credential.kind) {
    case 'bearer':
      return { authorization: `Bearer ${secret}` };
    case 'basic':
      return { authorization: `Basic ${Buffer.from(`${credential.username}:${secret}`).toString('base64')}` };
    case 'header':
      return { [credential.header.toLowerCase()]: secret };
  }
}
