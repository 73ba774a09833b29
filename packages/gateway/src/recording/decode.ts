import { z } from 'zod';
import { type ByteReader, PastEnd } from './byte-reader.ts';
import {
  eventKind,
  isDeny,
  outcomes,
  sameForm,
  sameObligations,
  samePolicies,
  samePolicyVersion,
  sameReason,
  sameText,
} from './format.ts';
import type { OperationResult, RecordedOperation, RecordingHeader } from './recording.ts';

/** `at` is milliseconds since the session began, `number` counts its operations from 1. */
export type RecordedEvent =
  | { readonly kind: 'header'; readonly header: RecordingHeader }
  | {
      readonly kind: 'operation';
      readonly at: number;
      readonly number: number;
      readonly operation: RecordedOperation;
      /** UTF-16 units of the text that were over the limit and are not in it. */
      readonly textLeftOut: number;
      /** Bytes of the parameters that were over the limit and are not in them. */
      readonly parametersLeftOut: number;
    }
  /** Reply bytes as the client got them, in the protocol's framing; several events in order make one reply. */
  | { readonly kind: 'reply'; readonly at: number; readonly number: number; readonly bytes: Buffer }
  | {
      readonly kind: 'reply-truncated';
      readonly at: number;
      readonly number: number;
      readonly leftOut: number;
    }
  | {
      readonly kind: 'result';
      readonly at: number;
      readonly number: number;
      readonly result: OperationResult;
    }
  | { readonly kind: 'note'; readonly at: number; readonly text: string }
  /** The recording's own limit was reached: nothing but the end follows. */
  | { readonly kind: 'truncated'; readonly at: number; readonly text: string }
  | { readonly kind: 'end'; readonly at: number; readonly reason: string; readonly operations: number };

const scopeShape = z.object({
  targets: z.array(z.string()),
  actions: z.array(z.string()),
  budget: z.object({ operations: z.number(), rows: z.number(), approvals: z.number() }),
  ancestors: z.array(z.string()),
  origin: z.string(),
});

const headerShape = z.object({
  sessionId: z.string(),
  startedAt: z.number(),
  identity: z.object({
    subject: z.string(),
    displayName: z.string(),
    groups: z.array(z.string()),
    actor: z.string().nullable(),
    task: z.string().nullable(),
    kind: z.enum(['person', 'machine']),
    expiresAt: z.number(),
    aliases: z.array(z.string()),
    // Recordings made before there were task tokens have none of these.
    tokenId: z.string().default(''),
    delegation: z.array(z.string()).default([]),
    scope: scopeShape.nullable().default(null),
    mayAct: z.string().nullable().default(null),
    confirmation: z
      .object({ jkt: z.string().nullable(), x5tS256: z.string().nullable() })
      .nullable()
      .default(null),
  }),
  target: z.string(),
  facet: z.string(),
  protocol: z.string(),
  client: z.string(),
  salt: z.string(),
  secure: z.boolean().optional(),
});

const endShape = z.object({ reason: z.string(), operations: z.number() });

/** One event; PastEnd, SyntaxError or ZodError when the bytes are not one. */
export function decodeEvent(reader: ByteReader, previous: RecordedOperation | null): RecordedEvent {
  const kind = reader.u8();
  const at = reader.u32();
  const number = reader.u32();
  switch (kind) {
    case eventKind.header:
      return { kind: 'header', header: headerShape.parse(JSON.parse(reader.text(reader.left))) };
    case eventKind.operation:
      return { kind: 'operation', at, number, ...decodeOperation(reader, previous) };
    case eventKind.reply:
      return { kind: 'reply', at, number, bytes: reader.bytes(reader.left) };
    case eventKind.replyTruncated:
      return { kind: 'reply-truncated', at, number, leftOut: reader.f64() };
    case eventKind.result:
      return { kind: 'result', at, number, result: decodeResult(reader) };
    case eventKind.note:
      return { kind: 'note', at, text: reader.text(reader.left) };
    case eventKind.truncated:
      return { kind: 'truncated', at, text: reader.text(reader.left) };
    case eventKind.end:
      return { kind: 'end', at, ...endShape.parse(JSON.parse(reader.text(reader.left))) };
    default:
      throw new PastEnd(`its kind ${kind} is unknown`);
  }
}

function decodeResult(reader: ByteReader): OperationResult {
  const outcome = outcomes[reader.u8()];
  if (outcome === undefined) throw new PastEnd('its outcome is unknown');
  const rows = reader.f64();
  const bytes = reader.f64();
  return { outcome, rows: rows < 0 ? null : rows, bytes, status: readText(reader).text };
}

function decodeOperation(
  reader: ByteReader,
  previous: RecordedOperation | null,
): { operation: RecordedOperation; textLeftOut: number; parametersLeftOut: number } {
  const flags = reader.u8();
  const heldMs = reader.u32();
  const evaluationId = readText(reader).text;
  const requestId = readText(reader).text || null;
  const text = flags & sameText ? { text: same(previous).text, leftOut: 0 } : readText(reader);
  const form = flags & sameForm ? same(previous).form : readText(reader).text;
  const policies = flags & samePolicies ? same(previous).policies : readNames(reader);
  const policyVersion = flags & samePolicyVersion ? same(previous).policyVersion : readText(reader).text;
  const reason = flags & sameReason ? same(previous).reason : readText(reader).text;
  const obligations = flags & sameObligations ? same(previous).obligations : readNames(reader);
  const { parameters, leftOut } = readParameters(reader);
  const effect = flags & isDeny ? 'deny' : 'permit';
  return {
    operation: {
      evaluationId,
      text: text.text,
      form,
      parameters,
      effect,
      policies,
      policyVersion,
      reason,
      obligations,
      requestId,
      heldMs,
    },
    textLeftOut: text.leftOut,
    parametersLeftOut: leftOut,
  };
}

function same(previous: RecordedOperation | null): RecordedOperation {
  if (previous === null) throw new PastEnd('it refers to an operation before the first');
  return previous;
}

function readText(reader: ByteReader): { readonly text: string; readonly leftOut: number } {
  const leftOut = reader.u32();
  return { leftOut, text: reader.text(reader.u32()) };
}

function readNames(reader: ByteReader): readonly string[] {
  const count = reader.u16();
  const names: string[] = [];
  while (names.length < count) names.push(reader.text(reader.u16()));
  return names;
}

function readParameters(reader: ByteReader): {
  readonly parameters: readonly (Buffer | null)[];
  readonly leftOut: number;
} {
  const count = reader.u32();
  const parameters: (Buffer | null)[] = [];
  let leftOut = 0;
  while (parameters.length < count) {
    const whole = reader.i32();
    const bytes = reader.bytes(reader.u32());
    parameters.push(whole < 0 ? null : bytes);
    if (whole > bytes.length) leftOut += whole - bytes.length;
  }
  return { parameters, leftOut };
}
