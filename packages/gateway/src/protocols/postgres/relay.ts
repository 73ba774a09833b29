import type { Line } from '../protocol.ts';
import type { PostgresCaller } from './accept.ts';
import type { CancelKeys } from './cancel-keys.ts';
import { runQuery } from './catalog-query.ts';
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
import type { CatalogShelf, TargetCatalog } from './target-catalog.ts';

/** Longest wait for a client to read the last word before its socket is torn down, in milliseconds. */
const LAST_WORD_MS = 500;

export interface RelayParts {
  readonly caller: PostgresCaller;
  readonly line: Line;
  readonly catalogs: CatalogShelf;
  readonly cancelKeys: CancelKeys;
}

/** Serves one session: the only file of this protocol that owns both sockets. Resolves when they are closed. */
export async function relay({ caller, line, catalogs, cancelKeys }: RelayParts): Promise<void> {
  const client = caller.socket;
  const closed = new Promise<void>((resolve) => {
    client.once('close', () => resolve());
    if (client.destroyed) resolve();
  });
  const learned = await unlessEnded(line, learn(caller, line, catalogs), catalogs);
  if ('lastWord' in learned) {
    client.end(learned.lastWord);
    setTimeout(() => client.destroy(), LAST_WORD_MS).unref();
    line.target.close();
    return closed;
  }
  const { catalog, searchPath } = learned;
  const { wishes } = caller;
  const talk = new Conversation({ line, client, catalog, searchPath, wishes }, () => {
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
  line.target.onClose((fault) => {
    const how = fault === null ? 'the target closed the connection' : 'the connection to the target failed';
    talk.targetFailed(how, '08006');
  });
  line.onEnd((denial) => talk.fatal(denialMessage(denial, 'FATAL')));
  client.write(welcome(line, key));
  client.on('data', (chunk: Buffer) => requests.feed(chunk));
  client.on('drain', () => replies.clientDrained());
  client.on('end', () => talk.close());
  client.on('close', () => talk.close());
  await closed;
  cancelKeys.withdraw(key.processId);
  catalogs.giveBack(catalog, line);
}

/**
 * The search path the session starts with, which decides what every unqualified name means: the role or the database
 * may have its own. Servers before PostgreSQL 18 do not report it, so they are asked.
 */
async function ownSearchPath(line: Line): Promise<string> {
  const reported = line.target.facts.search_path;
  if (reported !== undefined) return reported;
  const rows = await runQuery(line.target, line.standing, 'SHOW search_path');
  const [[shown] = []] = rows;
  if (shown === undefined) throw new Error('it does not say its search_path');
  return shown;
}

/** What a server says once the login is good: settings, the cancel key, and that it is ready. */
function welcome(line: Line, key: { readonly processId: number; readonly key: Buffer }): Buffer {
  const settings = Object.entries(line.target.facts).map(([name, value]) => parameterStatus(name, value));
  return Buffer.concat([AUTHENTICATION_OK, ...settings, backendKeyData(key.processId, key.key), READY_IDLE]);
}

type Learned =
  | { readonly catalog: TargetCatalog; readonly searchPath: string }
  | { readonly lastWord: Buffer };

/** What was learned, or the last word of a session that is ended meanwhile: others may keep the catalog waiting. */
function unlessEnded(line: Line, learning: Promise<Learned>, catalogs: CatalogShelf): Promise<Learned> {
  const { promise, resolve, reject } = Promise.withResolvers<Learned>();
  let isOver = false;
  line.onEnd((denial) => {
    isOver = true;
    resolve({ lastWord: denialMessage(denial, 'FATAL') });
  });
  learning.then((learned) => {
    if (isOver && 'catalog' in learned) catalogs.giveBack(learned.catalog, line);
    resolve(learned);
  }, reject);
  return promise;
}

/** What must be known before the first statement can be understood. */
async function learn(caller: PostgresCaller, line: Line, catalogs: CatalogShelf): Promise<Learned> {
  const { target, facet } = caller.facts;
  try {
    const catalog = await catalogs.take(target, facet, line);
    const searchPath = await ownSearchPath(line).catch((fault: unknown) => {
      catalogs.giveBack(catalog, line);
      throw fault;
    });
    return { catalog, searchPath };
  } catch (fault) {
    const message = `the target cannot be read: ${fault instanceof Error ? fault.message : 'unknown fault'}`;
    return { lastWord: errorMessage({ severity: 'FATAL', sqlstate: '57P03', message }) };
  }
}
