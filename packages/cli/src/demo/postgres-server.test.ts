import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { startPostgres } from './postgres-server.ts';

test('starts servers side by side, prepared as asked, and leaves nothing behind [demo.postgres]', async () => {
  const initSql = 'CREATE TABLE t (a int); INSERT INTO t VALUES (7)';
  const servers = await Promise.all([
    startPostgres({ initSql }),
    startPostgres({ settings: { work_mem: '1MB' } }),
  ]);
  const [first, second] = servers;
  assert.notEqual(first.port, second.port);
  assert.deepEqual(await first.query('SELECT a FROM t'), [{ a: 7 }]);
  assert.deepEqual(await second.query('SHOW work_mem'), [{ work_mem: '1MB' }]);
  await Promise.all(servers.flatMap((server) => [server.stop(), server.stop()]));
  for (const server of servers) assert.equal(existsSync(server.socketDir), false);
});

test('says which statement of the preparation failed, and cleans up [demo.postgres]', async () => {
  await assert.rejects(startPostgres({ initSql: 'SELECT nothing' }), /initSql/);
});

test('says what the server said when it does not start [demo.postgres]', async () => {
  await assert.rejects(startPostgres({ settings: { shared_buffers: 'much' } }), /shared_buffers/);
});

test('a server does not outlive the process that started it, even when that is killed [demo.postgres]', async () => {
  const module = new URL('./postgres-server.ts', import.meta.url).href;
  const script = `const { startPostgres } = await import(${JSON.stringify(module)});
    console.log((await startPostgres()).socketDir);
    process.kill(process.pid, 'SIGKILL');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await once(child, 'close');
  const folder = output.trim();
  assert.match(folder, /sallyport-pg-/);
  while (existsSync(folder)) await wait(20);
});
