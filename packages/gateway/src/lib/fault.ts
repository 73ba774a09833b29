/**
 * What can go wrong in the gateway that is not a denial: denials are values, faults are exceptions.
 * Closed: every code is listed here, with what it means to whoever runs the gateway.
 */
export type FaultCode =
  /** The configuration cannot be used. */
  | 'config-invalid'
  /** A policy set cannot be used; the one in force stays. */
  | 'policy-invalid'
  /** The audit log could not be appended to; operations are denied until it can. */
  | 'audit-unavailable'
  /** A sink of the audit log is further behind than it may be. */
  | 'export-behind'
  /** The collector of traces does not take them; nothing waits for it. */
  | 'collector-unavailable'
  /** The recording could not be written. */
  | 'recording-unavailable'
  /** The decision point did not answer. */
  | 'decision-unavailable'
  /** A credential is not acceptable. */
  | 'credential-rejected'
  /** The issuer's keys cannot be had. */
  | 'issuer-unavailable'
  /** The target cannot be reached or does not accept the connector's login. */
  | 'target-unavailable'
  /** A named limit was exceeded. */
  | 'limit-exceeded'
  /** The embedded store cannot be used. */
  | 'storage-unavailable'
  /** Something asked for does not exist, or not for this caller. */
  | 'not-found'
  /** The caller is known and may not do this. */
  | 'not-permitted'
  /** The caller must prove with a passkey that it is them, now, for exactly this. */
  | 'step-up-required'
  /** A message to people could not be delivered; nothing waits for it. */
  | 'notification-undelivered'
  /** The state of a thing does not allow what was asked. */
  | 'conflict';

/** An exception with a code. The message names the action, the value and the remedy, and never holds a secret. */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly code: FaultCode;

  constructor(code: FaultCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
