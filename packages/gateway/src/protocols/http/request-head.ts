import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { Wishes } from '../protocol.ts';
import { type Route, readRoute } from './route.ts';

/** One request head that has one reading. */
export interface RequestHead {
  readonly method: string;
  readonly route: Route;
  /** The bearer token; empty when there is none. A secret. */
  readonly credential: string;
  /** The DPoP proof, under that scheme; empty when it is missing, null under any other scheme. */
  readonly proof: string | null;
  /** The path as it was asked for, the target with it, without the query. */
  readonly path: string;
  /** The media type without parameters, lower case; empty when there is none. */
  readonly contentType: string;
  /** What is passed on: lower-case names, an allow-list. Never a credential, never hop-by-hop. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The header by which the client asks for another method than it sends, or null. */
  readonly override: string | null;
  /** Whether the client asked to be told about a hold by an interim reply. */
  readonly interim: boolean;
  /** How the client wants people to be asked about this request. */
  readonly wishes: Wishes;
  readonly client: string;
}

export interface HeadRules {
  readonly headerFields: number;
  readonly pathSegments: number;
  readonly forwardHeaders: readonly string[];
}

/** What the parser of node:http understood; all of it is the attacker's. */
export interface RawHead {
  readonly method: string;
  readonly url: string;
  readonly version: string;
  /** Name, value, name, value … as on the wire. */
  readonly rawHeaders: readonly string[];
}

export type HeadReading = { readonly ok: true; readonly head: RequestHead } | HeadViolation;

/** Why a head is refused, and the status that says so. */
export interface HeadViolation {
  readonly ok: false;
  readonly status: 400 | 405 | 417 | 431 | 505;
  readonly reason: string;
}

/**
 * Passed on without being asked for. Not here, on purpose: `range` (a reply cut in pieces hides a value from the
 * detectors), `accept-encoding` (so does compression), `forwarded` and `x-forwarded-*` (they choose hosts), `te`, `upgrade`.
 */
const FORWARDED = new Set(
  (
    'accept accept-language content-language content-type idempotency-key if-match if-modified-since if-none-match ' +
    'if-unmodified-since prefer traceparent tracestate user-agent x-request-id'
  ).split(' '),
);

/** Never passed on, whatever the configuration says. */
const NEVER = new Set(
  (
    'accept-encoding authorization connection content-length cookie dpop expect forwarded host if-range keep-alive ' +
    'proxy-authenticate proxy-authorization proxy-connection range te trailer transfer-encoding upgrade via'
  ).split(' '),
);

/** A second one of these is a second opinion about where the message goes or ends. */
const SINGLE = new Set(
  'authorization content-length content-type dpop expect host idempotency-key transfer-encoding'.split(' '),
);

const OVERRIDE = /^x-(http-)?(method(-override)?|http-method)$/;
/** RFC 9110 section 11.2 `token68`. */
const CREDENTIAL = /^(bearer|dpop) +([A-Za-z0-9\-._~+/]+=*)$/i;
const HOST = /^[A-Za-z0-9.\-_]+(:\d{1,5})?$|^\[[0-9A-Fa-f:.]+\](:\d{1,5})?$/;
const BODILESS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Reads a head strictly: whatever two servers could read differently is a violation (L2). */
export function readHead(raw: RawHead, rules: HeadRules): HeadReading {
  if (raw.version !== '1.1') return violation(505, `HTTP/${raw.version} is not spoken here: use HTTP/1.1`);
  if (raw.method === 'TRACE' || raw.method === 'CONNECT')
    return violation(405, `${raw.method} is never carried`);
  const fields = collect(raw.rawHeaders, rules.headerFields);
  if (!(fields instanceof Map)) return fields;
  const framing = framingProblem(raw.method, fields);
  if (framing !== null) return framing;
  const reading = readRoute(raw.url, rules.pathSegments);
  if (!reading.ok) return violation(400, reading.reason);
  const [, scheme = '', credential = ''] = CREDENTIAL.exec(fields.get('authorization') ?? '') ?? [];
  const wishes = wishesOf(fields);
  if (typeof wishes === 'string') return violation(400, wishes);
  const override = [...fields.keys()].find((name) => OVERRIDE.test(name.replaceAll('_', '-')));
  return {
    ok: true,
    head: {
      method: raw.method,
      route: reading.route,
      credential,
      proof: scheme.toLowerCase() === 'dpop' ? (fields.get('dpop') ?? '') : null,
      path: raw.url.split('?', 1).join(''),
      contentType: mediaType(fields.get('content-type')),
      headers: passedOn(fields, rules.forwardHeaders),
      override: override ?? null,
      interim: fields.has('sallyport-interim'),
      wishes,
      client: (fields.get('user-agent') ?? '').slice(0, 200),
    },
  };
}

