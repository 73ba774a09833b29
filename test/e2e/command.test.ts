/** The command as people start it: its own process, signals, exit codes. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { tour } from '../../packages/cli/src/demo/tour.ts';
import { startWorld } from '../../packages/cli/src/demo/world.ts';
import { createPaint } from '../../packages/cli/src/terminal.ts';

const BIN = 'packages/cli/bin/sallyport.js';
const quiet = () => undefined;

interface Running {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly exit: Promise<number | NodeJS.Signals | null>;
  /** Resolves when the output holds this. */
  says(what: RegExp): Promise<void>;
}

function sallyport(args: readonly string[], environment: Record<string, string> = {}): Running {
  const child = spawn(process.execPath, [BIN, ...args], { env: { ...process.env, ...environment } });
  let output = '';
  const listeners = new Set<() => void>();
  const heard = (chunk: Buffer) => {
    output += chunk.toString();
    for (const listener of listeners) listener();
  };
  child.stdout.on('data', heard);
  child.stderr.on('data', heard);
  const exit = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
  const says = (what: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (what.test(output)) resolve();
      };
      listeners.add(look);
      look();
      void exit.then(() => reject(new Error(`It ended before it said ${what}:\n${output}`)));
    });
  return { child, output: () => output, exit, says };
}

test('the unattended tour has every expected outcome and leaves nothing behind [demo.tour]', async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'sallyport-tour-'));
  // As root the server runs under another uid, which has to get there.
  chmodSync(scratch, 0o755);
  try {
    const running = sallyport(['demo', '--tour'], { TMPDIR: scratch });
    assert.equal(await running.exit, 0, running.output());
    const output = running.output();
    assert.match(output, /psql "host=127\.0\.0\.1 port=\d+ user=operations-db dbname=app"/);
    assert.match(output, /Every step came to what it should\./);
    assert.deepEqual(readdirSync(scratch), []);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
});

test('the tour fails and names the step when customers can be read [demo.honest]', async () => {
  const world = await startWorld({ usualPorts: false, keep: false, progress: quiet, report: quiet });
  try {
    const file = join(world.config.policy.directory, 'reading.cedar');
    appendFileSync(
      file,
      '\n@id("slip")\npermit (principal, action == Action::"select", resource) when { resource.schema == "shop" };\n',
    );
    const { inForce } = await world.gateway.reloadPolicies();
    assert.ok(inForce);
    const terminal = {
      out: quiet,
      err: quiet,
      columns: 80,
      paint: createPaint(false),
      readInput: async () => '',
    };
    await assert.rejects(
      tour(world, terminal, { pause: 0 }),
      /Step 5 \(ask for customers\): the customers could be read/,
    );
  } finally {
    await world.close();
  }
});

test('start listens, reads policies again on SIGHUP and stops in order on SIGTERM [cli.start]', async () => {
  const world = await startWorld({ usualPorts: false, keep: false, progress: quiet, report: quiet });
  try {
    // A gateway of its own on the demo's provider and database.
    const config = join(world.directory, 'second.yaml');
    writeFileSync(
      config,
      readFileSync(world.config.file, 'utf8').replace('data_directory: ./data', 'data_directory: ./second'),
    );
    const running = sallyport(['start', '--config', config]);
    await running.says(/^ready$/m);
    assert.match(running.output(), /^listening: postgres at 127\.0\.0\.1:\d+$/m);
    assert.match(running.output(), /^listening: control plane at http:\/\/127\.0\.0\.1:\d+$/m);

    const policy = join(world.config.policy.directory, 'sessions.cedar');
    const good = readFileSync(policy, 'utf8');
    writeFileSync(policy, 'nonsense');
    running.child.kill('SIGHUP');
    await running.says(/"level":"error","message":"policies not reloaded: sessions\.cedar:1: /);
    writeFileSync(policy, good);
    running.child.kill('SIGHUP');
    await running.says(/"message":"policies reloaded"/);

    running.child.kill('SIGTERM');
    assert.equal(await running.exit, 0, running.output());
    assert.match(running.output(), /^stopped$/m);
  } finally {
    await world.close();
  }
});
