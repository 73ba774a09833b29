/** The laws that no single room can prove. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { publicKeyFile } from '@sallyport/audit-log';
import { startGateway } from '../fixtures/gateway.ts';

const sources = globSync('packages/gateway/src/**/*.ts').filter(
  (file) => !/\.(?:test|fixture)\.ts$/.test(file),
);

/** Source files, tests apart, that say this. */
const saying = (pattern: RegExp): string[] =>
  sources.filter((file) => pattern.test(readFileSync(file, 'utf8'))).sort();

test('one function serves every listener, and one file opens targets [L5]', () => {
  // The tools that ask what policy would say read a catalog as well, with the gateway's own question and nothing else.
  assert.deepEqual(saying(/\bconnector\s*\.\s*open\(/), [
    'packages/gateway/src/data-path/reach.ts',
    'packages/gateway/src/workbench/catalogs.ts',
  ]);
  assert.deepEqual(saying(/\bnew GuardedLink\(/), ['packages/gateway/src/data-path/reach.ts']);
  assert.deepEqual(saying(/import \{[^}]*\bserve\b/), ['packages/gateway/src/data-path/listen.ts']);
  assert.deepEqual(saying(/\bnew RecordedPermit\(/), ['packages/gateway/src/data-path/permit.ts']);
});

const VERIFY = `
import { readLog, verifyLog } from '@sallyport/audit-log';
import { verifyRecordings } from './packages/gateway/src/recording/index.ts';
const [log, recordings, key] = process.argv.slice(1);
const report = await verifyLog(log, key);
const recorded = report.problem === null ? await verifyRecordings(recordings, readLog(log)) : null;
console.log(JSON.stringify({ problem: report.problem?.reason ?? null, covered: report.covered === report.entries,
  recordings: recorded?.recordings ?? 0, broken: recorded?.problems.length ?? 0 }));
`;

/** Verifies a copy of a data folder in a process that has the public key and nothing else of the gateway. */
function verified(
  data: string,
  key: string,
): { problem: string | null; covered: boolean; recordings: number; broken: number } {
  const args = [
    '--input-type=module-typescript',
    '-e',
    VERIFY,
    join(data, 'audit'),
    join(data, 'recordings'),
    key,
  ];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

test('with the public key alone anyone can tell that log and recordings are whole, and when they are not [L9]', async (t) => {
  const world = await startGateway({ policies: { directory: 'test/fixtures/policies/allow-all' } });
  const kept = mkdtempSync(join(tmpdir(), 'sallyport-verify-'));
  t.after(async () => {
    rmSync(kept, { recursive: true, force: true });
    await world.close();
  });
  for (const what of ['first', 'second']) {
    const client = await world.connect();
    await client.query(`select '${what}'`);
    await client.end();
  }
  await world.gateway.close();
  const copy = (name: string): string => {
    cpSync(join(world.directory, 'data'), join(kept, name), { recursive: true });
    return join(kept, name);
  };
  const key = readFileSync(join(world.directory, 'data', 'audit', publicKeyFile), 'utf8').trim();
  const whole = copy('whole');
  assert.deepEqual(verified(whole, key), { problem: null, covered: true, recordings: 2, broken: 0 });

  const altered = copy('altered');
  const [segment = ''] = globSync(join(altered, 'audit', '*.entries'));
  const bytes = readFileSync(segment);
  writeFileSync(
    segment,
    Buffer.from(bytes.map((byte, at) => (at === Math.floor(bytes.length / 2) ? byte ^ 1 : byte))),
  );
  assert.notEqual(verified(altered, key).problem, null);

  const missing = copy('missing');
  const [recording = ''] = globSync(join(missing, 'recordings', '**', '*.rec'));
  rmSync(recording);
  assert.ok(verified(missing, key).broken > 0);
});
