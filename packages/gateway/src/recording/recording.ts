import type { Identity } from '../identity/index.ts';
import type { OperationResult, Tape } from '../protocols/protocol.ts';

export interface RecordingHeader {
  readonly sessionId: string;
  readonly startedAt: number;
  /** Without what only revoking asks for. */
  readonly identity: Omit<Identity, 'subjectAliases' | 'issuerTokenId' | 'issuedAt' | 'groupsFrom'>;
  readonly target: string;
  readonly facet: string;
  readonly protocol: string;
  readonly client: string;
  /** Hex; the salt of this session's operation digests. */
  readonly salt: string;
  /** Whether the client's connection was encrypted; recordings before 0.2 do not say. */
  readonly secure?: boolean | undefined;
}

/** What is written when an operation was decided, before its reply. */
export interface RecordedOperation {
  readonly evaluationId: string;
  readonly text: string;
  readonly form: string;
  /** Bound values; null is the protocol's null. Bounded by the recorder. */
  readonly parameters: readonly (Uint8Array | null)[];
  readonly effect: 'permit' | 'deny';
  readonly policies: readonly string[];
  readonly policyVersion: string;
  readonly reason: string;
  readonly obligations: readonly string[];
  readonly requestId: string | null;
  /** Milliseconds spent held, 0 when it was not. */
  readonly heldMs: number;
}

/** The recording of one session. Synchronous and cheap: bytes are copied into a buffer that is written behind. */
export interface Recording {
  operation(operation: RecordedOperation): Tape;
  /** Something worth showing that is no operation: a hold, a violation. */
  note(text: string): void;
  /**
   * Writes what is left and closes. While the disk takes nothing it waits, until the recorder stops. Fault
   * `recording-unavailable` when part of the recording could not be written.
   */
  end(reason: string): Promise<void>;
  /** Part of this recording could not be written yet, or for good: nothing may run in the session until it is. */
  readonly failed: boolean;
  /** Tries to write what could not be written, once for all who ask meanwhile; whether all of it is. Never rejects. */
  recover(): Promise<boolean>;
}

export interface Recorder {
  /** Starts the recording of a session. Fault `recording-unavailable` or `audit-unavailable` when it cannot be written. */
  begin(header: RecordingHeader): Recording;
  /** Whether a recording of this session is being written. */
  isOpen(sessionId: string): boolean;
  /** The gateway stops: what ended and cannot be written is tried once more, and then it is lost. */
  stop(): void;
  close(): Promise<void>;
}

export type { OperationResult, Tape };
