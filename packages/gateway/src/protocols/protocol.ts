/**
 * What a protocol is to the rest of the gateway, and what the gateway is to a protocol.
 *
 * A protocol understands bytes. It cannot permit anything: it hands over operations and gets an outcome, and the
 * only way to the target, `TargetLink.forward`, wants the permit that came with it. See docs/protocols.md.
 */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Limits } from '../lib/limits.ts';
import type { ServerTls } from '../lib/server-tls.ts';
import type { Mask } from './mask.ts';
import type { Meaning, Operation } from './meaning.ts';
import type { Study, StudySource, Transcript } from './study.ts';

export type * from './mask.ts';
export type * from './meaning.ts';
export type * from './study.ts';
export type { Limits };

/** Proof that a decision to permit is in the audit log. Only data-path/permit.ts can make one. */
export interface Permit {
  readonly effect: 'permit';
  /** The evaluation it answers. */
  readonly evaluationId: string;
}

/** Proof that a decision to deny is in the audit log. */
export interface Refusal {
  readonly effect: 'deny';
  readonly denial: Denial;
}

/** What the client is told about a deny. Every field is safe to show to the agent. */
export interface Denial {
  readonly evaluationId: string;
  readonly code: DenialCode;
  readonly reason: string;
  /** The policies that decided, by id; empty when no policy matched. */
  readonly policies: readonly string[];
  /** What the client could do next. */
  readonly hint: string;
  /** The access request that people can decide, with `access-request-pending`. */
  readonly accessRequest?: { readonly id: string; readonly expiresAt: number };
  /** What a further proof must carry, when that alone was missing (RFC 9449 section 9). */
  readonly nonce?: string;
}

export type DenialCode =
  | 'unauthenticated'
  | 'unknown-target'
  | 'forbidden'
  | 'undetermined'
  /** People are asked, and the client does not wait: it may send exactly the same again later. */
  | 'access-request-pending'
  | 'access-request-denied'
  | 'access-request-expired'
  | 'access-request-cancelled'
  | 'session-ended'
  | 'audit-unavailable'
  | 'target-unavailable'
  | 'limit-exceeded'
  | 'protocol-violation';

/** The answer to one operation. `refused` carries nothing that could be forwarded. */
export type Outcome =
  | {
      readonly effect: 'permit';
      readonly permit: Permit;
      readonly mask: Mask;
      readonly tape: Tape;
      /** What the reply may have at most, which the protocol sees to; null when it may have anything. */
      readonly limit: ReplyLimit | null;
    }
  | { readonly effect: 'deny'; readonly refusal: Refusal };

/** What one operation may take at most; null where there is no limit. What is over it is not delivered. */
export interface ReplyLimit {
  /** Rows, or items; a protocol that has none does not count them. */
  readonly rows: number | null;
  /** Bytes of the reply, as the target sends them. */
  readonly bytes: number | null;
  /** From when it is sent to the target until its reply is over, in milliseconds. */
  readonly timeoutMs: number | null;
  /**
   * Counts rows against a budget that other operations share, just before they are delivered; gives how many of them may
   * be. Absent: there is none.
   */
  takeRows?(count: number): number;
}

/** The recording of one operation's reply, as the client saw it. Calls are cheap; bytes past the limit are counted only. */
export interface Tape {
  /** Adds reply bytes, already masked, in the protocol's own framing. Copied before it returns. */
  reply(bytes: Buffer, start: number, end: number): void;
  /** Ends the recording of this operation. Calling it again does nothing. */
  end(result: OperationResult): void;
}

export interface OperationResult {
  readonly outcome: 'completed' | 'failed' | 'skipped' | 'cancelled';
  /** Rows, or items, in the reply; null where the word has no meaning. */
  readonly rows: number | null;
  /** Reply bytes as delivered to the client. */
  readonly bytes: number;
  /** The protocol's own code for how it ended, such as a SQLSTATE, a command tag or an HTTP status. */
  readonly status: string;
}

