/** Who could do what, when, and what changed it: answered from the audit log alone. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createGateway, loadConfig } from '@sallyport/gateway';
import { run } from '../../packages/cli/src/captured-terminal.test-support.ts';
import { auditEntries, type Entry } from '../fixtures/audit-entries.ts';
import { startGateway } from '../fixtures/gateway.ts';
import { eventually } from '../fixtures/raw-postgres.ts';

const CONNECT = 'permit (principal, action in [Action::"connect", Action::"connect_writable"], resource);\n';
const READ = 'permit (principal, action == Action::"select", resource);\n';
const WRITE = 'permit (principal, action in Action::"write", resource);\n';

interface Change {
  readonly file: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly trigger: string;
  readonly version: string;
}

/** Every change of a policy file that was put in force, oldest first: from the entries and nothing else. */
function changesIn(entries: readonly Entry[], type = 'policy-loaded'): readonly Change[] {
  return entries
    .filter((entry) => entry.type === type)
    .flatMap(({ facts, policyVersion }) => {
      const { added = [], changed = [], removed = [], trigger } = facts as Record<string, string[]>;
      const at = { trigger: String(trigger), version: String(policyVersion as unknown) };
      const two = (line: string) => line.split(/ (.*)/s) as [string, string];
      return [
        ...added.map(two).map(([to, file]) => ({ file, from: null, to, ...at })),
        ...changed.map((line) => {
          const [from, rest] = two(line);
          const [to, file] = two(rest);
          return { file, from, to, ...at };
        }),
        ...removed.map(two).map(([from, file]) => ({ file, from, to: null, ...at })),
      ];
    });
}

const sha256 = (text: string) => hash('sha256', text, 'hex');

const sections = (entry: Entry | undefined, name: 'added' | 'changed' | 'removed') =>
  (entry?.facts as Record<string, readonly string[]> | undefined)?.[name]?.map((line) =>
    line.split(' ').at(-1),
  );

test('which policy file changed, from what to what and by what trigger is in the log, over restarts [audit.policy-change, audit.configuration]', async (t) => {
  const world = await startGateway({ policies: { text: CONNECT }, watch: false });
  t.after(() => world.close());
  const policy = (name: string) => join(world.directory, 'policies', name);
  const loaded = () => auditEntries(world).filter(({ type }) => type === 'policy-loaded');

  writeFileSync(policy('read.cedar'), READ);
  const broken = `${CONNECT}permit`;
  writeFileSync(policy('test.cedar'), broken);
  assert.equal((await world.gateway.reloadPolicies()).inForce, false);
  writeFileSync(policy('test.cedar'), `${CONNECT}// for everyone\n`);
  assert.equal((await world.gateway.reloadPolicies()).inForce, true);
  await world.gateway.close();

  // While nobody looks: another file, another text, and a file that is gone; and the configuration changes.
  writeFileSync(policy('test.cedar'), `${CONNECT}// for now\n`);
  writeFileSync(policy('write.cedar'), WRITE);
  rmSync(policy('read.cedar'));
  const configuration = readFileSync(world.configFile, 'utf8');
  assert.ok(configuration.includes('watch: false'));
  writeFileSync(world.configFile, configuration.replace('watch: false', 'watch: true'));
  const again = await createGateway(loadConfig(world.configFile), {
    report: (fault) => void world.faults.push(fault),
  });
  writeFileSync(policy('write.cedar'), `${WRITE}${READ}`);
  await eventually('the change in force', async () => (loaded().length === 4 ? true : undefined));
  await again.close();

  const [first, second, third, fourth] = loaded().map(({ policyVersion }) =>
    String(policyVersion as unknown),
  );
  assert.deepEqual(changesIn(auditEntries(world)), [
    { file: 'read.cedar', from: null, to: sha256(READ), trigger: 'command', version: second },
    {
      file: 'test.cedar',
      from: sha256(CONNECT),
      to: sha256(`${CONNECT}// for everyone\n`),
      trigger: 'command',
      version: second,
    },
    { file: 'write.cedar', from: null, to: sha256(WRITE), trigger: 'start', version: third },
    {
      file: 'test.cedar',
      from: sha256(`${CONNECT}// for everyone\n`),
      to: sha256(`${CONNECT}// for now\n`),
      trigger: 'start',
      version: third,
    },
    { file: 'read.cedar', from: sha256(READ), to: null, trigger: 'start', version: third },
    {
      file: 'write.cedar',
      from: sha256(WRITE),
      to: sha256(`${WRITE}${READ}`),
      trigger: 'change',
      version: fourth,
    },
  ]);
  // What was tried and never in force is there too, compared with what was.
  assert.deepEqual(
    changesIn(auditEntries(world), 'policy-rejected').map(({ file, from, to }) => [file, from, to]),
    [
      ['read.cedar', null, sha256(READ)],
      ['test.cedar', sha256(CONNECT), sha256(broken)],
    ],
  );
  assert.deepEqual(
    loaded().map(({ facts }) => (facts as { before?: string }).before),
    [undefined, first, second, third],
  );

  const [before, after] = auditEntries(world).filter(({ type }) => type === 'configuration-loaded');
  assert.deepEqual(sections(after, 'changed'), ['policy']);
  assert.deepEqual([sections(after, 'added'), sections(after, 'removed')], [[], []]);
  assert.equal((after?.facts as { comparedWith?: number } | undefined)?.comparedWith, before?.seq);
  assert.deepEqual(world.faults, []);
  const verified = await run(['audit', 'verify', '--data', join(world.directory, 'data')]);
  assert.equal(verified.code, 0, verified.err);
});

