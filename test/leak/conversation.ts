/** Runs attacks over one connection, and takes apart what came so that a value in pieces is put together again. */
import {
  bind,
  describePortal,
  execute,
  fieldsOf,
  parse,
  query,
  type RawClient,
  type RawMessage,
  sync,
} from '../fixtures/raw-postgres.ts';
import type { Attack } from './attack.ts';

/** Simple queries get text; the extended protocol is asked for the binary format. */
export type Mode = 'simple' | 'extended';

export interface Reply {
  /** Every byte that came. */
  readonly received: Buffer;
  readonly messages: readonly RawMessage[];
  /** Why the gateway refused, for each text that it did. */
  readonly refusals: readonly string[];
  /** What a target said of texts that failed there. */
  readonly failures: readonly string[];
  /** The session ended before the attack did. */
  readonly ended: boolean;
}

export async function carryOut(client: RawClient, { texts, alone }: Attack, mode: Mode): Promise<Reply> {
  client.received = Buffer.alloc(0);
  const steps = texts.map((text) => (mode === 'simple' ? query(text) : extended(text)));
  if (alone !== true) {
    steps.unshift(query('BEGIN'));
    steps.push(query('ROLLBACK'));
  }
  // What is prepared outlives the transaction.
  if (texts.some((text) => text.startsWith('PREPARE'))) steps.push(query('DEALLOCATE ALL'));
  const messages: RawMessage[] = [];
  client.send(...steps);
  for (const _ of steps) {
    const ready = await client.until('Z').catch((fault: unknown) => {
      if (!client.closed) throw fault;
      return client.messages.splice(0);
    });
    messages.push(...ready);
  }
  const errors = messages.filter(({ type }) => type === 'E').map((message) => fieldsOf(message).M ?? '');
  return {
    received: client.received,
    messages,
    refusals: errors.filter((text) => text.startsWith('denied: ')),
    failures: errors.filter((text) => !text.startsWith('denied: ')),
    ended: client.closed,
  };
}

const extended = (text: string): Buffer =>
  Buffer.concat([parse('', text), bind('', '', [], { results: [1] }), describePortal(), execute(), sync()]);

/** The reply as it came, and its values put together: down each column, across rows, and the texts of messages. */
export function pagesOf({ received, messages }: Reply): readonly Buffer[] {
  const parts = new Map<string, Buffer[]>();
  const put = (key: string, value: Buffer): void => {
    const values = parts.get(key);
    if (values === undefined) parts.set(key, [value]);
    else values.push(value);
  };
  let result = 0;
  for (const message of messages) {
    if (message.type === 'T') result += 1;
    else if (message.type === 'd') put('copied', message.body);
    else if (message.type === 'E' || message.type === 'N')
      for (const [field, value] of Object.entries(fieldsOf(message))) put(field, Buffer.from(value));
    if (message.type !== 'D') continue;
    for (const [column, value] of rawValues(message.body).entries()) {
      if (value === null) continue;
      put(`${result}.${column}`, value);
      put('rows', value);
    }
  }
  return [received, ...[...parts.values()].map((values) => Buffer.concat(values))];
}

/** What the reply tells, however it is laid out: its values and the texts of errors and notices. */
export function toldBy({ messages }: Reply): string {
  const told = messages.flatMap((message): unknown[] => {
    if (message.type === 'D') return rawValues(message.body).map((value) => value?.toString('hex') ?? null);
    if (message.type !== 'E' && message.type !== 'N') return [];
    const { C, M, D, H } = fieldsOf(message);
    return [C, M, D, H];
  });
  return JSON.stringify(told);
}

function rawValues(body: Buffer): (Buffer | null)[] {
  const values: (Buffer | null)[] = [];
  let at = 2;
  for (let left = body.readInt16BE(0); left > 0; left -= 1) {
    const length = body.readInt32BE(at);
    at += 4;
    values.push(length < 0 ? null : body.subarray(at, at + length));
    at += Math.max(length, 0);
  }
  return values;
}
