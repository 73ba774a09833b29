import { STATUS_CODES } from 'node:http';
import type { Denial, DenialCode } from '../protocol.ts';

/** An answer of the gateway's own. Every field is safe to show to the agent. */
export interface Problem {
  readonly status: number;
  /** The last part of the problem type, such as `forbidden`. */
  readonly code: DenialCode | 'reply-withheld';
  readonly detail: string;
  /** Null when nothing was judged: the request could not be understood, before there was a session. */
  readonly evaluationId: string | null;
  readonly policies: readonly string[];
  readonly hint: string;
  readonly accessRequest?: NonNullable<Denial['accessRequest']>;
  readonly nonce?: NonNullable<Denial['nonce']>;
}

const STATUS: Readonly<Record<DenialCode, number>> = {
  unauthenticated: 401,
  'unknown-target': 404,
  forbidden: 403,
  undetermined: 403,
  'access-request-pending': 403,
  'access-request-denied': 403,
  'access-request-expired': 403,
  'access-request-cancelled': 403,
  'session-ended': 403,
  'audit-unavailable': 503,
  'target-unavailable': 503,
  'limit-exceeded': 429,
  'protocol-violation': 400,
};

/** What the client is told about a deny. */
export function problemOf(denial: Denial, status: number = STATUS[denial.code]): Problem {
  const { evaluationId, code, reason, policies, accessRequest, nonce } = denial;
  // The session's own hint speaks to every protocol; here the token travels in a header.
  const hint =
    code === 'unauthenticated' ? 'send a fresh access token as "Authorization: Bearer …"' : denial.hint;
  const asked = accessRequest === undefined ? {} : { accessRequest };
  const missing = nonce === undefined ? {} : { nonce };
  return { status, code, detail: reason, evaluationId, policies, hint, ...asked, ...missing };
}

/** What a client is told whose request is not carried, whatever policy says. */
export function violationProblem(
  status: number,
  reason: string,
  evaluationId: string | null = null,
): Problem {
  const hint = 'send it in the plainest form HTTP/1.1 has, with one Host and one Authorization header';
  return { status, code: 'protocol-violation', detail: reason, evaluationId, policies: [], hint };
}

/** What a client is told when the target, or the gateway, could not do its part. */
export function failureProblem(status: number, code: Problem['code'], detail: string): Problem {
  const hint = 'open a new connection and try again, or ask whoever runs the target';
  return { status, code, detail, evaluationId: null, policies: [], hint };
}

/** A reply, or the gateway's answer, as it is written: status, header fields in order, whole body. */
export interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

/** When a client may look again whether people have decided. */
const RETRY_SECONDS = 15;

/** As AuthZEN's Access Request and Approval Profile names its parts; the endpoint is of the control plane. */
function taskOf({ id, expiresAt }: NonNullable<Denial['accessRequest']>) {
  return {
    requestable: true,
    id,
    status: 'pending',
    status_endpoint: `/v1/access-requests/${id}/task`,
    expires_at: new Date(expiresAt).toISOString(),
  };
}

/** RFC 9457 problem details. */
export function answerOf(problem: Problem): Answer {
  const { status, code, detail, evaluationId, policies, hint, accessRequest, nonce } = problem;
  const title = `Sallyport refused: ${code.replaceAll('-', ' ')}`;
  const shown = {
    type: `urn:sallyport:problem:${code}`,
    title,
    status,
    detail,
    ...(evaluationId === null ? {} : { evaluation_id: evaluationId }),
    policies,
    hint,
    ...(accessRequest === undefined ? {} : { access_request: taskOf(accessRequest) }),
  };
  const headers: [string, string][] = [
    ['content-type', 'application/problem+json'],
    ['cache-control', 'no-store'],
  ];
  if (nonce !== undefined)
    headers.push(['www-authenticate', 'DPoP error="use_dpop_nonce"'], ['dpop-nonce', nonce]);
  else if (status === 401) headers.push(['www-authenticate', 'Bearer']);
  if (evaluationId !== null) headers.push(['sallyport-evaluation', evaluationId]);
  if (accessRequest !== undefined) {
    headers.push(['sallyport-access-request', accessRequest.id]);
    headers.push(['retry-after', String(RETRY_SECONDS)]);
  }
  return { status, headers, body: Buffer.from(`${JSON.stringify(shown)}\n`) };
}

/** The bytes of an answer, for a client whose request never became one, and for the recording. */
export function serialise(answer: Answer, closing: boolean): Buffer {
  const fields = answer.headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const closingField = closing ? 'connection: close\r\n' : '';
  const start = `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}\r\n`;
  const length =
    answer.status === 204 || answer.status === 304 ? '' : `content-length: ${answer.body.length}\r\n`;
  return Buffer.concat([Buffer.from(`${start}${fields}${length}${closingField}\r\n`, 'latin1'), answer.body]);
}
