import type { HoldNotice } from '../protocol.ts';

/** RFC 2518 section 10.1; only for a client that asked, because many take any 1xx but 100 for the answer. */
export function interimReply({ requestId, what, approvers, expiresAt }: HoldNotice): string {
  const groups = approvers.map(({ group, seats }) => `${group}=${seats}`).join(', ');
  return [
    'HTTP/1.1 102 Processing',
    `sallyport-access-request: ${fieldSafe(requestId)}`,
    `sallyport-waiting: ${fieldSafe(what)}`,
    `sallyport-approvers: ${fieldSafe(groups)}`,
    `sallyport-expires: ${new Date(expiresAt).toISOString()}`,
    '\r\n',
  ].join('\r\n');
}

/** Text as a header value: printable ASCII, bounded. */
export function fieldSafe(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 500);
}
