/** The examples run. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { loadPolicyDirectory } from '@sallyport/gateway';
import { startWorld } from '../../packages/cli/src/demo/world.ts';

test('the example agent reads masked answers and reasons about a refusal [docs.examples]', async () => {
  const quiet = () => undefined;
  const world = await startWorld({ usualPorts: false, keep: false, progress: quiet, report: quiet });
  try {
    const env = {
      ...process.env,
      SALLYPORT_PORT: String(world.port),
      SALLYPORT_TOKEN_FILE: world.tokenFile('agent'),
    };
    const ask = async (sql: string) => {
      const { stdout } = await promisify(execFile)(process.execPath, ['examples/agent/agent.ts', sql], {
        env,
      });
      return JSON.parse(stdout) as Record<string, unknown>;
    };
    assert.deepEqual(await ask("SELECT name, contact_email FROM monitoring.on_call WHERE name = 'Ines'"), {
      done: 'SELECT',
      rowCount: 1,
      rows: [{ name: 'Ines', contact_email: '***' }],
    });
    const refused = await ask('DROP DATABASE app');
    assert.equal(refused.code, '42501');
    assert.match(String(refused.detail), /by policy no-drop-database/);
  } finally {
    await world.close();
  }
});

test('the example policies are good, alone and beside the starter policies [docs.examples]', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-policies-'));
  try {
    assert.deepEqual((await loadPolicyDirectory('examples/policies')).errors, []);
    for (const file of globSync(['policies/starter/*.cedar', 'examples/policies/*.cedar'])) {
      copyFileSync(file, join(directory, basename(file)));
    }
    assert.deepEqual((await loadPolicyDirectory(directory)).errors, []);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
