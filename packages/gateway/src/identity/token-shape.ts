import { hasDuplicateMember } from '../lib/duplicate-members.ts';
import { Fault } from '../lib/fault.ts';
import { isRecord } from './issuer-fetch.ts';

/** What a token says before anyone verified it. Attacker-controlled: it may choose keys to try, never be believed. */
export interface UnverifiedToken {
  readonly issuer: string;
  readonly kid: string | undefined;
  /** Lower case, without `application/`; null when the header has none. */
  readonly type: string | null;
}

/** Reads the shape of a token. Throws Fault `credential-rejected`. */
export function readTokenShape(token: string, limitBytes: number): UnverifiedToken {
  if (token.length > limitBytes) {
    throw rejected(`it is longer than ${limitBytes} bytes (identity.token_bytes)`);
  }
  const { header, claims } = readCompactJws(token);
  if (typeof claims.iss !== 'string') throw rejected('it names no issuer');
  const { kid, typ } = header;
  if (kid !== undefined && typeof kid !== 'string') throw rejected('its key id is not text');
  if (typ !== undefined && typeof typ !== 'string') throw rejected('its type is not text');
  return {
    issuer: claims.iss,
    kid,
    type: typ === undefined ? null : typ.toLowerCase().replace(/^application\//, ''),
  };
}

interface UnverifiedJws {
  readonly header: Record<string, unknown>;
  readonly claims: Record<string, unknown>;
}

/** Reads a compact JWS (RFC 7515 section 3.1), none of it verified. Throws Fault `credential-rejected`. */
export function readCompactJws(token: string): UnverifiedJws {
  const parts = token.split('.', 4);
  const [head, body, signature] = parts;
  if (parts.length !== 3 || head === undefined || body === undefined || signature === undefined) {
    throw rejected('it is not a signed JWT; present an OIDC access token');
  }
  // One token, one spelling: a lenient decoder would let a client make endless variants of one token.
  if (signature === '' || Buffer.from(signature, 'base64url').toString('base64url') !== signature) {
    throw rejected('it is not a signed JWT; present an OIDC access token');
  }
  return { header: readPart(head), claims: readPart(body) };
}

/** A refusal of a token. `why` is a fixed phrase or a verified value: token text never gets into it. */
export function rejected(why: string): Fault {
  return new Fault('credential-rejected', `The token was refused: ${why}.`);
}

function readPart(part: string): Record<string, unknown> {
  if (!/^[A-Za-z0-9_-]+$/.test(part)) throw rejected('it is not a signed JWT; present an OIDC access token');
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(part, 'base64url'));
    value = JSON.parse(text);
  } catch {
    throw rejected('it is not a signed JWT; present an OIDC access token');
  }
  if (!isRecord(value)) throw rejected('it is not a signed JWT; present an OIDC access token');
  // RFC 7519 section 4: two readers that disagree on which duplicate counts are a way past one of them.
  if (hasDuplicateMember(text)) throw rejected('it has the same claim twice');
  return value;
}
