import { STATUS_CODES } from 'node:http';
import type { Problem } from '@sallyport/contract';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { proofAlgorithms } from '../identity/index.ts';
import { Fault, type FaultCode } from '../lib/fault.ts';

/** What an answer is named by: the gateway's faults, and two that are HTTP's own. */
type ProblemCode = FaultCode | 'bad-request' | 'internal';

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
  'recording-unavailable': 503,
  'decision-unavailable': 503,
  'credential-rejected': 401,
  'issuer-unavailable': 503,
  'target-unavailable': 502,
  'limit-exceeded': 422,
  'storage-unavailable': 503,
  'not-found': 404,
  'not-permitted': 403,
  conflict: 409,
};

/** Turns everything thrown, and every unknown route, into RFC 9457 problem details. */
export function answerFaults(app: FastifyInstance, report: (fault: unknown) => void): void {
  app.setNotFoundHandler((_request, reply) => send(reply, 404, 'not-found', 'There is no such route.'));
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof Refused) return send(reply, error.status, error.code, error.message);
    if (error instanceof Fault) {
      if (statusOf[error.code] >= 500) report(error);
      if (error.code === 'credential-rejected')
        reply.header('www-authenticate', [
          'Bearer error="invalid_token"',
          `DPoP algs="${proofAlgorithms.join(' ')}"`,
        ]);
      return send(reply, statusOf[error.code], error.code, error.message);
    }
    if (error instanceof z.ZodError) return send(reply, 400, 'bad-request', describeInput(error));
    // Fastify's own: a body too large, or not JSON. Its words may quote the body.
    const status = statusCodeOf(error);
    if (status >= 400 && status < 500)
      return send(reply, status, 'bad-request', 'The request is malformed or too large.');
    report(error);
    return send(reply, 500, 'internal', 'The gateway could not answer; its log says why.');
  });
}

function send(reply: FastifyReply, status: number, code: ProblemCode, detail: string): FastifyReply {
  const problem: Problem = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail,
    code,
  };
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
