/** The tool of an agent: one statement in, an observation for the model out. */
import { readFileSync } from 'node:fs';
import pg from 'pg';

const {
  SALLYPORT_PORT = '6432',
  SALLYPORT_TOKEN_FILE = '',
  SALLYPORT_TARGET = 'operations-db',
} = process.env;

const client = new pg.Client({
  host: '127.0.0.1',
  port: Number(SALLYPORT_PORT),
  user: SALLYPORT_TARGET,
  database: 'app',
  password: readFileSync(SALLYPORT_TOKEN_FILE, 'utf8').trim(),
});
// The statement waits for a person: tell whoever runs the agent, and go on waiting.
client.on('notice', ({ message, hint }) => console.error(`${message}. ${hint ?? ''}`));

/** Never throws: a refusal is something to reason about. */
async function observe(sql: string): Promise<object> {
  try {
    const { command, rowCount, rows } = await client.query<Record<string, unknown>>(sql);
    return { done: command, rowCount, rows };
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    const { code, message, detail, hint } = error;
    return { refused: message, code, detail, hint };
  }
}

await client.connect();
console.log(JSON.stringify(await observe(process.argv[2] ?? 'SELECT current_database()'), null, 2));
await client.end();
