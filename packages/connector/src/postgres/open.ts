/** Opening a PostgreSQL connection: dial, TLS, login. The I/O of the login machine. */
import { type Channel, settled } from '../channel.ts';
import type { OpenRequest, TargetConnection } from '../connector.ts';
import { ConnectorFault } from '../fault.ts';
import { SocketConnection } from '../socket-connection.ts';
import { withinTime } from '../stage.ts';
import type { PostgresTarget } from '../target.ts';
import { cancel } from './cancel.ts';
import { dial, inStage } from './dial.ts';
import { type BackendKey, startupMessage } from './login-messages.ts';
import { type LoginPlan, planLogin, startupSettings } from './login-plan.ts';
import { LoginStream } from './login-stream.ts';

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
      turns: target.cancelTurns,
    });
  });
}

interface Login {
  readonly facts: ReadonlyMap<string, string>;
  readonly key: BackendKey | null;
  readonly early: Buffer;
}

/** Runs the login on a connected channel, which is paused when it resolves and destroyed when it rejects. */
function logIn(
  target: PostgresTarget,
  channel: Channel,
  plan: LoginPlan,
  startup: Buffer,
  signal: AbortSignal,
): Promise<Login> {
  const { socket, inlet } = channel;
  const login = settled<Login>(socket, signal, (resolve, reject) => {
    const stream = new LoginStream(plan, target.limits, {
      send: (bytes) => socket.write(bytes),
      salt: (salt, iterations) => {
        target
          .saltPassword(plan.password ?? '', salt, iterations)
          .then((salted) => stream.salted(salted))
          .catch(reject);
      },
    });
    inlet.sink = (chunk) => {
      try {
        const early = stream.push(chunk);
        if (early === null || stream.state.name !== 'ready') return;
        socket.pause();
        // The memory of the chunk is read into again.
        resolve({ facts: stream.state.facts, key: stream.state.key, early: Buffer.from(early) });
      } catch (error) {
        inlet.sink = () => {};
        reject(error);
      }
    };
    socket.write(startup);
  });
  return inStage(target, 'talk', signal, login);
}
