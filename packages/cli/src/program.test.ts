import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run } from './captured-terminal.test-support.ts';
import { createProgram } from './program.ts';
import { createPaint } from './terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-cli-'));
after(() => rmSync(folder, { recursive: true }));
const tokenFile = join(folder, 'token');
writeFileSync(tokenFile, 'a.b.c\n', { mode: 0o600 });
const bin = fileURLToPath(new URL('../bin/sallyport.js', import.meta.url));

test('help lists every command with examples and exit codes [cli.help]', async () => {
  const { code, out } = await run(['--help']);
  assert.equal(code, 0);
  for (const name of [
    'start',
    'init',
    'demo',
    'requests',
    'approve',
    'deny',
    'sessions',
    'replay',
    'audit',
    'policy',
  ]) {
    assert.match(out, new RegExp(`^  ${name}\\b`, 'm'));
    assert.equal((await run([name, '--help'])).code, 0);
  }
  assert.match(out, /Examples:/);
  assert.match(
    out,
    /0 done {3}1 tried and failed {3}2 not tried: arguments or configuration {3}3 the gateway said no/,
  );
});

test('no command takes a token as an argument [cli.token]', () => {
  const quiet = {
    out: () => undefined,
    err: () => undefined,
    columns: 80,
    paint: createPaint(false),
    readInput: async () => '',
  };
  const every = (command: ReturnType<typeof createProgram>): string[] => [
    ...command.options.map((option) => option.long ?? ''),
    ...command.commands.flatMap((one) => every(one as ReturnType<typeof createProgram>)),
  ];
  const options = every(createProgram(quiet));
  assert.ok(options.includes('--token-file'));
  assert.deepEqual(
    options.filter((name) => /token|password|secret/.test(name) && name !== '--token-file'),
    [],
  );
});

test('arguments that cannot be used exit 2 and say so [cli.usage]', async () => {
  const lines: [string[], RegExp][] = [
    [['nope'], /unknown command 'nope'/],
    [['approve'], /missing required argument 'id'/],
    [['deny', 'x'], /required option '--reason <text>'/],
    [['sessions', 'kill', 'x'], /required option '--reason <text>'/],
    [
      ['sessions', 'kill', 'x', '--reason', 'r', '--token-file', tokenFile, '--url', 'http://example.com'],
      /https/,
    ],
    [['replay', 'x', '--speed', '0'], /Give a number above 0/],
    [['start'], /required option '-c, --config <file>'/],
    [['start', '--config', join(folder, 'absent.yaml')], /sallyport init/],
    [['requests', '--token-file', join(folder, 'absent')], /Cannot read an access token .*--token-file FILE/],
    [['requests', '--token-file', tokenFile, '--url', 'http://example.com'], /https/],
    [['audit', 'verify', '--data', join(folder, 'absent')], /--data DIR/],
  ];
  for (const [args, words] of lines) {
    const { code, err } = await run(args);
    assert.equal(code, 2, args.join(' '));
    assert.match(err, words);
    assert.doesNotMatch(err, /^\s+at /m);
  }
});

test('a bad configuration is explained line by line and exits 2 [cli.usage]', async () => {
  const file = join(folder, 'bad.yaml');
  writeFileSync(file, 'listeners:\n  - protocol: postgre\n');
  const { code, err } = await run(['start', '--config', file]);
  assert.equal(code, 2);
  assert.match(
    err,
    /bad\.yaml:2:5: listeners\[0\]\.protocol: "postgre" is not allowed; give one of postgres, http/,
  );
  assert.match(err, /bad\.yaml:1:1: identity: is missing/);
});

test('the token may come on standard input, and must look like one [cli.token]', async () => {
  const unreachable = ['--url', 'http://127.0.0.1:1'];
  const { code, err } = await run(['sessions', '--token-file', '-', ...unreachable], 'a.b.c\n');
  assert.equal(code, 1);
  assert.match(err, /Could not reach the gateway at http:\/\/127\.0\.0\.1:1.*--url/);
  const bad = await run(['sessions', '--token-file', '-', ...unreachable], 'two words');
  assert.equal(bad.code, 2);
  assert.doesNotMatch(bad.err, /two words/);
});

test('a token file that others can read is pointed out [cli.token]', async () => {
  const open = join(folder, 'open');
  writeFileSync(open, 'a.b.c');
  execFileSync('chmod', ['644', open]);
  const { err } = await run(['sessions', '--token-file', open, '--url', 'http://127.0.0.1:1']);
  assert.match(err, /chmod 600/);
});

test('a refusal exits 3 with the reason, made inert, and other failures exit 1 [cli.refused, cli.inert]', async () => {
  const answers = [
    { status: 401, code: 'credential-rejected', exit: 3 },
    { status: 403, code: 'not-permitted', exit: 3 },
    { status: 404, code: 'not-found', exit: 3 },
    { status: 409, code: 'conflict', exit: 3 },
    { status: 429, code: 'limit-exceeded', exit: 1 },
    { status: 503, code: 'storage-unavailable', exit: 1 },
  ];
  let next = 0;
  const server = createServer((_request, response) => {
    const { status, code } = answers[next++] ?? { status: 500, code: 'internal' };
    const problem = { type: 'about:blank', title: '', status, detail: `No\x1b[2J: ${code}.`, code };
    response.writeHead(status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const { code, exit } of answers) {
    const ran = await run(['approve', 'x', '--url', url, '--token-file', tokenFile]);
    assert.equal(ran.code, exit, code);
    assert.match(ran.err, new RegExp(`No␛\\[2J: ${code}`));
  }
  server.close();
});

test('init writes a configuration and policies that work, and never overwrites [cli.init, cli.policy]', async () => {
  const file = join(folder, 'new', 'sallyport.yaml');
  const first = await run(['init', file]);
  assert.equal(first.code, 0, first.err);
  const policies = join(folder, 'new', 'policies');
  const checked = await run(['policy', 'check', policies]);
  assert.equal(checked.code, 0, checked.out);
  assert.match(checked.out, /^good: \d+ policies in \d+ files, version [0-9a-f]{16}$/);
  writeFileSync(file, 'mine');
  const second = await run(['init', file]);
  assert.equal(second.code, 2);
  assert.match(second.err, /never overwrites/);
  assert.equal(readFileSync(file, 'utf8'), 'mine');
});

test('policy check names file and line, and exits 1 [cli.policy]', async () => {
  const directory = join(folder, 'policies');
  mkdirSync(directory);
  writeFileSync(join(directory, 'a.cedar'), '\npermit (principal, action == Action::"selct", resource);\n');
  const { code, out, err } = await run(['policy', 'check', directory]);
  assert.equal(code, 1);
  assert.match(out, /^a\.cedar:2: /m);
  assert.match(err, /^\d+ problems? in .*: a gateway would keep the policies it has/);
  const json = await run(['policy', 'check', directory, '--json']);
  assert.equal((JSON.parse(json.out) as { errors: unknown[] }).errors.length > 0, true);
});

test('an old Node gets one line that names the remedy [cli.usage]', () => {
  const script = `Object.defineProperty(process.versions, 'node', { value: '20.1.0' }); import(${JSON.stringify(bin)})`;
  const { status, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  assert.equal(status, 2);
  assert.match(stderr, /^Sallyport needs Node 24 or newer, this is 20\.1\.0: .*\n$/);
});
