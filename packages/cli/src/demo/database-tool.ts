import pg from 'pg';
import type { Observation, Tools } from './agent.ts';

export interface DatabaseAddress {
  readonly port: number;
  readonly target: string;
  readonly database: string;
  readonly token: string;
}

/** The agent's only tool: an ordinary PostgreSQL client, pointed at the gateway, with the token as its password. */
export async function connectTool(
  { port, target, database, token }: DatabaseAddress,
  onNotice: (message: string) => void,
): Promise<Tools & { close(): Promise<void> }> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: target,
    database,
    password: token,
    application_name: 'react-agent',
    // Everything as the text the server sent: an agent reads text.
    types: { getTypeParser: () => (value: unknown) => value },
  });
  let notices: string[] = [];
  client.on('notice', (notice) => {
    const { message = '', detail = '' } = notice;
    notices.push(`${message} ${detail}`.trim());
    onNotice(message);
  });
  client.on('error', () => undefined);
  await client.connect();
  return {
    async query(sql) {
      notices = [];
      try {
        const answer: unknown = await client.query({ text: sql, rowMode: 'array' });
        return { ...shown((Array.isArray(answer) ? answer.at(-1) : answer) as pg.QueryArrayResult), notices };
      } catch (error) {
        return { columns: [], rows: [], tag: '', error: refusal(error), notices };
      }
    },
    close: () => client.end(),
  };
}

function shown(result: pg.QueryArrayResult): Omit<Observation, 'notices'> {
  return {
    columns: result.fields.map(({ name }) => name),
    rows: result.rows as (string | null)[][],
    tag: `${result.command} ${result.rowCount ?? ''}`.trim(),
    error: null,
  };
}

function refusal(error: unknown): NonNullable<Observation['error']> {
  if (error instanceof pg.DatabaseError) {
    const { code = '', message, detail = '', hint = '' } = error;
    return { code, message, detail, hint };
  }
  return { code: '', message: error instanceof Error ? error.message : String(error), detail: '', hint: '' };
}
