import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { systemClock } from '../../packages/gateway/src/lib/clock.ts';
import { createPostgresProtocol } from '../../packages/gateway/src/protocols/postgres/index.ts';
import { FrameWriter, FrontendType } from '../../packages/postgres-wire/src/index.ts';
import type { PostgresServer } from '../fixtures/postgres-server.ts';
import type {
  ClientAnswer,
  ConformanceClient,
  ConformanceTarget,
  OperationName,
  ProtocolFixture,
} from './fixture.ts';
import type { Rule } from './gateway-under-test.ts';
import { type Interference, startSpy } from './postgres-spy.ts';

const SECRET = 'jane.roe@customers.example';
const MESSAGE_BYTES = 65_536;

/** What the server must have before the first conversation. */
export const CONFORMANCE_SQL = `
  CREATE SCHEMA shop;
  CREATE TABLE shop.words (word text);
  INSERT INTO shop.words VALUES ('harmless');
  CREATE TABLE shop.customers (word text, contact text);
  INSERT INTO shop.customers VALUES ('harmless', '${SECRET}');
  CREATE TABLE shop.orders (amount integer);
`;

const RULES: Readonly<Record<string, Rule>> = {
  select: 'permit',
  insert: 'approval',
  drop: 'forbid',
};

/** How SQL says each operation. */
const TEXTS: Readonly<Record<OperationName, string>> = {
  read: 'SELECT word FROM shop.words',
  write: 'INSERT INTO shop.orders VALUES (1)',
  forbidden: 'DROP TABLE shop.orders',
  undetermined: 'SELECT word FROM shop.words WHERE',
  masked: 'SELECT word, contact FROM shop.customers',
  oversized: `SELECT word FROM shop.words /* ${'x'.repeat(MESSAGE_BYTES)} */`,
  interrupted: 'SELECT word AS interrupted FROM shop.words',
  hostile: 'SELECT word AS hostile FROM shop.words',
};

const NAMES = new Map(Object.entries(TEXTS).map(([name, text]) => [text, name as OperationName]));
const INTERFERENCE: Readonly<Partial<Record<OperationName, Interference>>> = {
  interrupted: 'interrupt',
  hostile: 'replace',
};

/** Which of the protocol's two ways of running a text the client uses. */
export type QueryMode = 'simple' | 'extended';

/** `server` has run CONFORMANCE_SQL. It outlives the fixture: each target is a spy in front of it. */
export function postgresFixture(server: () => PostgresServer, mode: QueryMode): ProtocolFixture {
  return {
    protocol: createPostgresProtocol({ random: randomBytes, clock: systemClock }),
    limits: { messageBytes: MESSAGE_BYTES },
    secret: SECRET,
    startTarget: (arrived) => startTarget(server(), arrived),
    rule: ({ action }) => RULES[action] ?? 'no-policy',
    connect: (port, credential) => PgClient.open(port, credential, mode),
    garbage: [
      { name: 'a TLS hello', bytes: Buffer.from('160301020001000100', 'hex') },
      { name: 'an HTTP request', bytes: Buffer.from('GET / HTTP/1.1\r\nhost: gateway\r\n\r\n') },
      { name: 'zeros', bytes: Buffer.alloc(4_096) },
      { name: 'a length of two thousand million', bytes: Buffer.from('7fffffff00030000', 'hex') },
      { name: 'protocol 2', bytes: Buffer.from('0000000800020000', 'hex') },
      { name: 'a start-up without a user', bytes: startup({ database: 'postgres' }) },
      {
        name: 'a query instead of a password',
        bytes: Buffer.concat([startup({ user: 'target' }), query(TEXTS.read)]),
      },
    ],
    conversation: {
      sent: ({ token, target }) =>
        Buffer.concat([startup({ user: target, database: 'postgres' }), password(token), says(mode)]),
      // The last row, CommandComplete, then ReadyForQuery outside a transaction.
      complete: (received) => /harmlessC.{4}SELECT 1\0Z.{4}I$/s.test(received.toString('latin1')),
    },
    cannot: {},
  };
}

