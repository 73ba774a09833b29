import type { Evaluation, Limits, Protocol } from '../../packages/gateway/src/protocols/protocol.ts';
import type { conformanceRequirements } from '../requirements/conformance.ts';
import type { Rule } from './gateway-under-test.ts';

/** The operations every protocol has some form of; a fixture says in its own bytes what each is. */
export type OperationName =
  /** Permitted; its reply holds the word `harmless`. */
  | 'read'
  /** Needs one approval. */
  | 'write'
  /** A policy forbids it. */
  | 'forbidden'
  /** Its effect cannot be told. */
  | 'undetermined'
  /** Permitted; its reply holds `secret`, which must be masked, and the word `harmless`. */
  | 'masked'
  /** Larger than the limit for one message. */
  | 'oversized'
  /** Permitted; the target breaks the connection in the middle of its reply. */
  | 'interrupted'
  /** Permitted; the target replies with bytes that are not the protocol. */
  | 'hostile';

/** How an operation ended, as the client saw it. */
export type ClientAnswer =
  | { readonly kind: 'reply'; readonly text: string }
  /** The protocol's own error frame. `text` is everything a person would see of it. */
  | {
      readonly kind: 'refused';
      readonly text: string;
      readonly evaluationId: string | null;
      readonly hint: string;
    }
  /** The connection ended without a word. */
  | { readonly kind: 'closed' };

/** A real client of the protocol, on one connection. */
export interface ConformanceClient {
  /** Runs one operation. Never rejects. */
  run(name: OperationName): Promise<ClientAnswer>;
  /** Goes away without a goodbye. */
  disconnect(): void;
  /** Resolves when the connection is closed, by whomever. */
  readonly closed: Promise<void>;
}

/** A real server of the protocol. */
export interface ConformanceTarget {
  /** Its entry in the connector's configuration; the name is `target`. */
  readonly config: unknown;
  close(): Promise<void>;
}

export interface ProtocolFixture {
  readonly protocol: Protocol;
  readonly limits?: Partial<Limits>;
  /** What the value in the reply to `masked` is. It must be one that a built-in detector finds. */
  readonly secret: string;
  /** `arrived` is called with the name of every operation that reaches the server, as it does. */
  startTarget(arrived: (name: OperationName) => void): Promise<ConformanceTarget>;
  /** What policy says; only operations are asked about, never the connection. */
  rule(evaluation: Evaluation): Rule;
  /** Opens a connection and logs in, as far as the protocol can before its first operation. Never rejects. */
  connect(
    port: number,
    credential: { readonly token: string; readonly target: string },
  ): Promise<ConformanceClient>;
  /** Bytes that are not the protocol, sent to a fresh connection. */
  readonly garbage: readonly { readonly name: string; readonly bytes: Buffer }[];
  /** A whole conversation as bytes: what a client sends for one `read`, and whether its reply is complete. */
  readonly conversation: {
    sent(credential: { readonly token: string; readonly target: string }): Buffer;
    complete(received: Buffer): boolean;
  };
  /** Promises this protocol cannot keep, each with the reason. */
  readonly cannot: Readonly<Partial<Record<ConformancePromise, string>>>;
}

/** Every promise of the suite. */
export type ConformancePromise = keyof typeof conformanceRequirements;
