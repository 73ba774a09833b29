import { Readable } from 'node:stream';
import {
  type AnswerOf,
  type BodyOf,
  type IsStream,
  type ParamsOf,
  type QueryOf,
  type Route,
  type RouteName,
  type Routes,
  routeTable,
  type Subject,
} from '@sallyport/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import type { AccessRequestView, ApprovalRoom } from '../approval/index.ts';
import type { AuditLog } from '../audit/index.ts';
import type { Identity } from '../identity/index.ts';
import { Fault } from '../lib/fault.ts';
import type { SessionRow, Storage } from '../storage/index.ts';
import { adminEntry } from './admin-entry.ts';
import type { CallerOf } from './authentication.ts';
import { type Authorization, accessRequestResource, GATEWAY, sessionResource } from './authorization.ts';
import { readSignedForms } from './body.ts';
import type { Idempotency } from './idempotency.ts';
import { Refused } from './problem.ts';

/** What a route is about, once it is found and may be seen. */
interface Found {
  readonly gateway: null;
  readonly session: SessionRow;
  readonly 'access-request': AccessRequestView;
}

/** A request that is authenticated, permitted and well-formed. */
export interface Asked<N extends RouteName> {
  readonly caller: Routes[N]['action'] extends null ? null : Identity;
  readonly params: ParamsOf<Routes[N]>;
  readonly query: QueryOf<Routes[N]>;
  readonly body: BodyOf<Routes[N]>;
  readonly found: Found[Routes[N]['on']];
  /** Of the peer. */
  readonly address: string;
  /** The form as it came, where a signature over it is what proves who sent it. */
  readonly signed: Signed<Routes[N]>;
}

/** A form whose signature nobody has checked yet. */
export interface SignedForm {
  readonly headers: FastifyRequest['headers'];
  readonly body: Buffer;
}

type Signed<R> = R extends { readonly signedForm: true } ? SignedForm : null;

type Given<N extends RouteName> =
  IsStream<Routes[N]> extends true
    ? AsyncIterable<AnswerOf<Routes[N]> | object | null>
    : AnswerOf<Routes[N]> | Answer<AnswerOf<Routes[N]>>;

/** An answer with a status other than 200. */
export class Answer<T> {
  readonly status: number;
  readonly body: T;

  constructor(status: number, body: T) {
    this.status = status;
    this.body = body;
  }
}

/** What each route does. Total: a route of the table without one does not compile. */
export type Handlers = {
  readonly [N in RouteName]: (asked: Asked<N>) => Given<N> | Promise<Given<N>>;
};

export interface RouteSurroundings {
  readonly authorization: Authorization;
  readonly callerOf: CallerOf;
  readonly sessions: Pick<Storage['sessions'], 'find'>;
  readonly approvals: Pick<ApprovalRoom, 'get'>;
  readonly audit: Pick<AuditLog, 'append'>;
  readonly idempotency: Idempotency;
  /** Whether answers are compared with the table before they are sent: for tests. */
  readonly checkAnswers: boolean;
  report(fault: unknown): void;
}

type AnyHandler = (asked: {
  readonly caller: Identity | null;
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly found: unknown;
  readonly address: string;
  readonly signed: SignedForm | null;
}) => unknown;

/** Gives every route of the table its place. The order in which a request is looked at is the same for all. */
export function serveRoutes(app: FastifyInstance, handlers: Handlers, around: RouteSurroundings): void {
  for (const [name, route] of Object.entries(routeTable) as [RouteName, Route][]) {
    const handler = handlers[name] as unknown as AnyHandler;
    const options: RouteOptions = {
      method: route.method,
      url: route.path,
      handler: async (request, reply) => {
        const given = await recordRefusals(name, route, request, around, () =>
          serve(name, route, handler, request, reply, around),
        );
        return send(route, given, reply, around);
      },
    };
    if (route.signedForm !== true) app.route(options);
    else
      app.register(async (scope) => {
        readSignedForms(scope);
        scope.route(options);
      });
  }
}

async function serve(
  name: RouteName,
  route: Route,
  handler: AnyHandler,
  request: FastifyRequest,
  reply: FastifyReply,
  around: RouteSurroundings,
): Promise<unknown> {
  const caller = route.action === null ? null : around.callerOf(request);
  if (caller !== null && route.on === 'gateway') await demand(route, caller, around);
  const params = route.params?.parse(request.params) ?? {};
  const found = caller === null ? null : await find(route, params, caller, around);
  const query = parseQuery(route, request.query);
  const body = route.body?.parse(request.body ?? {}) ?? {};
  const signed = route.signedForm === true ? signedForm(request) : null;
  const asked = { caller, params, query, body, found, address: request.ip, signed };
  if (caller === null || !route.mutates) return handler(asked);
  return around.idempotency.once({ name, route, caller, params, body, request, reply }, () => handler(asked));
}