async function startTarget(
  server: PostgresServer,
  arrived: (name: OperationName) => void,
): Promise<ConformanceTarget> {
  const spy = await startSpy(server.port, (text) => {
    const name = NAMES.get(text);
    if (name === undefined) return 'none';
    arrived(name);
    return INTERFERENCE[name] ?? 'none';
  });
  return {
    config: {
      name: 'target',
      protocol: 'postgres',
      host: '127.0.0.1',
      port: spy.port,
      tls: { mode: 'disable' },
      // Logs in without a password: how the connector proves itself is tested elsewhere.
      credential: { username: server.superuser },
    },
    close: spy.close,
  };
}

/** node-postgres, whose connection may have been refused: then every operation is. */
class PgClient implements ConformanceClient {
  readonly closed: Promise<void>;
  readonly #client: pg.Client;
  readonly #mode: QueryMode;
  #refused: ClientAnswer | null = null;
  /** The last thing the server said before it closed. */
  #parting: ClientAnswer = { kind: 'closed' };

  static async open(
    port: number,
    credential: { readonly token: string; readonly target: string },
    mode: QueryMode,
  ): Promise<PgClient> {
    const client = new PgClient(port, credential, mode);
    await client.#connect();
    return client;
  }

  private constructor(
    port: number,
    { token, target }: { readonly token: string; readonly target: string },
    mode: QueryMode,
  ) {
    this.#mode = mode;
    // As a function: an empty string would have it look for a password elsewhere.
    const credential = { user: target, database: 'postgres', password: () => token };
    this.#client = new pg.Client({ host: '127.0.0.1', port, ...credential });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#client.on('end', () => resolve());
    this.#client.on('error', (error) => {
      this.#parting = answerOf(error);
    });
  }

  async #connect(): Promise<void> {
    try {
      await this.#client.connect();
    } catch (error) {
      this.#refused = answerOf(error);
    }
  }

  async run(name: OperationName): Promise<ClientAnswer> {
    if (this.#refused !== null) return this.#refused;
    try {
      const result = await this.#client.query<string[]>({
        text: TEXTS[name],
        rowMode: 'array',
        ...(this.#mode === 'extended' ? { queryMode: 'extended' } : {}),
      });
      return { kind: 'reply', text: result.rows.flat().join('\n') };
    } catch (error) {
      const answer = answerOf(error);
      return answer.kind === 'closed' ? this.#parting : answer;
    }
  }

  disconnect(): void {
    this.#client.connection.stream.destroy();
  }
}

function answerOf(error: unknown): ClientAnswer {
  if (!(error instanceof pg.DatabaseError)) return { kind: 'closed' };
  const { message, detail = '', hint = '' } = error;
  const evaluationId = /Evaluation (\S+?)\.?(?= |$)/.exec(detail)?.[1] ?? null;
  return { kind: 'refused', text: [message, detail, hint].join('\n'), evaluationId, hint };
}

function startup(parameters: Readonly<Record<string, string>>): Buffer {
  const text = Object.entries(parameters).map(([name, value]) => `${name}\0${value}\0`);
  const body = Buffer.from(`${text.join('')}\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + body.length);
  head.writeInt32BE(196_608, 4);
  return Buffer.concat([head, body]);
}

function password(token: string): Buffer {
  return new FrameWriter(64).begin(FrontendType.Password).string(token).end().take();
}

function query(text: string): Buffer {
  return new FrameWriter(64).begin(FrontendType.Query).string(text).end().take();
}

/** One `read`, as either way says it. */
function says(mode: QueryMode): Buffer {
  if (mode === 'simple') return query(TEXTS.read);
  const writer = new FrameWriter(256);
  writer.begin(FrontendType.Parse).string('').string(TEXTS.read).int16(0).end();
  writer.begin(FrontendType.Bind).string('').string('').int16(0).int16(0).int16(0).end();
  writer.begin(FrontendType.Execute).string('').int32(0).end();
  return writer.begin(FrontendType.Sync).end().take();
}
