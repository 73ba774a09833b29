/** What is asked for at the token endpoint, read strictly: all of it is the client's. */
import { z } from 'zod';
import { TASK_TYPE } from '../identity/index.ts';
import { ExchangeRefused } from './refused.ts';

const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const JWT = 'urn:ietf:params:oauth:token-type:jwt';
/** A target, where a client wants to name it as a resource (RFC 8707), which has to be a URI. */
const RESOURCE = /^urn:sallyport:target:(.+)$/;

/** Most targets or actions of one token (L10). */
const NAMES = 100;
const NAME_LENGTH = 256;
/** Parameters looked at, and how large the details may be. */
const PARAMETERS = 50;
const DETAILS_BYTES = 16_384;
/** RFC 8693 section 2.1: these may be there more than once. RFC 6749 section 3.2: nothing else may. */
const REPEATABLE = new Set(['audience', 'resource']);

/** What a client asks for; null where it leaves it open. */
export interface ExchangeRequest {
  readonly subjectToken: string;
  readonly actorToken: string | null;
  readonly task: string | null;
  readonly targets: readonly string[] | null;
  readonly actions: readonly string[] | null;
  readonly budget: {
    readonly operations?: number | undefined;
    readonly rows?: number | undefined;
    readonly approvals?: number | undefined;
  };
  readonly lifetimeSeconds: number | null;
  /** What this instance of the agent is called: its own word. */
  readonly instance: string | null;
  /** Thumbprint of a key that the new token is bound to, other than that of the proof (RFC 9449 section 10). */
  readonly jkt: string | null;
  /** Whether the new token is to be bound to the client certificate of this connection (RFC 8705). */
  readonly certificateBound: boolean;
}

const name = z
  .string()
  .min(1)
  .max(NAME_LENGTH)
  .regex(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]+$/u);
const names = z.array(name).min(1).max(NAMES);
const count = z.int().min(0);

const detailsShape = z
  .array(
    z.strictObject({
      type: z.literal(TASK_TYPE),
      task: name.optional(),
      targets: names.optional(),
      actions: names.optional(),
      budget: z
        .strictObject({ operations: count.optional(), rows: count.optional(), approvals: count.optional() })
        .default({}),
      lifetime: z.int().min(1).optional(),
      instance: z
        .string()
        .regex(/^[A-Za-z0-9._-]{1,64}$/)
        .optional(),
    }),
  )
  .max(1);

/** Reads the body of a request. Throws ExchangeRefused. */
export function readExchangeRequest(body: string): ExchangeRequest {
  const parameters = readParameters(body);
  const one = (key: string): string | null => parameters.get(key)?.[0] ?? null;
  if (one('grant_type') === null) throw invalid('grant_type is missing');
  if (one('grant_type') !== GRANT) {
    throw new ExchangeRefused('unsupported_grant_type', `the only grant_type here is ${GRANT}`);
  }
  const subjectToken = one('subject_token');
  if (subjectToken === null) throw invalid('subject_token is missing');
  checkTokenType('subject_token_type', one('subject_token_type'));
  const actorToken = one('actor_token');
  if (actorToken !== null) checkTokenType('actor_token_type', one('actor_token_type'));
  else if (one('actor_token_type') !== null) throw invalid('actor_token_type is there without actor_token');
  if (one('requested_token_type') !== null)
    checkTokenType('requested_token_type', one('requested_token_type'));
  const jkt = one('dpop_jkt');
  if (jkt !== null && !/^[A-Za-z0-9_-]{43}$/.test(jkt)) throw invalid('dpop_jkt is no SHA-256 thumbprint');
  const bound = one('certificate_bound');
  if (bound !== null && bound !== 'true') throw invalid('certificate_bound is true, or left out');
  const [details] = readDetails(one('authorization_details'));
  return {
    subjectToken,
    actorToken,
    task: details?.task ?? null,
    targets: agreed('targets', targetsOf(parameters), details?.targets),
    actions: agreed('actions', scopeOf(one('scope')), details?.actions),
    budget: details?.budget ?? {},
    lifetimeSeconds: details?.lifetime ?? null,
    instance: details?.instance ?? null,
    jkt,
    certificateBound: bound !== null,
  };
}

/** Parameters of a form, none of them there twice that may be there once. Throws ExchangeRefused. */
export function readParameters(body: string): Map<string, string[]> {
  const parameters = new Map<string, string[]>();
  let seen = 0;
  for (const [key, value] of new URLSearchParams(body)) {
    seen += 1;
    if (seen > PARAMETERS) throw invalid(`there are more than ${PARAMETERS} parameters`);
    // RFC 6749 section 3.2: without a value it counts as left out.
    if (value === '') continue;
    const values = parameters.get(key) ?? [];
    values.push(value);
    if (values.length > 1 && !REPEATABLE.has(key)) throw invalid('a parameter is there more than once');
    parameters.set(key, values);
  }
  return parameters;
}

function checkTokenType(parameter: string, value: string | null): void {
  if (value !== ACCESS_TOKEN && value !== JWT) throw invalid(`${parameter} must be ${ACCESS_TOKEN}`);
}

function readDetails(text: string | null): z.output<typeof detailsShape> {
  if (text === null) return [];
  if (text.length > DETAILS_BYTES) throw badDetails(`are longer than ${DETAILS_BYTES} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw badDetails('are not JSON');
  }
  const parsed = detailsShape.safeParse(value);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.slice(1).join('.') ?? '';
  const known = /^[a-z.0-9]{0,40}$/.test(where) ? where : '';
  throw badDetails(
    `are not one object of type ${TASK_TYPE} as docs/identity.md has it${known && `: ${known}`}`,
  );
}

function targetsOf(parameters: ReadonlyMap<string, readonly string[]>): readonly string[] | null {
  const resources = (parameters.get('resource') ?? []).map((uri) => {
    const target = RESOURCE.exec(uri)?.[1];
    if (target === undefined) {
      throw new ExchangeRefused('invalid_target', 'a resource here is urn:sallyport:target:NAME');
    }
    return target;
  });
  const targets = [...(parameters.get('audience') ?? []), ...resources];
  return targets.length === 0 ? null : checked('audience', targets);
}

function scopeOf(scope: string | null): readonly string[] | null {
  return scope === null ? null : checked('scope', scope.split(' '));
}

function checked(parameter: string, given: readonly string[]): readonly string[] {
  const parsed = names.safeParse(given);
  if (!parsed.success) throw invalid(`${parameter} does not name 1 to ${NAMES} things`);
  return parsed.data;
}

/** Two ways to say it must say the same: a client that means the narrower must not get the wider. */
function agreed(
  what: string,
  one: readonly string[] | null,
  other: readonly string[] | undefined,
): readonly string[] | null {
  const sorted = (list: readonly string[]) => [...new Set(list)].sort();
  if (one !== null && other !== undefined && JSON.stringify(sorted(one)) !== JSON.stringify(sorted(other))) {
    throw invalid(`authorization_details name other ${what} than the parameters`);
  }
  const named = one ?? other;
  return named === undefined ? null : sorted(named);
}

function badDetails(what: string): ExchangeRefused {
  return new ExchangeRefused('invalid_authorization_details', `the authorization_details ${what}`);
}

function invalid(description: string): ExchangeRefused {
  return new ExchangeRefused('invalid_request', description);
}
