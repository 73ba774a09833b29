import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type Problem, routeTable } from '@sallyport/contract';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { NonceFault, proofAlgorithms } from '../identity/index.ts';
import { Fault, type FaultCode } from '../lib/fault.ts';

/** What an answer is named by: the gateway's faults, and those that are HTTP's own. docs/control-plane.md lists them. */
export type ProblemCode = FaultCode | HttpProblem;

type HttpProblem =
  | 'bad-request'
  | 'headers-too-large'
  | 'internal'
  | 'key-reused'
  | 'method-not-allowed'
  | 'misdirected'
  | 'request-too-slow'
  | 'too-large'
  | 'too-many-requests'
  | 'unsupported-media-type';

/** A request refused before it reached a room. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly status: number;
  readonly code: ProblemCode;

  constructor(status: number, code: ProblemCode, detail: string) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

/** What each fault is in HTTP. Total: a new code does not compile until it is here. */
const statusOf: Record<FaultCode, number> = {
  'config-invalid': 500,
  'policy-invalid': 500,
  'audit-unavailable': 503,
  'export-behind': 503,
  'collector-unavailable': 503,
  'recording-unavailable': 503,
  'decision-unavailable': 503,
  'credential-rejected': 401,
  'issuer-unavailable': 503,
  'target-unavailable': 502,
  'limit-exceeded': 422,
  'storage-unavailable': 503,
  'not-found': 404,
  'not-permitted': 403,
  'step-up-required': 403,
  'notification-undelivered': 503,
  conflict: 409,
};

/** Turns everything thrown, and every unknown route, into RFC 9457 problem details. */
export function answerFaults(app: FastifyInstance, report: (fault: unknown) => void): void {
  app.setNotFoundHandler((request, reply) => {
    const allowed = methodsOf(request.url);
    if (allowed.length === 0) return send(reply, 404, 'not-found', 'There is no such route.');
    reply.header('allow', allowed.join(', '));
    return send(reply, 405, 'method-not-allowed', `This route takes ${allowed.join(' and ')}.`);
  });
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof Refused) return send(reply, error.status, error.code, error.message);
    if (error instanceof Fault) {
      if (statusOf[error.code] >= 500) report(error);
      if (error instanceof NonceFault)
        reply.header('www-authenticate', 'DPoP error="use_dpop_nonce"').header('dpop-nonce', error.nonce);
      else if (error.code === 'credential-rejected')
        reply.header('www-authenticate', [
          'Bearer error="invalid_token"',
          `DPoP algs="${proofAlgorithms.join(' ')}"`,
        ]);
      return send(reply, statusOf[error.code], error.code, error.message);
    }
    if (error instanceof z.ZodError) return send(reply, 400, 'bad-request', describeInput(error));
    // Fastify's own: a body too large, or not JSON. Its words may quote the body.
    const status = statusCodeOf(error);
    const [code, detail] = FROM_FASTIFY[status] ?? ['bad-request', 'The request is malformed.'];
    if (status >= 400 && status < 500) return send(reply, status, code, detail);
    report(error);
    return send(reply, 500, 'internal', 'The gateway could not answer; its log says why.');
  });
}

const FROM_FASTIFY: Readonly<Record<number, readonly [ProblemCode, string]>> = {
  404: ['not-found', 'There is no such route.'],
  413: ['too-large', 'The body is larger than control_plane.body_bytes.'],
  414: ['too-large', 'A part of the path is too long.'],
  415: ['unsupported-media-type', 'Send the body as "content-type: application/json", in UTF-8.'],
};

/** The methods of the routes at this path; none when there is no such path. */
export function methodsOf(url: string): readonly string[] {
  const segments = (url.split('?', 1)[0] ?? '').split('/');
  const matching = Object.values(routeTable).filter(({ path }) => {
    const wanted = path.split('/');
    return (
      wanted.length === segments.length &&
      wanted.every((one, at) => (one.startsWith(':') ? segments[at] !== '' : one === segments[at]))
    );
  });
  return [...new Set(matching.map(({ method }) => method))];
}

/** What could not be read as HTTP, or took too long, is answered all the same; then the connection is closed. */
export function answerBrokenRequest(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable || socket.destroyed) return void socket.destroy();
  const [status, code, detail] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ([431, 'headers-too-large', 'The headers are too large.'] as const)
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ([
            408,
            'request-too-slow',
            'The request took too long to arrive (control_plane.request_seconds).',
          ] as const)
        : ([400, 'bad-request', 'The request is not HTTP as the gateway reads it.'] as const);
  const body = JSON.stringify(problemOf(status, code, detail));
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...Object.entries(SECURITY_HEADERS).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
}

/** JSON for programs: nothing here may be framed, sniffed, cached or run. */
export const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

function problemOf(status: number, code: ProblemCode, detail: string): Problem {
  return {
    type: `urn:sallyport:problem:${code}`,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail,
    code,
  };
}

function send(reply: FastifyReply, status: number, code: ProblemCode, detail: string): FastifyReply {
  const problem = problemOf(status, code, detail);
  return reply.code(status).type('application/problem+json').send(JSON.stringify(problem));
}

function describeInput(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return 'The request is not acceptable.';
  return `The request is not acceptable: ${issue.path.join('.') || 'its body'}: ${issue.message}.`;
}

function statusCodeOf(error: unknown): number {
  const code = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : 500;
  return typeof code === 'number' ? code : 500;
}
