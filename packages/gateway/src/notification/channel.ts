import type { Notice } from './notice.ts';

/** One place where people are told. */
export interface Channel {
  /** Resolves once it was taken. Rejects with SinkFailure when it may not have been: it is then sent again. */
  send(notice: Notice, signal: AbortSignal): Promise<void>;
  close(): void;
}
