import type { z } from 'zod';
import { ApiError, apiErrorOf } from './api-error.ts';
import { readLines, readText } from './bounded-body.ts';
import {
  type EndSessionsBody,
  endedSessionsSchema,
  type Revocation,
  type RevokeBody,
  type Revoked,
  revocationListSchema,
  revocationSchema,
  revokedSchema,
} from './revocation-schemas.ts';
import { type RouteName, routes } from './routes.ts';
import {
  type AccessRequest,
  type AccessRequestQuery,
  accessRequestListSchema,
  accessRequestSchema,
  type ExportStatus,
  exportListSchema,
  type RecordingEvent,
  type RecordingHold,
  recordingEventSchema,
  recordingHoldSchema,
  type Session,
  sessionListSchema,
  sessionSchema,
} from './schemas.ts';
import {
  type AuditOperationPage,
  type AuditSearchQuery,
  type AuditSessionPage,
  auditOperationPageSchema,
  auditSessionPageSchema,
} from './search-schemas.ts';

export interface ClientOptions {
  /** Where the control plane listens, such as `http://127.0.0.1:7403`. Plain http only to loopback: it carries the token. */
  readonly baseUrl: string;
  /** The bearer token, or what gives a fresh one. */
  readonly token: string | (() => string | Promise<string>);
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Time for one answer to begin, in milliseconds. Default 30 s. */
  readonly timeoutMs?: number;
}

/** The control plane as functions. Each rejects with `ApiError`. */
export interface ControlPlaneClient {
  listAccessRequests(query?: AccessRequestQuery): Promise<readonly AccessRequest[]>;
  getAccessRequest(id: string): Promise<AccessRequest>;
  approve(id: string, reason?: string): Promise<AccessRequest>;
  deny(id: string, reason: string): Promise<AccessRequest>;
  listSessions(query?: { readonly open?: boolean; readonly limit?: number }): Promise<readonly Session[]>;
  getSession(id: string): Promise<Session>;
  /** Ends an open session now. What is under way in it is cancelled. */
  endSession(id: string, reason: string): Promise<Session>;
  /** Ends every open session that has all of this; gives how many. */
  endSessions(body: EndSessionsBody): Promise<number>;
  /** Lets nothing in with this any more, and ends every session that has it. */
  revoke(body: RevokeBody): Promise<Revoked>;
  /** What is revoked now, newest first. */
  listRevocations(): Promise<readonly Revocation[]>;
  liftRevocation(id: string, reason: string): Promise<Revocation>;
  /** The events of a recording, in order, as they arrive; with `follow` also those that are recorded meanwhile. */
  recording(id: string, options?: { readonly follow?: boolean }): AsyncIterable<RecordingEvent>;
  /** Keeps a recording whatever its age, until it is released. */
  holdRecording(id: string, reason: string): Promise<RecordingHold>;
  releaseRecording(id: string, reason?: string): Promise<RecordingHold>;
  /** How each export of the audit log is doing; for auditors and operators. */
  listExports(): Promise<readonly ExportStatus[]>;
  /** Decisions in the audit log that have everything asked for, newest first. */
  searchOperations(query?: AuditSearchQuery): Promise<AuditOperationPage>;
  /** Sessions in the audit log that have everything asked for somewhere in them, newest first. */
  searchSessions(query?: AuditSearchQuery): Promise<AuditSessionPage>;
}

/** Most bytes of one answer that is read at once. */
const ANSWER_BYTES = 256 * 1_024 * 1_024;

interface Call {
  readonly id?: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
}

