import type { Chunk } from './chunk.ts';
import {
  countedHeadBytes,
  eventHeadBytes,
  isDeny,
  maxFieldBytes,
  outcomes,
  sameForm,
  sameObligations,
  samePolicies,
  samePolicyVersion,
  sameReason,
  sameText,
} from './format.ts';
import type { OperationResult, RecordedOperation } from './recording.ts';

/** Most bytes an operation's event can take: what must be free before `putOperation`. */
export function operationEventBytes(operation: RecordedOperation, operationBytes: number): number {
  const { text, form, reason, evaluationId, requestId, policyVersion } = operation;
  const strings = kept(text, operationBytes) + kept(form, maxFieldBytes) + kept(reason, maxFieldBytes);
  let bytes =
    eventHeadBytes +
    64 +
    3 * (strings + evaluationId.length + policyVersion.length + (requestId?.length ?? 0));
  for (const name of operation.policies) bytes += 4 + 3 * name.length;
  for (const name of operation.obligations) bytes += 4 + 3 * name.length;
  let parameters = 0;
  for (const value of operation.parameters) parameters += value === null ? 0 : value.length;
  return bytes + 8 * operation.parameters.length + Math.min(parameters, operationBytes);
}

/** Writes the event of one operation; the chunk has room for `operationEventBytes`. */
export function putOperation(
  chunk: Chunk,
  at: number,
  number: number,
  operation: RecordedOperation,
  operationBytes: number,
): void {
  const { bytes, previous } = chunk;
  const start = chunk.used;
  const flags = flagsOf(operation, previous);
  let end = start + eventHeadBytes;
  bytes[end] = flags;
  bytes.writeUInt32LE(Math.min(operation.heldMs, 0xffffffff) >>> 0, end + 1);
  end = putText(bytes, end + 5, operation.evaluationId, maxFieldBytes);
  end = putText(bytes, end, operation.requestId ?? '', maxFieldBytes);
  if ((flags & sameText) === 0) end = putText(bytes, end, operation.text, operationBytes);
  if ((flags & sameForm) === 0) end = putText(bytes, end, operation.form, maxFieldBytes);
  if ((flags & samePolicies) === 0) end = putNames(bytes, end, operation.policies);
  if ((flags & samePolicyVersion) === 0) end = putText(bytes, end, operation.policyVersion, maxFieldBytes);
  if ((flags & sameReason) === 0) end = putText(bytes, end, operation.reason, maxFieldBytes);
  if ((flags & sameObligations) === 0) end = putNames(bytes, end, operation.obligations);
  end = putParameters(bytes, end, operation.parameters, operationBytes);
  putHead(bytes, start, 2, at, number, end - start);
  chunk.used = end;
  chunk.previous = operation;
}

/** Bytes of a result event with this status, at most. */
export function resultEventBytes(result: OperationResult): number {
  return eventHeadBytes + 17 + 8 + 3 * kept(result.status, maxFieldBytes);
}

export function putResult(chunk: Chunk, at: number, number: number, result: OperationResult): void {
  const { bytes, used } = chunk;
  const body = used + eventHeadBytes;
  bytes[body] = outcomes.indexOf(result.outcome);
  bytes.writeDoubleLE(result.rows ?? -1, body + 1);
  bytes.writeDoubleLE(result.bytes, body + 9);
  const end = putText(bytes, body + 17, result.status, maxFieldBytes);
  putHead(bytes, used, 5, at, number, end - used);
  chunk.used = end;
}

/** The head of an event that is `total` bytes with it. */
export function putHead(
  bytes: Buffer,
  start: number,
  kind: number,
  at: number,
  number: number,
  total: number,
): void {
  bytes.writeUInt32LE(total - eventHeadBytes + countedHeadBytes, start);
  bytes[start + 4] = kind;
  // Saturates after 49 days.
  bytes.writeUInt32LE(at < 0xffffffff ? at : 0xffffffff, start + 5);
  bytes.writeUInt32LE(number, start + 9);
}

function flagsOf(operation: RecordedOperation, previous: RecordedOperation | null): number {
  const effect = operation.effect === 'deny' ? isDeny : 0;
  if (previous === null) return effect;
  return (
    effect |
    (operation.text === previous.text ? sameText : 0) |
    (operation.form === previous.form ? sameForm : 0) |
    (sameNames(operation.policies, previous.policies) ? samePolicies : 0) |
    (operation.policyVersion === previous.policyVersion ? samePolicyVersion : 0) |
    (operation.reason === previous.reason ? sameReason : 0) |
    (sameNames(operation.obligations, previous.obligations) ? sameObligations : 0)
  );
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** UTF-16 units of a string that are kept under a limit of bytes; a unit is at most three bytes. */
function kept(text: string, limit: number): number {
  return text.length * 3 <= limit ? text.length : Math.min(text.length, Math.floor(limit / 3));
}

/** [u32 UTF-16 units left out][u32 bytes][UTF-8]. */
function putText(bytes: Buffer, start: number, text: string, limit: number): number {
  const keep = kept(text, limit);
  const written =
    text.length === 0 ? 0 : bytes.write(keep === text.length ? text : text.slice(0, keep), start + 8);
  bytes.writeUInt32LE(text.length - keep, start);
  bytes.writeUInt32LE(written, start + 4);
  return start + 8 + written;
}

/** [u16 count] and for each [u16 bytes][UTF-8]. Names come from policy files, not from clients. */
function putNames(bytes: Buffer, start: number, names: readonly string[]): number {
  let end = start + 2;
  bytes.writeUInt16LE(names.length & 0xffff, start);
  for (const name of names) {
    const written = bytes.write(name, end + 2);
    bytes.writeUInt16LE(written & 0xffff, end);
    end += 2 + written;
  }
  return end;
}

/** [u32 count] and for each [i32 bytes it has, -1 for null][u32 bytes kept][bytes]. */
function putParameters(
  bytes: Buffer,
  start: number,
  values: readonly (Uint8Array | null)[],
  limit: number,
): number {
  let end = start + 4;
  let left = limit;
  bytes.writeUInt32LE(values.length, start);
  for (const value of values) {
    const keep = value === null ? 0 : Math.min(value.length, left);
    bytes.writeInt32LE(value === null ? -1 : value.length, end);
    bytes.writeUInt32LE(keep, end + 4);
    if (value !== null && keep > 0)
      bytes.set(keep === value.length ? value : value.subarray(0, keep), end + 8);
    end += 8 + keep;
    left -= keep;
  }
  return end;
}
