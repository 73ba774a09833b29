/** The thread that hashes for a busy log: gets a place in the log and a size, answers with the place at that size. */
import { parentPort, workerData } from 'node:worker_threads';
import { Sealer, type SealState } from './sealer.ts';

export interface SealRequest {
  readonly from: SealState;
  readonly size: number;
}

export type SealAnswer = { readonly state: SealState } | { readonly failure: string };

parentPort?.on('message', ({ from, size }: SealRequest) => {
  const sealer = new Sealer(String(workerData), from, Number.POSITIVE_INFINITY);
  sealer.advance(size).then(
    () => parentPort?.postMessage({ state: sealer.state } satisfies SealAnswer),
    (error: unknown) => parentPort?.postMessage({ failure: String(error) } satisfies SealAnswer),
  );
});
