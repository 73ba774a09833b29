import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { ApiError, apiErrorOf } from './api-error.ts';
import { readLines, readText } from './bounded-body.ts';
import type { AnswerOf, InputOf, IsStream, Route } from './route.ts';
import { type RouteName, type Routes, routeTable } from './routes.ts';

export interface ClientOptions {
  /** Where the control plane listens, such as `http://127.0.0.1:7403`. Plain http only to loopback: it carries the token. */
  readonly baseUrl: string;
  /** The bearer token, or what gives a fresh one. None for what anybody may ask. */
  readonly token?: string | (() => string | Promise<string>);
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Time for one answer to begin, in milliseconds. Default 30 s. */
  readonly timeoutMs?: number;
}

/** No argument where a route takes nothing that is required. */
type Arguments<I> = Record<never, never> extends I ? readonly [input?: I] : readonly [input: I];
type Answered<R> = IsStream<R> extends true ? AsyncIterable<AnswerOf<R>> : Promise<AnswerOf<R>>;

/**
 * The control plane as functions, one per route, each with its parameters, query and body in one object. Each rejects
 * with `ApiError`. What changes something carries an `Idempotency-Key`, and is sent once more when the connection broke.
 */
export type ControlPlaneClient = {
  readonly [N in RouteName]: (...input: Arguments<InputOf<Routes[N]>>) => Answered<Routes[N]>;
};

/** Most bytes of one answer that is read at once. */
const ANSWER_BYTES = 256 * 1_024 * 1_024;

type Input = Readonly<Record<string, unknown>>;

/** Makes a client; connects to nothing yet. Throws `ApiError` for a base URL that would expose the token. */
export function createClient(options: ClientOptions): ControlPlaneClient {
  const base = checkedBase(options.baseUrl);
  const functionOf = (route: Route) => {
    if (route.answerType === 'application/x-ndjson')
      return (input: Input = {}) => stream(options, base, route, input);
    return async (input: Input = {}) => {
      const text = await readText(await call(options, base, route, input), ANSWER_BYTES);
      return route.answerType === 'text/plain' ? text : parse(route.answer, text);
    };
  };
  // The table's types are lost on the way through its entries; `ControlPlaneClient` gives them back.
  return Object.fromEntries(
    Object.entries(routeTable).map(([name, route]) => [name, functionOf(route)]),
  ) as unknown as ControlPlaneClient;
}

/** One page of a listing. */
export interface Page {
  readonly next: string | null;
}

/** The rows of a listing from its first page to its last, or until there are `most`. */
export async function rowsOf<P extends Page, T>(
  ask: (cursor: { readonly cursor?: string }) => Promise<P>,
  rows: (page: P) => readonly T[],
  most: number,
): Promise<readonly T[]> {
  const found: T[] = [];
  let cursor: string | null = null;
  do {
    const page: P = await ask(cursor === null ? {} : { cursor });
    found.push(...rows(page));
    // A gateway that gives the same cursor again would be asked for ever.
    cursor = page.next === cursor ? null : page.next;
  } while (cursor !== null && found.length < most);
  return found.slice(0, most);
}

async function* stream(options: ClientOptions, base: URL, route: Route, input: Input): AsyncGenerator {
  const response = await call(options, base, route, input);
  for await (const line of readLines(response)) {
    if (line !== '') yield parse(route.answer, line);
  }
}

async function call(options: ClientOptions, base: URL, route: Route, input: Input): Promise<Response> {
  const given = (part: z.ZodObject | undefined) =>
    Object.keys(part?.shape ?? {}).flatMap((name) =>
      input[name] === undefined ? [] : [[name, input[name]] as const],
    );
  const params = new Map(given(route.params));
  const path = route.path.replace(/:(\w+)/g, (_, name) => encodeURIComponent(textOf(params.get(name) ?? '')));
  const url = new URL(path, base);
  for (const [name, value] of given(route.query)) url.searchParams.set(name, textOf(value));
  const token = typeof options.token === 'function' ? await options.token() : options.token;
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  if (route.mutates) headers['idempotency-key'] = randomUUID();
  if (route.body !== undefined) headers['content-type'] = 'application/json';
  const init: RequestInit = {
    method: route.method,
    headers,
    redirect: 'error',
    ...(route.body === undefined ? {} : { body: JSON.stringify(Object.fromEntries(given(route.body))) }),
  };
  const response = await reach(options, url, init).catch((broken: unknown) => {
    // Whether it was carried out is not known: the key makes sending it again the same request.
    if (route.mutates && isBroken(broken)) return reach(options, url, init);
    throw broken;
  });
  if (!response.ok) throw apiErrorOf(response.status, await readText(response, ANSWER_BYTES));
  return response;
}

function isBroken(error: unknown): boolean {
  const cause = error instanceof ApiError ? error.cause : undefined;
  return (
    cause instanceof TypeError &&
    cause.cause instanceof Error &&
    !/ECONNREFUSED|ENOTFOUND/.test(String(cause.cause))
  );
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

/** Paths and queries are made of text, numbers and flags: the schemas of their routes have nothing else. */
function textOf(value: unknown): string {
  return String(value);
}