/** Makes a client; connects to nothing yet. Throws `ApiError` for a base URL that would expose the token. */
export function createClient(options: ClientOptions): ControlPlaneClient {
  const base = checkedBase(options.baseUrl);

  async function call(name: RouteName, { id, query, body }: Call): Promise<Response> {
    const { method, path } = routes[name];
    const url = new URL(path.replace(':id', encodeURIComponent(id ?? '')), base);
    for (const [key, value] of Object.entries(query ?? {})) {
      if (value !== undefined) url.searchParams.set(key, String(value));
    }
    const token = typeof options.token === 'string' ? options.token : await options.token();
    const headers: Record<string, string> = { authorization: `Bearer ${token}` };
    if (body !== undefined) headers['content-type'] = 'application/json';
    const response = await reach(options, url, {
      method,
      headers,
      redirect: 'error',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw apiErrorOf(response.status, await readText(response, ANSWER_BYTES));
    return response;
  }

  async function ask<S extends z.ZodType>(name: RouteName, schema: S, request: Call): Promise<z.output<S>> {
    const response = await call(name, request);
    return parse(schema, await readText(response, ANSWER_BYTES));
  }

  return {
    listAccessRequests: async (query = {}) =>
      (
        await ask('listAccessRequests', accessRequestListSchema, {
          query: { ...query, limit: numeric(query.limit) },
        })
      ).accessRequests,
    getAccessRequest: (id) => ask('getAccessRequest', accessRequestSchema, { id }),
    approve: (id, reason = '') => ask('approve', accessRequestSchema, { id, body: { reason } }),
    deny: (id, reason) => ask('deny', accessRequestSchema, { id, body: { reason } }),
    listSessions: async (query = {}) =>
      (await ask('listSessions', sessionListSchema, { query: { ...query } })).sessions,
    getSession: (id) => ask('getSession', sessionSchema, { id }),
    endSession: (id, reason) => ask('endSession', sessionSchema, { id, body: { reason } }),
    endSessions: async (body) => (await ask('endSessions', endedSessionsSchema, { body })).ended,
    revoke: (body) => ask('revoke', revokedSchema, { body }),
    listRevocations: async () => (await ask('listRevocations', revocationListSchema, {})).revocations,
    liftRevocation: (id, reason) => ask('liftRevocation', revocationSchema, { id, body: { reason } }),
    listExports: async () => (await ask('listExports', exportListSchema, {})).exports,
    async *recording(id, { follow } = {}) {
      const response = await call('recording', { id, query: { follow } });
      for await (const line of readLines(response)) {
        if (line !== '') yield parse(recordingEventSchema, line);
      }
    },
    holdRecording: (id, reason) => ask('holdRecording', recordingHoldSchema, { id, body: { reason } }),
    releaseRecording: (id, reason = '') =>
      ask('releaseRecording', recordingHoldSchema, { id, body: { reason } }),
    searchOperations: (query = {}) =>
      ask('searchOperations', auditOperationPageSchema, { query: searched(query) }),
    searchSessions: (query = {}) => ask('searchSessions', auditSessionPageSchema, { query: searched(query) }),
  };
}

function searched(query: AuditSearchQuery): NonNullable<Call['query']> {
  return { ...query, limit: numeric(query.limit) };
}

function numeric(value: unknown): number | undefined {
  return value === undefined ? undefined : Number(value);
}

function checkedBase(baseUrl: string): URL {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : null;
  const loopback = url !== null && /^(localhost|\[::1\]|127(\.\d{1,3}){3})$/.test(url.hostname);
  if (url === null || !(url.protocol === 'https:' || (url.protocol === 'http:' && loopback))) {
    throw new ApiError(
      0,
      'bad-address',
      `Could not use "${baseUrl}": give an https:// URL, or http:// to this machine.`,
    );
  }
  return url;
}

async function reach(options: ClientOptions, url: URL, init: RequestInit): Promise<Response> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), options.timeoutMs ?? 30_000);
  try {
    return await (options.fetch ?? globalThis.fetch)(url.href, { ...init, signal: abort.signal });
  } catch (cause) {
    const what = `Could not reach the gateway at ${url.origin}; is it running, and is that its control-plane address?`;
    throw new ApiError(0, 'unreachable', what, { cause });
  } finally {
    clearTimeout(timer);
  }
}

function parse<S extends z.ZodType>(schema: S, text: string): z.output<S> {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new ApiError(
      0,
      'bad-answer',
      'The gateway answered something else than this version understands.',
      { cause },
    );
  }
}
