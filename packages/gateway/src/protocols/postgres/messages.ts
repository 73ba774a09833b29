/** Messages the gateway itself says to a client, as PostgreSQL 18 documentation 54.7 lays them out. */
import { BackendType, FrameWriter, FrontendType } from '@sallyport/postgres-wire';
import type { Denial, DenialCode, HoldNotice } from '../protocol.ts';

/** SQLSTATE of each denial (appendix A): an agent's driver maps them to exceptions of the right kind. */
const SQLSTATE: Readonly<Record<DenialCode, string>> = {
  unauthenticated: '28000',
  'unknown-target': '3D000',
  forbidden: '42501',
  undetermined: '42501',
  'access-request-pending': '42501',
  'access-request-denied': '42501',
  'access-request-expired': '42501',
  'access-request-cancelled': '57014',
  'session-ended': '57P01',
  'audit-unavailable': '57P03',
  'target-unavailable': '08001',
  'limit-exceeded': '54000',
  'protocol-violation': '08P01',
};

export interface ErrorText {
  readonly severity: 'ERROR' | 'FATAL' | 'NOTICE';
  readonly sqlstate: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
}

export function errorMessage(text: ErrorText): Buffer {
  const type = text.severity === 'NOTICE' ? BackendType.NoticeResponse : BackendType.ErrorResponse;
  const writer = new FrameWriter(512).begin(type);
  const field = (code: string, value: string | undefined): void => {
    if (value !== undefined && value !== '') writer.uint8(code.charCodeAt(0)).string(value);
  };
  field('S', text.severity);
  field('V', text.severity);
  field('C', text.sqlstate);
  field('M', text.message);
  field('D', text.detail);
  field('H', text.hint);
  return writer.uint8(0).end().take();
}

/** A denial as the client sees it: reason, evaluation id, policies and what to do next. */
export function denialMessage(
  denial: Denial,
  severity: 'ERROR' | 'FATAL',
  sqlstate: string = SQLSTATE[denial.code],
): Buffer {
  const policies = denial.policies.length > 0 ? ` by policy ${denial.policies.join(', ')}` : '';
  return errorMessage({
    severity,
    sqlstate,
    message: `denied: ${denial.reason}`,
    detail: `Evaluation ${denial.evaluationId}${policies}.${pending(denial)}`,
    hint: denial.hint,
  });
}

/** Where the client is to come back to. */
function pending({ accessRequest }: Denial): string {
  if (accessRequest === undefined) return '';
  return ` Access request ${accessRequest.id} is open until ${new Date(accessRequest.expiresAt).toISOString()}.`;
}

/** What a client that waits is told: what waits, who can decide, until when, under which id. */
export function holdMessage(notice: HoldNotice): Buffer {
  const approvers = notice.approvers.map(({ group, seats }) => `${seats} of group "${group}"`).join(' and ');
  return errorMessage({
    severity: 'NOTICE',
    sqlstate: '01000',
    message: `held for approval: access request ${notice.requestId}`,
    detail: `Waiting for ${approvers} until ${new Date(notice.expiresAt).toISOString()}: ${notice.what}`,
    hint: `An approver decides with: sallyport approve ${notice.requestId}`,
  });
}

export const AUTHENTICATION_OK = new FrameWriter(16).begin(BackendType.Authentication).int32(0).end().take();
export const ASK_CLEARTEXT_PASSWORD = new FrameWriter(16)
  .begin(BackendType.Authentication)
  .int32(3)
  .end()
  .take();

export function parameterStatus(name: string, value: string): Buffer {
  return new FrameWriter(64).begin(BackendType.ParameterStatus).string(name).string(value).end().take();
}

export function backendKeyData(processId: number, key: Uint8Array): Buffer {
  return new FrameWriter(64).begin(BackendType.BackendKeyData).int32(processId).bytes(key).end().take();
}

export function negotiateProtocolVersion(minor: number, unknownOptions: readonly string[]): Buffer {
  // The version word is the newest minor of major 3 that the server speaks (54.7, NegotiateProtocolVersion).
  const writer = new FrameWriter(64).begin(BackendType.NegotiateProtocolVersion).int32((3 << 16) | minor);
  writer.int32(unknownOptions.length);
  for (const option of unknownOptions) writer.string(option);
  return writer.end().take();
}

/** ReadyForQuery outside a transaction. */
export const READY_IDLE = new FrameWriter(16).begin(BackendType.ReadyForQuery).uint8(0x49).end().take();

/**
 * What makes the target fail in place of a refused operation, so that the transaction ends up as it would have on a
 * server that refused by itself. A syntax error is raised in every state, runs nothing and reads nothing.
 */
const REFUSED_TEXT = 'refused by the access gateway';
export const ROLL_BACK_QUERY = 0;
export const ROLL_BACK_PARSE = 1;
export const ROLL_BACKS: readonly Uint8Array[] = [
  new FrameWriter(64).begin(FrontendType.Query).string(REFUSED_TEXT).end().take(),
  // Named: Parse of the unnamed statement gives up the one there was, even when it fails.
  new FrameWriter(64)
    .begin(FrontendType.Parse)
    .string(REFUSED_TEXT)
    .string(REFUSED_TEXT)
    .int16(0)
    .end()
    .take(),
];

export const FLUSH = new FrameWriter(16).begin(FrontendType.Flush).end().take();

/** Ends a COPY from the client that the target waits for: while it reads data it hears no cancel. */
export const COPY_FAIL = new FrameWriter(64)
  .begin(FrontendType.CopyFail)
  .string('stopped by the access gateway')
  .end()
  .take();

/** Asks for the columns of a portal: rows that were not described cannot be masked. */
export function describePortal(name: string): Buffer {
  return new FrameWriter(64).begin(FrontendType.Describe).uint8(0x50).string(name).end().take();
}