/** The inner door: one authenticated connection to the target, logged in by the connector. */
export interface TargetLink {
  /** Facts of the login that the protocol relays to the client, such as PostgreSQL's ParameterStatus values. */
  readonly facts: Readonly<Record<string, string>>;
  /** Sends bytes that belong to a permitted operation (L1). Returns false when the target is slow: wait for drain. */
  forward(permit: Permit, bytes: Uint8Array): boolean;
  /** Writes what `forward` gathered in this turn, as one write. Happens by itself at the end of the turn. */
  flush(): boolean;
  /** Makes the target fail the transaction a refused operation would have run in, by bytes fixed in the protocol. */
  rollBack(refusal: Refusal, how: number): boolean;
  /** Where reply bytes go, a chunk of a stream at a time. The chunk is only good during the call. */
  onReply(handler: (chunk: Buffer) => void): void;
  /** During `onReply`: a pending write still uses the chunk's memory, so it must not be read into again. */
  keep(): void;
  onDrain(handler: () => void): void;
  /** The target closed, or failed; called once. */
  onClose(handler: (fault: Error | null) => void): void;
  pause(): void;
  resume(): void;
  /** Asks the target to stop what this link is doing, out of band. */
  cancel(): Promise<void>;
  close(): void;
}

/** Told about a hold, so that it can tell the client in the protocol's own way. */
export interface HoldListener {
  /** The operation waits for people. Every field is safe to show to the agent. */
  held(notice: HoldNotice): void;
  /** Aborted when the client went away or cancelled: the access request is then cancelled. */
  readonly signal: AbortSignal;
  /** What the client wants of the asking. Absent: what the configuration says, and nothing stated. */
  readonly wishes?: Wishes;
  /** What an operation means by now: what it rests on may have been replaced while people decided. Absent: nothing can. */
  meaningNow?(meaning: Meaning): Promise<Meaning>;
}

/** How a client wants people to be asked. Its own words: attacker-chosen, bounded by whoever reads them off the wire. */
export interface Wishes {
  /** To wait for them, or to be refused with the id of the access request at once. */
  readonly mode?: 'hold' | 'return';
  /** Why it asks. */
  readonly reason?: string;
  /** To go ahead now and be reviewed, where policy lets this person. */
  readonly breakGlass?: boolean;
}

