/**
 * The connector: dials targets, logs in with credentials only it holds (L7), and carries bytes. It decides nothing.
 */

/** What the gateway asks for: a target by name, and nothing about how to log in to it. */
export interface OpenRequest {
  readonly target: string;
  /** The database, where the protocol has such a thing. */
  readonly facet: string;
  /** Start-up settings, already allow-listed by the protocol. */
  readonly startup: Readonly<Record<string, string>>;
  /** `read-only` has the target itself refuse changes, as far as it can. */
  readonly access: TargetAccess;
  readonly signal: AbortSignal;
}

export type TargetAccess = 'read-only' | 'read-write';

/** A logged-in connection to a target. One consumer; handlers replace each other. */
export interface TargetConnection {
  /** Facts of the login (PostgreSQL: the ParameterStatus values the server reported). Never a secret. */
  readonly facts: Readonly<Record<string, string>>;
  /** Returns false when the target is slow. */
  write(bytes: Uint8Array): boolean;
  /** The chunk is only good during the call, unless `keep()` was called during it. */
  onData(handler: (chunk: Buffer) => void): void;
  /** During `onData`: the chunk's memory is still in use by a pending write, so read the next one elsewhere. */
  keep(): void;
  onDrain(handler: () => void): void;
  /** Called once; null after an orderly close by the target. */
  onClose(handler: (fault: Error | null) => void): void;
  pause(): void;
  resume(): void;
  /** Out of band: asks the target to cancel what this connection is running. Rejects when it cannot be reached. */
  cancel(): Promise<void>;
  close(): void;
  /**
   * For whoever may not go on: nothing that waits is sent, and what the target runs is stopped. `busy` says that something
   * runs for certain; else the target gets a moment to find out by itself. Resolves when the target has let go of the
   * connection; rejects with ConnectorFault when it has not in time: something may still run there.
   */
  abandon(busy: boolean): Promise<void>;
}

/** A target as the gateway may know it: no address, no credential. */
export interface ConnectorTarget {
  readonly name: string;
  readonly protocol: string;
}

export interface Connector {
  readonly targets: readonly ConnectorTarget[];
  /** Rejects with ConnectorFault: its message names the target and the remedy, never a credential. */
  open(request: OpenRequest): Promise<TargetConnection>;
}
