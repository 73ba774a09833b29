import type { Denial, Line } from '../protocol.ts';
import type { PostgresCaller } from './accept.ts';
import type { CancelKeys } from './cancel-keys.ts';
import { ClientStream } from './client-stream.ts';
import { Conversation } from './conversation.ts';
import {
  AUTHENTICATION_OK,
  backendKeyData,
  denialMessage,
  errorMessage,
  parameterStatus,
  READY_IDLE,
} from './messages.ts';
import { Outgoing } from './outgoing.ts';
import { ReplyStream } from './reply-stream.ts';
import type { CatalogShelf } from './target-catalog.ts';

/** Longest wait for a client to read the last word before its socket is torn down, in milliseconds. */
const LAST_WORD_MS = 1_000;

export interface RelayParts {
  readonly caller: PostgresCaller;
  readonly line: Line;
  readonly catalogs: CatalogShelf;
  readonly cancelKeys: CancelKeys;
}

/** Serves one session: the only file of this protocol that owns both sockets. Resolves when they are closed. */
export async function relay({ caller, line, catalogs, cancelKeys }: RelayParts): Promise<void> {
  const client = caller.socket;
  const { target, facet } = caller.facts;
  const closed = new Promise<void>((resolve) => {
    client.once('close', () => resolve());
    if (client.destroyed) resolve();
  });
  const catalog = await catalogs.take(target, facet, line).catch((fault: unknown) => unreadable(fault));
  if (typeof catalog === 'string') {
    client.end(errorMessage({ severity: 'FATAL', sqlstate: '57P03', message: catalog }));
    line.target.close();
    return closed;
  }
  const talk = new Conversation(line, client, catalog, () => {
    line.target.close();
    client.end();
    setTimeout(() => client.destroy(), LAST_WORD_MS).unref();
  });
  const out = new Outgoing(client);
  const replies = new ReplyStream(talk, out);
  const requests = new ClientStream(talk);

  const key = cancelKeys.issue(caller.minor, () => {
    // What waits for people is not at the target yet: there is nothing to cancel there.
    if (!talk.cancelHold()) line.target.cancel().catch(() => undefined);
  });
  line.target.onReply((chunk) => replies.feed(chunk));
  line.target.onDrain(() => talk.targetDrained());
  line.target.onClose((fault) => talk.fatal(targetGone(fault)));
  line.onEnd((denial: Denial) => {
    if (!talk.over) line.target.cancel().catch(() => undefined);
    talk.fatal(denialMessage(denial, 'FATAL'));
  });
  client.write(welcome(line, key));
  client.on('data', (chunk: Buffer) => requests.feed(chunk));
  client.on('drain', () => replies.clientDrained());
  client.on('end', () => talk.close());
  client.on('close', () => talk.close());
  await closed;
  cancelKeys.withdraw(key.processId);
  catalogs.giveBack(catalog);
}

/** What a server says once the login is good: settings, the cancel key, and that it is ready. */
function welcome(line: Line, key: { readonly processId: number; readonly key: Buffer }): Buffer {
  const settings = Object.entries(line.target.facts).map(([name, value]) => parameterStatus(name, value));
  return Buffer.concat([AUTHENTICATION_OK, ...settings, backendKeyData(key.processId, key.key), READY_IDLE]);
}

function targetGone(fault: Error | null): Buffer {
  const message = fault === null ? 'the target closed the connection' : 'the connection to the target failed';
  return errorMessage({ severity: 'FATAL', sqlstate: '08006', message });
}

function unreadable(fault: unknown): string {
  return `the catalog of the target cannot be read: ${fault instanceof Error ? fault.message : 'unknown fault'}`;
}
