import { ConnectorFault } from '../fault.ts';
import { withinTime } from '../stage.ts';
import type { PostgresTarget } from '../target.ts';
import { dial, inStage } from './dial.ts';
import { type BackendKey, cancelRequest } from './login-messages.ts';

/** Sends the key on a connection of its own and waits until the server closes it: then the request was seen. */
export async function cancel(target: PostgresTarget, key: BackendKey | null): Promise<void> {
  if (key === null) {
    throw new ConnectorFault(
      'protocol-violation',
      target.name,
      'cannot cancel: it gave no cancel key at login',
    );
  }
  await withinTime(target.name, target.limits.cancel_ms, 'cancel_ms', null, async (signal) => {
    const { socket, inlet } = await dial(target, signal);
    // The server answers nothing; whatever comes is dropped until it closes.
    inlet.sink = () => {};
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    const aborted = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    socket.write(cancelRequest(key));
    try {
      await inStage(target, 'talk', signal, Promise.race([closed, aborted]));
    } finally {
      socket.destroy();
    }
  });
}
