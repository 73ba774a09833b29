import { oauthPaths } from '@sallyport/contract';
import { type AgentKey, makeProof, readAgentKey } from '../agent-key.ts';
import { asking, type ControlPlaneOptions, DEFAULT_URL } from '../control-plane.ts';
import { exitCode, Failure } from '../failure.ts';
import { jsonText, oneLine, type Terminal } from '../terminal.ts';
import { readToken } from '../token.ts';

export interface ExchangeOptions extends ControlPlaneOptions {
  readonly target: readonly string[];
  readonly action: readonly string[];
  readonly task?: string;
  readonly operations?: number;
  readonly rows?: number;
  readonly approvals?: number;
  readonly lifetime?: number;
  readonly instance?: string;
  readonly keyFile?: string;
  readonly json?: boolean;
}

const TYPE = 'urn:ietf:params:oauth:token-type:access_token';
/** Largest answer that is read, in bytes, and longest time for it. */
const ANSWER_BYTES = 262_144;
const ANSWER_MS = 30_000;

/** Exchanges the access token for a task token, and prints that: for a file that only its reader can read. */
export async function exchange(options: ExchangeOptions, terminal: Terminal): Promise<void> {
  const token = await readToken({ option: options.tokenFile, environment: process.env }, terminal);
  const url = endpoint(options, oauthPaths.token);
  const { task, operations, rows, approvals, lifetime, instance } = options;
  const { target: targets, action: actions } = options;
  const details = {
    type: 'sallyport_task',
    task,
    targets,
    actions,
    budget: { operations, rows, approvals },
    lifetime,
    instance,
  };
  const body = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: token,
    subject_token_type: TYPE,
    authorization_details: JSON.stringify([details]),
  });
  const key = options.keyFile === undefined ? null : readAgentKey(options.keyFile, true);
  const { response, answer } = await send(url, body, key);
  if (typeof answer.access_token !== 'string')
    throw new Failure(exitCode.refused, `The token was not exchanged: ${toldBy(response, answer)}`);
  terminal.out(options.json === true ? jsonText(answer, 2) : oneLine(answer.access_token));
}

/** Ends a task token whose task is over. The gateway does not say whether the token was good: it is not, from now on. */
export async function revoke(
  options: ControlPlaneOptions & { readonly keyFile?: string },
  terminal: Terminal,
): Promise<void> {
  const token = await readToken({ option: options.tokenFile, environment: process.env }, terminal);
  const key = options.keyFile === undefined ? null : readAgentKey(options.keyFile, false);
  const body = new URLSearchParams({ token, token_type_hint: 'access_token' });
  const { response, answer } = await send(endpoint(options, oauthPaths.revocation), body, key);
  // In force where it was asked for, and maybe not elsewhere: to be tried again.
  const code = response.status === 503 ? exitCode.failed : exitCode.refused;
  if (response.status !== 200)
    throw new Failure(code, `The token was not ended: ${toldBy(response, answer)}`);
  terminal.out('ended: the token is good for nothing any more, nor is any that was made from it');
}

interface Told {
  readonly response: Response;
  readonly answer: Readonly<Record<string, unknown>>;
}

/** Posts a form, and once more with the nonce that a refusal tells (RFC 9449 section 8): a second one would be a loop. */
async function send(url: string, body: URLSearchParams, key: AgentKey | null): Promise<Told> {
  const first = await post(url, body, key);
  const again = key !== null && first.answer.error === 'use_dpop_nonce' && first.nonce !== null;
  return again ? post(url, body, key, first.nonce) : first;
}

function toldBy(response: Response, answer: Told['answer']): string {
  const said = answer.error_description ?? answer.detail;
  return typeof said === 'string' ? oneLine(said) : `status ${response.status}`;
}

async function post(url: string, body: URLSearchParams, key: AgentKey | null, nonce: string | null = null) {
  const headers = key === null ? {} : { dpop: makeProof(key, 'POST', url, null, nonce ?? undefined) };
  const signal = AbortSignal.timeout(ANSWER_MS);
  const response = await fetch(url, { method: 'POST', body, headers, redirect: 'error', signal }).catch(
    (cause: unknown) => {
      throw new Failure(exitCode.failed, `The control plane at ${url} cannot be reached.`, { cause });
    },
  );
  const answer = asRecord((await response.text()).slice(0, ANSWER_BYTES));
  return { response, answer, nonce: response.headers.get('dpop-nonce') };
}

export interface ProofOptions extends ControlPlaneOptions {
  readonly keyFile: string;
  readonly target: string;
  readonly address: string;
}

/** Prints the password of one connection to PostgreSQL with a bound token. */
export async function proof(options: ProofOptions, terminal: Terminal): Promise<void> {
  const token = await readToken({ option: options.tokenFile, environment: process.env }, terminal);
  const htu = `postgres://${encodeURIComponent(options.target)}@${options.address}`;
  terminal.out(`dpop~${makeProof(readAgentKey(options.keyFile, false), 'CONNECT', htu, token)}~${token}`);
}

/** Has the running gateway sign with a new key. Which gateway: the one whose control plane this is. */
export async function rotateKey(
  options: ControlPlaneOptions & { readonly reason: string; readonly json?: boolean },
  terminal: Terminal,
): Promise<void> {
  const { reason, json } = options;
  const answer = await asking(options, terminal, (client) => client.rotateTokenKey({ reason }));
  if (json === true) return terminal.out(jsonText(answer, 2));
  const { kid, retired, verifiesUntil } = answer;
  terminal.out(
    `signs with ${oneLine(kid)}; tokens of ${oneLine(retired)} stay good, at the latest until ${verifiesUntil}`,
  );
}

/** Shows what a token says it is for. It verifies nothing: whoever holds the token can read it. */
export async function inspect(
  options: ControlPlaneOptions & { readonly json?: boolean },
  terminal: Terminal,
): Promise<void> {
  const token = await readToken({ option: options.tokenFile, environment: process.env }, terminal);
  const claims = asRecord(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  if (Object.keys(claims).length === 0) throw new Failure(exitCode.usage, 'This token is no JWT.');
  if (options.json === true) return terminal.out(jsonText(claims, 2));
  for (const name of ['iss', 'sub', 'act', 'task', 'scope', 'authorization_details', 'cnf', 'jti']) {
    if (claims[name] === undefined) continue;
    const value = typeof claims[name] === 'string' ? claims[name] : JSON.stringify(claims[name]);
    terminal.out(`${name.padEnd(22)}${oneLine(value)}`);
  }
  if (typeof claims.exp === 'number' && Math.abs(claims.exp) < 8e12)
    terminal.out(`${'expires'.padEnd(22)}${new Date(claims.exp * 1_000).toISOString()}`);
}

/** The token must not cross a network in the clear. */
function endpoint(options: ControlPlaneOptions, path: string): string {
  const base = options.url ?? process.env.SALLYPORT_URL ?? DEFAULT_URL;
  const url = URL.canParse(base) ? new URL(path, base) : null;
  const local = url !== null && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && local)) return url.href;
  throw new Failure(exitCode.usage, `${base} is not an https URL, or http on this machine.`);
}

function asRecord(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
