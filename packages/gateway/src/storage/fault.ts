import { Fault } from '../lib/fault.ts';

/** Runs one piece of work on the store; what goes wrong becomes Fault `storage-unavailable`. */
export async function storing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    throw new Fault(
      'storage-unavailable',
      'Could not use the embedded store; look at the free space of its disk.',
      {
        cause,
      },
    );
  }
}