/** `readHead` for a request of node:http. */
export function readIncoming(request: IncomingMessage, rules: HeadRules): HeadReading {
  const { method = '', url = '', httpVersion: version, rawHeaders } = request;
  return readHead({ method, url, version, rawHeaders }, rules);
}

/** How people are to be asked, or why it cannot be told. `Prefer: respond-async` (RFC 7240 section 4.1) is not to wait. */
function wishesOf(fields: ReadonlyMap<string, string>): Wishes | string {
  const mode = fields.get('sallyport-approval');
  if (mode !== undefined && mode !== 'hold' && mode !== 'return')
    return 'Sallyport-Approval is "hold" or "return"';
  const breakGlass = fields.get('sallyport-break-glass');
  if (breakGlass !== undefined && breakGlass !== 'true') return 'Sallyport-Break-Glass is "true" or left out';
  const prefers = (fields.get('prefer') ?? '').split(',').map((one) => one.trim().toLowerCase());
  const asked = mode ?? (prefers.includes('respond-async') ? 'return' : undefined);
  const reason = fields.get('sallyport-reason');
  return {
    ...(asked === undefined ? {} : { mode: asked }),
    ...(reason === undefined ? {} : { reason: utf8(reason) }),
    ...(breakGlass === undefined ? {} : { breakGlass: true }),
  };
}

/** A field value as UTF-8, where it is: node:http gives bytes as characters. */
function utf8(value: string): string {
  const bytes = Buffer.from(value, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : value;
}

/** The type and subtype of a Content-Type value, lower case. */
export function mediaType(value: string | undefined): string {
  return (value ?? '').split(';', 1).join('').trim().toLowerCase();
}

function collect(rawHeaders: readonly string[], limit: number): Map<string, string> | HeadViolation {
  if (rawHeaders.length / 2 > limit)
    return violation(431, `more than ${limit} header fields (http.header_fields)`);
  const fields = new Map<string, string>();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase();
    const value = rawHeaders[at + 1] ?? '';
    const earlier = fields.get(name);
    if (earlier !== undefined && SINGLE.has(name)) return violation(400, `the header ${name} is there twice`);
    fields.set(name, earlier === undefined ? value : `${earlier}, ${value}`);
  }
  return fields;
}

function framingProblem(method: string, fields: Map<string, string>): HeadViolation | null {
  const host = fields.get('host');
  if (host === undefined || !HOST.test(host))
    return violation(400, 'exactly one well-formed Host header is needed');
  const encoding = fields.get('transfer-encoding');
  const length = fields.get('content-length');
  if (encoding !== undefined && length !== undefined) {
    return violation(400, 'Transfer-Encoding and Content-Length are both there');
  }
  if (encoding !== undefined && encoding.toLowerCase() !== 'chunked') {
    return violation(400, 'the only transfer coding is "chunked"');
  }
  if (length !== undefined && !/^\d{1,15}$/.test(length))
    return violation(400, 'Content-Length is not a number');
  // Servers that do not expect a body here take it for the next request: one that no policy saw.
  if (BODILESS.has(method) && (encoding !== undefined || Number(length ?? 0) > 0)) {
    return violation(400, `a ${method} request must not carry a body`);
  }
  if (fields.has('upgrade')) return violation(400, 'Upgrade is never carried');
  if (fields.has('content-encoding'))
    return violation(400, 'a compressed request body cannot be judged: send it plain');
  const expect = fields.get('expect');
  if (expect !== undefined && expect.toLowerCase() !== '100-continue')
    return violation(417, 'unknown expectation');
  return null;
}

/** The allow-list, less what the client itself declared to be for this hop only (RFC 9110 section 7.6.1). */
function passedOn(
  fields: Map<string, string>,
  further: readonly string[],
): readonly (readonly [string, string])[] {
  const forThisHop = new Set((fields.get('connection') ?? '').toLowerCase().split(/[\s,]+/));
  return [...fields].filter(
    ([name]) =>
      (FORWARDED.has(name) || further.includes(name)) &&
      !NEVER.has(name) &&
      !forThisHop.has(name) &&
      !name.startsWith('sallyport-'),
  );
}

function violation(status: HeadViolation['status'], reason: string): HeadViolation {
  return { ok: false, status, reason };
}
