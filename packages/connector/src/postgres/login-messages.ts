/** The messages of a login, bytes to values and back. Pure. The server chooses every byte that is read here. */
import { BackendType, BodyReader, decodeUtf8, FrameWriter, FrontendType } from '@sallyport/postgres-wire';

/** What a server may say before it is ready. `other` is every message that has no place there. */
export type LoginMessage =
  | { readonly kind: 'ok' }
  | { readonly kind: 'cleartext' }
  | { readonly kind: 'md5'; readonly salt: Buffer }
  | { readonly kind: 'sasl'; readonly mechanisms: readonly string[] }
  | { readonly kind: 'sasl-continue'; readonly text: string }
  | { readonly kind: 'sasl-final'; readonly text: string }
  /** Kerberos, GSSAPI, SSPI and what comes later. */
  | { readonly kind: 'unsupported'; readonly method: number }
  | { readonly kind: 'error'; readonly sqlstate: string }
  | { readonly kind: 'notice' }
  | { readonly kind: 'version'; readonly newest: number; readonly unknownOptions: number }
  | { readonly kind: 'parameter'; readonly name: string; readonly value: string }
  | { readonly kind: 'key'; readonly key: BackendKey }
  | { readonly kind: 'ready'; readonly status: number }
  | { readonly kind: 'other'; readonly type: number };

/** What a cancel request must show. A secret: it never leaves the connector. */
export interface BackendKey {
  readonly processId: number;
  readonly secret: Buffer;
}

/** Protocol 3.0: 3.2 differs for a client only in the length of the cancel key, which is accepted either way. */
export const PROTOCOL_VERSION = 3 << 16;
const SSL_REQUEST = 80_877_103;
const CANCEL_REQUEST = 80_877_102;
/** Protocol 3.2, BackendKeyData: the secret key is at least 4 and at most 256 bytes. */
const CANCEL_KEY_BYTES = { least: 4, most: 256 };

/** Reads the message body `bytes[start, end)`. Throws WireError when it is not well formed. */
export function readLoginMessage(type: number, bytes: Buffer, start: number, end: number): LoginMessage {
  const body = new BodyReader(bytes, start, end);
  switch (type) {
    case BackendType.Authentication:
      return readAuthentication(body);
    case BackendType.ErrorResponse:
      return { kind: 'error', sqlstate: readSqlstate(body) };
    case BackendType.NoticeResponse:
      return { kind: 'notice' };
    case BackendType.NegotiateProtocolVersion: {
      const newest = body.int32();
      return { kind: 'version', newest, unknownOptions: body.int32() };
    }
    case BackendType.ParameterStatus:
      return whole(body, { kind: 'parameter', name: body.string(), value: body.string() });
    case BackendType.BackendKeyData: {
      const processId = body.int32();
      const length = body.remaining;
      if (length < CANCEL_KEY_BYTES.least || length > CANCEL_KEY_BYTES.most) return { kind: 'other', type };
      return { kind: 'key', key: { processId, secret: Buffer.from(body.bytes(length)) } };
    }
    case BackendType.ReadyForQuery:
      return whole(body, { kind: 'ready', status: body.uint8() });
    default:
      return { kind: 'other', type };
  }
}

function readAuthentication(body: BodyReader): LoginMessage {
  const method = body.int32();
  switch (method) {
    case 0:
      return whole(body, { kind: 'ok' });
    case 3:
      return whole(body, { kind: 'cleartext' });
    case 5:
      return whole(body, { kind: 'md5', salt: Buffer.from(body.bytes(4)) });
    case 10: {
      const mechanisms: string[] = [];
      for (let name = body.string(); name !== ''; name = body.string()) mechanisms.push(name);
      return whole(body, { kind: 'sasl', mechanisms });
    }
    case 11:
      return { kind: 'sasl-continue', text: decodeUtf8(body.bytes(body.remaining)) };
    case 12:
      return { kind: 'sasl-final', text: decodeUtf8(body.bytes(body.remaining)) };
    default:
      return { kind: 'unsupported', method };
  }
}

/** The five characters of field C; anything else the server wrote is not read, since it may hold what we sent. */
function readSqlstate(body: BodyReader): string {
  while (body.remaining > 0) {
    const field = body.uint8();
    if (field === 0) break;
    const from = body.string();
    if (field === 0x43) return /^[0-9A-Z]{5}$/.test(from) ? from : '?????';
  }
  return '?????';
}

function whole<T extends LoginMessage>(body: BodyReader, message: T): T {
  body.finish();
  return message;
}

export function startupMessage(settings: Iterable<readonly [string, string]>): Buffer {
  const writer = new FrameWriter().beginUntyped().int32(PROTOCOL_VERSION);
  for (const [name, value] of settings) writer.string(name).string(value);
  return writer.uint8(0).end().take();
}

export function sslRequest(): Buffer {
  return new FrameWriter(8).beginUntyped().int32(SSL_REQUEST).end().take();
}

export function cancelRequest(key: BackendKey): Buffer {
  return new FrameWriter()
    .beginUntyped()
    .int32(CANCEL_REQUEST)
    .int32(key.processId)
    .bytes(key.secret)
    .end()
    .take();
}

export function passwordMessage(password: string): Buffer {
  return new FrameWriter().begin(FrontendType.Password).string(password).end().take();
}

export function saslInitialResponse(mechanism: string, response: string): Buffer {
  const bytes = Buffer.from(response);
  return new FrameWriter()
    .begin(FrontendType.Password)
    .string(mechanism)
    .int32(bytes.length)
    .bytes(bytes)
    .end()
    .take();
}

export function saslResponse(response: string): Buffer {
  return new FrameWriter().begin(FrontendType.Password).bytes(Buffer.from(response)).end().take();
}
