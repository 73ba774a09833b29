/** How tools look at a target on which nothing is carried out. */
import type { MaybePromise } from '../lib/async.ts';
import type { Meaning } from './protocol.ts';

/** Where a study knows from what is in a target. */
export type StudySource =
  /** The target itself, over connections that carry nothing but the protocol's own fixed questions. */
  | { readonly kind: 'live'; open(): Promise<StudyLink> }
  /** What `Study.save` gave before; comes from a file, so anything may be in it. */
  | { readonly kind: 'saved'; readonly catalog: unknown }
  /** What every such target has, and these tables. */
  | { readonly kind: 'listed'; readonly tables: readonly ListedTable[] }
  /** What every such target has; whatever else is named is taken to be there. */
  | { readonly kind: 'assumed' };

export interface ListedTable {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly string[];
}

/** A connection to a target on which no client's bytes ever travel. */
export interface StudyLink {
  /** Facts of the login, as in `TargetLink`. */
  readonly facts: Readonly<Record<string, string>>;
  send(bytes: Uint8Array): void;
  onReply(handler: (chunk: Buffer) => void): void;
  onClose(handler: (fault: Error | null) => void): void;
  close(): void;
}

/** One target, or part of one, as a tool looks at it. Nothing that is understood is carried out. */
export interface Study {
  /** A session in the state a fresh one is in. */
  begin(): StudiedSession;
  /** What it knows of the target as plain JSON, for a later study of kind `saved`; null where there is nothing to know. */
  save(): Promise<unknown>;
  /**
   * At most `rows` rows of each table, or of those of one schema, for tools that look for what should be classified.
   * Values are clear data: they are for detectors only. Absent where there are no rows to be had.
   */
  sampleTables?(rows: number, schema?: string): AsyncIterable<SampledTable>;
}

export interface SampledTable {
  readonly schema: string;
  readonly table: string;
  /** False when its rows could not be read. */
  readonly readable: boolean;
  readonly columns: readonly {
    readonly name: string;
    readonly comment: string;
    /** The class the target declares for it, or null. */
    readonly declared: string | null;
    /** Of the rows that have one; long ones are cut. */
    readonly values: readonly string[];
  }[];
}

export interface StudiedSession {
  /** What a text means in the session's present state. At once when it is known. Never rejects. */
  understand(text: string): MaybePromise<Meaning>;
  /** It would be on its way to the target: what follows is understood with what it may change in mind. */
  forwarded(meaning: Meaning): void;
  /** It would have succeeded. */
  succeeded(meaning: Meaning): void;
}

/** One shown line of a recorded reply. */
export type Transcript =
  | { readonly kind: 'columns'; readonly names: readonly string[] }
  | { readonly kind: 'row'; readonly values: readonly (string | null)[] }
  | { readonly kind: 'notice' | 'error' | 'complete' | 'text'; readonly text: string };