export interface HoldNotice {
  readonly requestId: string;
  /** What waits, with literals taken out. */
  readonly what: string;
  /** Who can approve: group names, each with the number of seats. */
  readonly approvers: readonly { readonly group: string; readonly seats: number }[];
  /** When the access request expires, in milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** What the data path offers a protocol for one session. */
export interface Line {
  readonly sessionId: string;
  /** Whether the session has ended: nothing is permitted, and nothing opened, for it any more. */
  readonly over: boolean;
  readonly target: TargetLink;
  /** The permit of the session itself: for messages that carry no operation, such as Sync. */
  readonly standing: Permit;
  /** In a read-only session the target was asked to refuse changes; one that stops doing so breaks the session. */
  readonly access: 'read-only' | 'read-write';
  readonly mask: () => Mask;
  readonly limits: Limits;
  /** Asks for one operation. The answer is immediate when the decision is known and needs no disk sync. */
  submit(operation: Operation, hold: HoldListener): Outcome | Promise<Outcome>;
  /**
   * Asks to make an operation ready without running it (parse, describe). Judged as the operation itself is, except
   * that one which people could approve may be prepared: running it needs `submit`.
   */
  prepare(operation: Operation): Outcome | Promise<Outcome>;
  /** Refuses what the protocol never carries, whatever policy says (L2). `form` is what is logged. */
  refuse(form: string, code: DenialCode, reason: string, hint: string): Refusal;
  /** The data classes shown in this session because it asked, beside what policy shows anyway. */
  revealed(): readonly string[];
  /**
   * Asks to be shown these classes from here on, in place of those it asked for before. Judged as `reveal` on each, so people
   * may have to approve it; what is permitted is forwarded nowhere, and its tape is ended as any other's. `text` is what
   * the client wrote: nothing but that it asks, and for which classes.
   */
  reveal(
    request: { readonly classes: readonly string[]; readonly text: string },
    hold: HoldListener,
  ): Outcome | Promise<Outcome>;
  /** Ends what it asked for: from here on it is shown what policy shows. */
  endReveal(): void | Promise<void>;
  /** Runs the gateway's own fixed statement on a connection of its own, recorded as such: a protocol learns the target's catalog with it. */
  introspect(facet: string): Promise<TargetLink & { readonly permit: Permit }>;
  /** Verifies what came with a further message of the caller's, where each has to show anew that the token is its own. */
  confirm(possession: Possession): Promise<Refusal | null>;
  /** Called once when the session must end now (revoked, expired, shutting down). */
  onEnd(handler: (denial: Denial) => void): void;
  /** Puts a fault of the protocol (either side) in the audit log: malformed bytes, an impossible message. */
  violation(side: 'client' | 'target', reason: string): void;
}

/** What came along with a token, to show that whoever presents it holds its key. Nothing of it is believed. */
export interface Possession {
  /** The DPoP proof, or null when none came. */
  readonly proof: string | null;
  /** What a proof is for (RFC 9449 section 4.2): `htm`, and `htu` as what stands before and after the authority. */
  readonly method: string;
  readonly before: string;
  readonly after: string;
  /** Names and addresses of the door it came through, as `host:port`, beside those that are configured. */
  readonly authorities: readonly string[];
  /** SHA-256 of the certificate that the client proved to hold in the TLS handshake, base64url; null when none. */
  readonly certificate: string | null;
  /** Whether the client can be told which nonce a proof must carry (RFC 9449 section 8). */
  readonly tellsNonce: boolean;
}

/** Who came to the outer door, before anyone believed them. */
export interface Caller {
  /** The bearer token as presented. A secret. */
  readonly credential: string;
  /** What shows that the client holds the key of its token. Absent: the protocol carries nothing of the kind. */
  readonly possession?: Possession;
  /** The name of the target asked for. */
  readonly target: string;
  /** The part of the target asked for: a database name. Empty where a target has no parts. */
  readonly facet: string;
  /** Whether the credential came over TLS. */
  readonly secure: boolean;
  /** What the client says of itself; shown, never believed. */
  readonly client: string;
  /** What the connector must set when it logs in, already checked against the protocol's allow-list. */
  readonly startup: Readonly<Record<string, string>>;
  /** Answers in the protocol's own error frame, then closes. */
  refuse(denial: Denial): void;
  /** Serves the session until either side is done. Resolves when both sockets are closed; never rejects. */
  relay(line: Line): Promise<void>;
}

/** What a protocol needs to open the outer door. */
export interface Door {
  /** The server certificate, and whether clients are asked for one; null when the listener has none. */
  readonly tls: ServerTls | null;
  readonly limits: Limits;
  /** Whether a credential may be accepted on this socket: TLS, or a loopback peer. */
  trusted(socket: Socket | TLSSocket): boolean;
  /** Puts a fault before authentication in the audit log. */
  violation(reason: string): void;
}

/** One protocol: a folder that passes test/conformance. */
export interface Protocol {
  readonly name: string;
  /** Byte strings for `TargetLink.rollBack`, by index; none carries anything of a client's. */
  readonly rollBacks: readonly Uint8Array[];
  /** Speaks with a fresh socket until it has a credential; null when the connection needed no session (a cancel). */
  accept(socket: Socket, door: Door): Promise<Caller | null>;
  /** Turns recorded reply bytes into something to show: rows, notices, a body. Hostile bytes: never throws, never runs on. */
  transcribe(reply: Buffer): readonly Transcript[];
  /**
   * Understands operations of a target where none is carried, for tools that ask what policy would say. `facet` is the
   * part of the target asked about. Rejects, in words for people, when the source cannot be read.
   */
  study?(facet: string, source: StudySource): Promise<Study>;
  /**
   * Where the client says that an operation belongs in a trace of its own: a `traceparent` (W3C Trace Context), as it came
   * in what is judged. Not read, and nothing rests on it. Absent: the protocol carries none.
   */
  traceparent?(operation: Pick<Operation, 'text'>): string | null;
  /** Lets go of workers and caches, once, when the gateway stops. */
  close?(): Promise<void>;
}