test('a policy set that keeps the gateway from starting is on record [audit.policy-change]', async (t) => {
  const world = await startGateway({ policies: { text: CONNECT } });
  t.after(() => world.close());
  await world.gateway.close();
  writeFileSync(join(world.directory, 'policies', 'test.cedar'), 'permit');
  await assert.rejects(
    createGateway(loadConfig(world.configFile), { report: () => undefined }),
    /cannot be used/,
  );
  assert.deepEqual(
    changesIn(auditEntries(world), 'policy-rejected').map(({ file, from, to, trigger }) => [
      file,
      from,
      to,
      trigger,
    ]),
    [['test.cedar', sha256(CONNECT), sha256('permit'), 'start']],
  );
});

test('a secret that changes is no change of the configuration, and no value of it is in the log [audit.configuration]', async (t) => {
  const world = await startGateway({ policies: { text: CONNECT } });
  t.after(() => world.close());
  await world.gateway.close();
  const last = () => auditEntries(world).findLast(({ type }) => type === 'configuration-loaded');
  const restarted = async () => {
    const gateway = await createGateway(loadConfig(world.configFile), { report: () => undefined });
    await gateway.close();
    return sections(last(), 'changed');
  };
  writeFileSync(join(world.directory, 'password'), 'another secret');
  writeFileSync(world.configFile, `# as before\n${readFileSync(world.configFile, 'utf8')}`);
  assert.deepEqual(await restarted(), []);
  writeFileSync(join(world.directory, 'elsewhere'), 'another secret', { mode: 0o600 });
  const text = readFileSync(world.configFile, 'utf8');
  writeFileSync(world.configFile, text.replace('password_file: password', 'password_file: elsewhere'));
  assert.deepEqual(await restarted(), ['targets']);
  const said = JSON.stringify(auditEntries(world).filter(({ type }) => type === 'configuration-loaded'));
  for (const value of [
    'another secret',
    world.issuer.issuer,
    world.server.password,
    'elsewhere',
    'approvers',
  ])
    assert.ok(!said.includes(value), value);
});

test('a start that set torn writes aside says so in the log, and no other does [audit.torn-tail, audit.recovers]', async (t) => {
  const world = await startGateway({ policies: { text: CONNECT } });
  t.after(() => world.close());
  await world.gateway.close();
  const log = join(world.directory, 'data', 'audit');
  const segment = readdirSync(log).find((name) => name.endsWith('.entries')) ?? assert.fail('no segment');
  appendFileSync(join(log, segment), Buffer.from([40, 0, 0, 0, 1, 2, 3, 4, 123]));
  for (let starts = 0; starts < 2; starts += 1) {
    const gateway = await createGateway(loadConfig(world.configFile), { report: () => undefined });
    await gateway.close();
  }
  const starts = auditEntries(world).filter(({ type }) => type === 'gateway-started');
  assert.deepEqual(
    starts.map(({ facts }) => facts),
    [undefined, { cutBytes: 9 }, undefined],
  );
});
