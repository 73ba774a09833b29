import type { z } from 'zod';

/** What a decision on a route is about: the gateway as a whole, or the one thing that `:id` names. */
export type Subject = 'gateway' | 'session' | 'access-request';

/** One route of the control plane: all that the gateway, the client, the document and the tests need to know of it. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Segments that begin with a colon are parameters. */
  readonly path: string;
  /** One sentence for the document. */
  readonly summary: string;
  /** The Cedar action the caller needs, of `controlplane.cedarschema`; null for what is open to anyone, without a token. */
  readonly action: string | null;
  readonly on: Subject;
  /** Whether it changes anything: then it takes an `Idempotency-Key`, and leaves an audit entry. */
  readonly mutates: boolean;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodObject;
  /**
   * Who sends it proves by a signature over the bytes of a form that they did: it has no token and no caller, and what it may
   * change is decided as the person it stands for.
   */
  readonly signedForm?: true;
  /** What a success answers with; of an NDJSON answer, one line. */
  readonly answer: z.ZodType;
  readonly answerType?: 'application/json' | 'application/x-ndjson' | 'text/plain';
  /** The answer holds a secret, so it is not kept for a request that is sent again with its `Idempotency-Key`. */
  readonly secretAnswer?: true;
  /** It only stops things: done twice it does no harm, so it is done although the store, which keeps keys, is away. */
  readonly stops?: true;
  /** Other statuses that its answer comes with. */
  readonly alsoAnswers?: readonly number[];
  /** Statuses of this route beside those that any route of its kind can answer with. */
  readonly errors?: readonly number[];
}

type Part<R, K extends string> = R extends { readonly [key in K]: infer S extends z.ZodType } ? S : never;
type In<R, K extends string> = [Part<R, K>] extends [never] ? unknown : z.input<Part<R, K>>;
type Out<R, K extends string> = [Part<R, K>] extends [never] ? Record<never, never> : z.output<Part<R, K>>;

/** What a caller gives, in one object: names of params, query and body never meet. */
export type InputOf<R> = In<R, 'params'> & In<R, 'query'> & In<R, 'body'>;
export type ParamsOf<R> = Out<R, 'params'>;
export type QueryOf<R> = Out<R, 'query'>;
export type BodyOf<R> = Out<R, 'body'>;
export type AnswerOf<R> = z.output<Part<R, 'answer'>>;
export type IsStream<R> = R extends { readonly answerType: 'application/x-ndjson' } ? true : false;

/** Statuses a route can answer with beside its success, for the document. */
export function problemsOf(route: Route): readonly number[] {
  const statuses = new Set([400, 421, 429, 500, ...(route.errors ?? [])]);
  if (route.action !== null) for (const status of [401, 403, 503]) statuses.add(status);
  if (route.params !== undefined) statuses.add(404);
  if (route.signedForm === true) for (const status of [401, 403, 404, 413, 415]) statuses.add(status);
  if (route.body !== undefined && !route.mutates) for (const status of [409, 413, 415]) statuses.add(status);
  if (route.mutates) for (const status of [409, 413, 415, 422]) statuses.add(status);
  return [...statuses].sort((a, b) => a - b);
}
