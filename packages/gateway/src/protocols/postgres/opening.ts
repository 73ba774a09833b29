/**
 * The messages before the first typed one: start-up, SSLRequest, GSSENCRequest and CancelRequest.
 * Source: PostgreSQL 18 documentation, 54.2.1 "Start-up", 54.7 "Message Formats". Everything here is chosen by a
 * stranger, so each field is compared with a limit before it is believed.
 */
import { BodyReader } from '@sallyport/postgres-wire';

/** The server's own limit (MAX_STARTUP_PACKET_LENGTH); a larger one is refused unread. */
export const STARTUP_PACKET_BYTES = 10_000;

const CANCEL_REQUEST = 80_877_102;
const SSL_REQUEST = 80_877_103;
const GSSENC_REQUEST = 80_877_104;

/** Newest minor version of protocol 3 spoken here; 3.2 has cancel keys of variable length. */
export const NEWEST_MINOR = 2;

export type Opening =
  | { readonly kind: 'ssl' }
  | { readonly kind: 'gssenc' }
  | { readonly kind: 'cancel'; readonly processId: number; readonly key: Buffer }
  | {
      readonly kind: 'startup';
      readonly minor: number;
      readonly parameters: ReadonlyMap<string, string>;
    }
  | { readonly kind: 'unsupported'; readonly reason: string };

/** Parses the packet after its length word. Throws WireError when the fields do not fit in it. */
export function parseOpening(body: Buffer): Opening {
  const reader = new BodyReader(body);
  const code = reader.int32();
  switch (code) {
    case SSL_REQUEST:
      reader.finish();
      return { kind: 'ssl' };
    case GSSENC_REQUEST:
      reader.finish();
      return { kind: 'gssenc' };
    case CANCEL_REQUEST: {
      const processId = reader.int32();
      const key = Buffer.from(reader.bytes(reader.remaining));
      if (key.length < 4 || key.length > 256)
        return { kind: 'unsupported', reason: 'a cancel key has 4 to 256 bytes' };
      return { kind: 'cancel', processId, key };
    }
    default:
      return parseStartup(code >>> 16, code & 0xffff, reader);
  }
}

function parseStartup(major: number, minor: number, reader: BodyReader): Opening {
  if (major !== 3) {
    return { kind: 'unsupported', reason: `protocol ${major}.${minor} is not spoken here; use 3.0 or 3.2` };
  }
  const parameters = new Map<string, string>();
  for (let name = reader.string(); name !== ''; name = reader.string()) {
    if (parameters.has(name))
      return { kind: 'unsupported', reason: `the start-up parameter "${name}" is given twice` };
    parameters.set(name, reader.string());
  }
  reader.finish();
  return { kind: 'startup', minor, parameters };
}