function signedForm(request: FastifyRequest): SignedForm {
  const { headers, body } = request;
  if (Buffer.isBuffer(body)) return { headers, body };
  throw new Refused(415, 'unsupported-media-type', 'Send a form: "application/x-www-form-urlencoded".');
}

async function demand(route: Route, caller: Identity, around: RouteSurroundings): Promise<void> {
  await around.authorization.demand(caller, route.action ?? '', GATEWAY);
}

/** A route that takes no query takes none: a misspelt filter must not look like a filter. Balancers may add to open ones. */
function parseQuery(route: Route, query: unknown): object {
  if (route.query !== undefined) return route.query.parse(query);
  if (route.action !== null && Object.keys(query ?? {}).length > 0)
    throw new Refused(400, 'bad-request', 'This route takes no query.');
  return {};
}

/** Finds what `:id` names. What the caller may not see looks as if it were not there. */
async function find(
  route: Route,
  params: Record<string, unknown>,
  caller: Identity,
  around: RouteSurroundings,
): Promise<unknown> {
  if (route.on === 'gateway') return null;
  const seeing = FINDERS[route.on];
  const { found, resource } = await seeing.find(String(params.id), caller, around);
  if (!(await around.authorization.may(caller, seeing.see, resource))) throw seeing.absent();
  if (route.action !== seeing.see) await around.authorization.demand(caller, route.action ?? '', resource);
  return found;
}

const FINDERS = {
  session: {
    see: 'see-session',
    absent: absentSession,
    async find(id: string, _caller: Identity, { sessions }: RouteSurroundings) {
      const found = await sessions.find(id);
      if (found === null) throw absentSession();
      return { found, resource: sessionResource(found) };
    },
  },
  'access-request': {
    see: 'see-access-request',
    absent: () => new Fault('not-found', 'There is no such access request, or it is not yours to see.'),
    async find(id: string, caller: Identity, { approvals }: RouteSurroundings) {
      const found = await approvals.get(id, caller);
      return { found, resource: accessRequestResource(found) };
    },
  },
} satisfies Record<Exclude<Subject, 'gateway'>, object>;

function absentSession(): Fault {
  return new Fault('not-found', 'There is no such session, or it is not yours to see.');
}

/** What changes something is in the log where it is done; an attempt that was refused is logged here. */
async function recordRefusals<T>(
  name: RouteName,
  route: Route,
  request: FastifyRequest,
  around: RouteSurroundings,
  attempt: () => Promise<T>,
): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (route.mutates && error instanceof Fault) {
      try {
        const { about, ...ids } = aboutOf(route, request.params);
        const facts = { attempt: attemptOf(name), refused: error.code, ...(about && { about }) };
        around.audit.append(adminEntry(around.callerOf(request), facts, ids));
      } catch (fault) {
        // The refusal stands, recorded or not.
        around.report(fault);
      }
    }
    throw error;
  }
}

/** `end-session` for `endSession`: as attempts are called in the log. */
export function attemptOf(name: RouteName): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Which one, when the request says so in the form ids have: anything else is the caller's text. */
function aboutOf(
  route: Route,
  params: unknown,
): { readonly requestId?: string; readonly sessionId?: string; readonly about?: string } {
  const parsed = route.params?.safeParse(params);
  const id = parsed?.success === true ? parsed.data.id : undefined;
  if (typeof id !== 'string') return {};
  // A grant or a review, say: entries have no field for its id.
  if (route.on === 'gateway') return { about: id };
  return route.on === 'session' ? { sessionId: id } : { requestId: id };
}

async function send(
  route: Route,
  given: unknown,
  reply: FastifyReply,
  { checkAnswers }: RouteSurroundings,
): Promise<unknown> {
  if (route.answerType === 'application/x-ndjson') {
    const lines = await begun(ndjson(given as AsyncIterable<object | null>));
    return reply.type('application/x-ndjson').send(Readable.from(lines, { objectMode: false }));
  }
  const { status, body } = given instanceof Answer ? given : new Answer(200, given);
  if (checkAnswers) route.answer.parse(body);
  if (route.answerType === 'text/plain')
    return reply.code(status).type('text/plain; version=0.0.4; charset=utf-8').send(body);
  return reply.code(status).type('application/json; charset=utf-8').send(JSON.stringify(body));
}

async function* ndjson(events: AsyncIterable<object | null>): AsyncGenerator<string> {
  for await (const event of events) yield event === null ? '\n' : `${JSON.stringify(event)}\n`;
}

/** Waits for the first item, so that a stream that cannot be begun is an answer and not a broken stream. */
async function begun(lines: AsyncGenerator<string>): Promise<AsyncIterable<string>> {
  const first = await lines.next();
  return (async function* () {
    if (first.done === true) return;
    yield first.value;
    yield* lines;
  })();
}
