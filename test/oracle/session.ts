/** One connection to the server that is asked: a text at a time by the simple protocol, COPY rows included. */
import { join } from 'node:path';
import type { PostgresServer } from '../fixtures/postgres-server.ts';
import {
  copyData,
  copyDone,
  copyFail,
  fieldsOf,
  frame,
  query,
  RawClient,
  type RawMessage,
  valuesOf,
} from '../fixtures/raw-postgres.ts';

export interface Answer {
  /** Rows of the last result, as text. */
  readonly rows: readonly (readonly (string | null)[])[];
  readonly error: { readonly code: string; readonly message: string } | null;
  /** Whether a transaction is open, and failed. */
  readonly status: 'idle' | 'open' | 'failed';
}

const STATUS: Readonly<Record<string, Answer['status']>> = { I: 'idle', T: 'open', E: 'failed' };

export class OracleSession {
  readonly #client: RawClient;
  status: Answer['status'] = 'idle';

  private constructor(client: RawClient) {
    this.#client = client;
  }

  static async open(server: PostgresServer, database: string): Promise<OracleSession> {
    const socket = join(server.socketDir, `.s.PGSQL.${server.port}`);
    return new OracleSession(await RawClient.trusted(socket, server.superuser, database));
  }

  get closed(): boolean {
    return this.#client.closed;
  }

  async ask(sql: string, rows: string | null = null): Promise<Answer> {
    this.#client.send(query(sql));
    const messages: RawMessage[] = [];
    for (;;) {
      messages.push(...(await this.#client.until('Z', 'G')));
      if (messages.at(-1)?.type === 'Z') break;
      if (rows === null) this.#client.send(copyFail('no rows'));
      else this.#client.send(copyData(rows), copyDone());
    }
    // The client of the tests remembers every byte; here there are many.
    this.#client.received = Buffer.alloc(0);
    return this.#answer(messages);
  }

  close(): void {
    this.#client.send(frame('X'));
    this.#client.close();
  }

  #answer(messages: readonly RawMessage[]): Answer {
    const failure = messages.find(({ type }) => type === 'E');
    const fields = failure === undefined ? null : fieldsOf(failure);
    this.status = STATUS[messages.at(-1)?.body.toString('latin1') ?? ''] ?? 'idle';
    const last = messages.findLastIndex(({ type }) => type === 'T');
    return {
      rows:
        last < 0
          ? []
          : messages
              .slice(last)
              .filter(({ type }) => type === 'D')
              .map(valuesOf),
      error: fields === null ? null : { code: fields.C ?? '', message: fields.M ?? '' },
      status: this.status,
    };
  }
}
