/** Opening a PostgreSQL connection: dial, TLS, login. The I/O of the login machine, and of cancel requests. */
import { FrameReader, MESSAGE_HEADER_BYTES, WireError } from '@sallyport/postgres-wire';
import { type Channel, connectForTls, connectPlain, firstChunk, settled, startTls } from '../channel.ts';
import type { OpenRequest, TargetConnection } from '../connector.ts';
import { ConnectorFault } from '../fault.ts';
import { SocketConnection } from '../socket-connection.ts';
import { asFault, type Stage, withinTime } from '../stage.ts';
import type { PostgresTarget } from '../target.ts';
import { derived, LOGIN_START, type LoginState, step } from './login.ts';
import {
  type BackendKey,
  cancelRequest,
  readLoginMessage,
  sslRequest,
  startupMessage,
} from './login-messages.ts';
import { type LoginPlan, LoginRefused, planLogin, startupSettings } from './login-plan.ts';

/** A logged-in connection. Rejects with ConnectorFault. */
export async function openPostgres(target: PostgresTarget, request: OpenRequest): Promise<TargetConnection> {
  const settings = startupSettings(target, request);
  const password = await target.readSecret();
  if (password?.includes('\0')) {
    throw new ConnectorFault(
      'credential-unavailable',
      target.name,
      'its password holds a NUL byte, which PostgreSQL cannot take',
    );
  }
  return withinTime(target.name, target.limits.login_ms, 'login_ms', request.signal, async (signal) => {
    const channel = await dial(target, signal);
    const plan = planLogin(target, password, channel.security);
    const login = await logIn(target, channel, plan, startupMessage(settings), signal);
    return new SocketConnection({
      target: target.name,
      channel,
      facts: Object.fromEntries(login.facts),
      early: login.early,
      cancel: () => cancel(target, login.key),
    });
  });
}

async function dial(target: PostgresTarget, signal: AbortSignal): Promise<Channel> {
  const { host, port } = target.config;
  const material = await target.readTls();
  if (material === null) {
    return inStage(target, 'connect', signal, connectPlain(host, port, signal));
  }
  const socket = await inStage(target, 'connect', signal, connectForTls(host, port, signal));
  const asked = firstChunk(socket, signal);
  socket.write(sslRequest());
  const answer = (await inStage(target, 'talk', signal, asked)).toString('latin1');
  if (answer === 'S') return inStage(target, 'tls', signal, startTls(socket, material, signal));
  socket.destroy();
  if (answer === 'N') {
    throw new ConnectorFault(
      'tls-unavailable',
      target.name,
      'it does not offer TLS; turn TLS on at the server, or set tls.mode to disable',
    );
  }
  // More than one byte would be plain text that someone put before the handshake (as in CVE-2021-23222).
  throw new ConnectorFault(
    'protocol-violation',
    target.name,
    'it did not answer the request for TLS with one byte; is it PostgreSQL?',
  );
}

interface Login {
  readonly facts: ReadonlyMap<string, string>;
  readonly key: BackendKey | null;
  readonly early: Buffer;
}

/** Drives the login machine. The channel is paused when it resolves, and destroyed when it rejects. */
function logIn(
  target: PostgresTarget,
  channel: Channel,
  plan: LoginPlan,
  startup: Buffer,
  signal: AbortSignal,
): Promise<Login> {
  const { socket, inlet } = channel;
  const { limits } = target;
  const reader = new FrameReader(limits.login_message_bytes);
  let state: LoginState = LOGIN_START;
  let received = 0;
  let framed = 0;
  let messages = 0;
  const done = settled<Login>(socket, signal, (resolve, reject) => {
    const advance = (next: { readonly state: LoginState; readonly send: Buffer | null }) => {
      state = next.state;
      if (next.send !== null) socket.write(next.send);
      if (state.name === 'deriving') deriveFor(state);
    };
    const deriveFor = (deriving: Extract<LoginState, { name: 'deriving' }>) => {
      const { salt, iterations } = deriving.challenge;
      target
        .saltPassword(plan.password ?? '', salt, iterations)
        .then((salted) => {
          if (state === deriving) advance(derived(deriving, salted));
        })
        .catch(reject);
    };
    const handle = (type: number, bytes: Buffer, start: number, end: number) => {
      // What follows the end of the login is not ours to read.
      if (state.name === 'ready') return;
      framed += end - start + MESSAGE_HEADER_BYTES;
      messages += 1;
      if (messages > limits.login_messages) throw overLimit('login_messages', limits.login_messages);
      advance(step(plan, state, readLoginMessage(type, bytes, start, end)));
    };
    inlet.sink = (chunk) => {
      const before = received;
      received += chunk.length;
      try {
        feed(reader, chunk, handle, () => state.name === 'ready');
        if (state.name === 'ready') {
          socket.pause();
          inlet.sink = refuseData(channel);
          resolve({
            facts: state.facts,
            key: state.key,
            early: Buffer.from(chunk.subarray(framed - before)),
          });
        } else if (received > limits.login_bytes) {
          throw overLimit('login_bytes', limits.login_bytes);
        }
      } catch (error) {
        inlet.sink = ignoreData;
        reject(error);
      }
    };
    socket.write(startup);
  });
  return inStage(target, 'talk', signal, done);
}

function feed(
  reader: FrameReader,
  chunk: Buffer,
  handle: Parameters<FrameReader['push']>[1],
  ready: () => boolean,
): void {
  try {
    reader.push(chunk, handle);
  } catch (error) {
    // The reader ran on into bytes after the login, which are not its business.
    if (!(error instanceof WireError && ready())) throw error;
  }
}

function overLimit(name: string, limit: number): LoginRefused {
  return new LoginRefused(
    'limit-exceeded',
    `it sent more during login than the limit ${name} (${limit}) allows; is it PostgreSQL?`,
  );
}

const refuseData = (channel: Channel) => () => {
  channel.socket.destroy(new Error('bytes arrived while the connection was paused'));
};
const ignoreData = () => {};

/** Sends the key on a connection of its own and waits until the server closes it: then the request was seen. */
async function cancel(target: PostgresTarget, key: BackendKey | null): Promise<void> {
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
    inlet.sink = ignoreData;
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

function inStage<T>(target: PostgresTarget, stage: Stage, signal: AbortSignal, work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    if (signal.aborted) throw signal.reason;
    if (error instanceof LoginRefused) throw new ConnectorFault(error.code, target.name, error.message);
    if (error instanceof WireError) {
      const code = error.code === 'length-over-limit' ? 'limit-exceeded' : 'protocol-violation';
      throw new ConnectorFault(
        code,
        target.name,
        `it broke the protocol during login: ${error.message}; is it PostgreSQL?`,
      );
    }
    throw asFault(target.name, stage, error);
  });
}
