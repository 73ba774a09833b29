import type { Outcome } from '../protocol.ts';
import { type Answer, answerOf } from './problem.ts';
import { deliveredHeaders } from './reply-head.ts';
import { maskBody } from './reply-mask.ts';
import type { RequestHead } from './request-head.ts';
import type { HttpOptions } from './section.ts';
import type { Reply } from './upstream.ts';

/** What the client gets for this reply: masked, or word that it is withheld (L4). */
export function deliver(
  reply: Reply,
  { permit, mask }: Outcome & { effect: 'permit' },
  head: RequestHead,
  options: HttpOptions,
): Answer {
  const { evaluationId } = permit;
  const problem = { evaluationId, policies: [] };
  if (reply.unreached) {
    const detail = 'the connector could not get a reply from the target';
    const hint = 'try again, or ask whoever runs the target';
    return answerOf({ ...problem, status: 503, code: 'target-unavailable', detail, hint });
  }
  const masked = maskBody(reply.body, fieldsOf(reply.rawHeaders), mask, options.passContentTypes);
  if (!masked.delivered) {
    const detail = `the reply is withheld: ${masked.reason}`;
    const hint = 'ask for it as JSON or plain text';
    return answerOf({ ...problem, status: 502, code: 'reply-withheld', detail, hint });
  }
  const headers = deliveredHeaders(reply.rawHeaders, mask, head.route.target);
  return {
    status: reply.status,
    headers: [...headers, ['sallyport-evaluation', evaluationId]],
    body: masked.body,
  };
}

/** By lower-case name; a field sent twice holds both values, so that it is neither of them. */
function fieldsOf(rawHeaders: readonly string[]): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase();
    const value = rawHeaders[at + 1] ?? '';
    const earlier = fields.get(name);
    fields.set(name, earlier === undefined ? value : `${earlier}, ${value}`);
  }
  return fields;
}
