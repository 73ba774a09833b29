/** The commands about the audit log, on logs made here. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { cosignNote, openLog, signerFromSeed } from '@sallyport/audit-log';
import { run } from './captured-terminal.test-support.ts';
import { progressOf } from './commands/progress.ts';
import { createPaint } from './terminal.ts';

interface Made {
  readonly directory: string;
  readonly key: string;
  readonly kept: string;
  file(name: string, text: string): string;
}

/** A data directory whose log has five decisions, a kept checkpoint over the first two, and one evaluation with two entries. */
async function made(t: TestContext): Promise<Made> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-prove-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  mkdirSync(join(directory, 'recordings'));
  const log = openLog(join(directory, 'audit'), { checkpointMs: 0, segmentBytes: 300 });
  let kept = '';
  for (let i = 0; i < 5; i++) {
    log.append({
      type: 'decision',
      effect: 'permit',
      evaluationId: `ab12.${i}`,
      form: `SELECT ${i} \u001b[31m`,
    });
    if (i === 1) kept = (await log.checkpoint()).note;
  }
  log.append({ type: 'violation', evaluationId: 'ab12.4' });
  log.append({ type: 'violation', evaluationId: 'cd34.0' });
  log.append({ type: 'violation', evaluationId: 'cd34.0' });
  await log.close();
  const file = (name: string, text: string): string => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  return { directory, key: log.publicKey, kept: file('kept', kept), file };
}

test('an entry is proven by number or evaluation id, and checked with the key alone [cli.prove]', async (t) => {
  const { directory, key, kept, file } = await made(t);
  const out = join(directory, 'proof.json');
  const proved = await run(['audit', 'prove', 'ab12.4', '--data', directory, '--from', kept, '--out', out]);
  assert.equal(proved.code, 0, proved.err);
  assert.match(
    proved.out,
    /proof of entry 4 under a checkpoint over 8 entries\nand .* since the one over 2$/,
  );
  const again = await run(['audit', 'prove', '4', '--data', directory, '--out', out]);
  assert.equal(again.code, 2);
  assert.match(again.err, /there already/);
  // The log is gone: the proof stands alone.
  rmSync(join(directory, 'audit'), { recursive: true });
  const good = await run(['audit', 'verify-proof', out, '--key', key, '--from', kept]);
  assert.equal(good.code, 0, good.err);
  assert.match(good.out, /^proven {2}entry 4 is in the log/);
  assert.match(good.out, /"evaluationId":"ab12\.4"/);
  assert.ok(!good.out.includes('\u001b'));
  const json = await run(
    ['audit', 'verify-proof', '-', '--key', file('log.pub', key), '--json'],
    readFileSync(out, 'utf8'),
  );
  const said = JSON.parse(json.out) as { proven: boolean; size: number; grewFrom: number };
  assert.deepEqual([json.code, said.proven, said.size, said.grewFrom], [0, true, 8, 2]);

  const changed = file('changed.json', readFileSync(out, 'utf8').replace('SELECT 4', 'SELECT 5'));
  const refused = await run(['audit', 'verify-proof', changed, '--key', key]);
  assert.deepEqual([refused.code, refused.out], [1, '']);
  assert.match(refused.err, /NOT PROVEN \(not-included\)/);
  const asJson = await run(['audit', 'verify-proof', changed, '--key', key, '--json']);
  assert.equal((JSON.parse(asJson.out) as { code: string }).code, 'not-included');
  const nokey = await run(['audit', 'verify-proof', out, '--key', file('none', 'hello')]);
  assert.equal(nokey.code, 2);
  assert.equal((await run(['audit', 'verify-proof', join(directory, 'absent'), '--key', key])).code, 2);
});

test('what cannot be proven says why [cli.prove]', async (t) => {
  const { directory, kept, file } = await made(t);
  const prove = (...args: string[]) => run(['audit', 'prove', ...args, '--data', directory]);
  const cases: readonly [readonly string[], number, RegExp][] = [
    [['8'], 1, /entry 8 is under no signed checkpoint yet: the newest is over 8 entries/],
    [['ef56.0'], 1, /No entry has the evaluation id ef56\.0/],
    [['cd34.0'], 2, /2 entries have the evaluation id cd34\.0: .* 6 \(violation\), 7 \(violation\)/],
    [['1', '--from', file('none', 'hello')], 2, /There is no signed checkpoint in/],
    [
      ['1', '--from', file('other', readFileSync(kept, 'utf8').replace('\n2\n', '\n3\n'))],
      1,
      /not one of this log/,
    ],
    [['3', '--checkpoint', kept], 1, /the newest is over 2 entries/],
  ];
  for (const [args, code, message] of cases) {
    const refused = await prove(...args);
    assert.equal(refused.code, code, refused.err);
    assert.match(refused.err, message);
    assert.equal(refused.out, '');
  }
  const segment = join(directory, 'audit', '0000000000000000.entries');
  const whole = readFileSync(segment);
  writeFileSync(segment, whole.subarray(0, -4));
  const damaged = await prove('1');
  assert.equal(damaged.code, 1);
  assert.match(
    damaged.err,
    /There is no proof: \d+\.entries begins with entry \d, but entry \d is next: run sallyport audit verify/,
  );
  writeFileSync(segment, whole);
  const piped = await prove('1');
  assert.equal((JSON.parse(piped.out) as { index: number }).index, 1);
});

test('a cosigned checkpoint is proven under, and enough witnesses are asked for [cli.prove]', async (t) => {
  const { directory, key, kept, file } = await made(t);
  const [one, two] = [1, 2].map((seed) =>
    signerFromSeed(`witness.example/${seed}`, Buffer.alloc(32, seed), 4),
  );
  assert.ok(one !== undefined && two !== undefined);
  const cosigned = file('cosigned', cosignNote(readFileSync(kept, 'utf8'), one, 1_700_000_000));
  const proved = await run(['audit', 'prove', '1', '--data', directory, '--checkpoint', cosigned]);
  const proof = file('proof.json', proved.out);
  const keys = file('witnesses', `# ours\n${one.verifier.vkey}\n\n${two.verifier.vkey}\n`);
  const verify = (...more: string[]) =>
    run(['audit', 'verify-proof', proof, '--key', key, '--witness', keys, ...more]);
  const enough = await verify('--quorum', '1');
  assert.equal(enough.code, 0, enough.err);
  assert.match(enough.out, /seen by witness\.example\/1 at 2023-11-14T22:13:20\.000Z/);
  assert.match(
    (await verify()).err,
    /NOT PROVEN \(not-witnessed\): 1 of 2 witnesses signed the checkpoint, 2 must/,
  );
  const more = await verify('--quorum', '3');
  assert.deepEqual([more.code, /cannot be met by 2 witnesses/.test(more.err)], [2, true]);
});

test('status says how the log stands, and a changed key is followed by all commands [cli.audit-status]', async (t) => {
  const { directory, key } = await made(t);
  const status = await run(['audit', 'status', '--data', directory]);
  assert.equal(status.code, 0, status.err);
  assert.match(status.out, /^entries {6}8, [\d.]+ (?:k?B) in \d segments$/m);
  assert.match(status.out, /^checkpoint {3}over 8 entries, the newest of 2, written \d+s ago$/m);
  assert.match(status.out, /^ {2}0{16}\.entries {2}[\d.]+ k?B$/m);
  const rotated = await run(['audit', 'rotate-key', '--data', directory, '--json']);
  assert.equal(rotated.code, 0, rotated.err);
  const { from, to } = JSON.parse(rotated.out) as { from: string; to: string };
  assert.equal(from, key);
  const json = await run(['audit', 'status', '--data', directory, '--json']);
  const said = JSON.parse(json.out) as Record<string, unknown>;
  assert.deepEqual(
    [said.entries, said.knownKey, said.signingKey, said.keyChanges, said.tornBytes],
    [9, key, to, 1, 0],
  );
  const verified = await run(['audit', 'verify', '--data', directory]);
  assert.equal(verified.code, 0, verified.err);
  assert.ok(verified.out.includes(`signed by ${to} now`), verified.out);
  assert.match((await run(['audit', 'status', '--data', directory])).out, /, after one change of key$/m);
  const proof = join(directory, 'after.json');
  assert.equal((await run(['audit', 'prove', '0', '--data', directory, '--out', proof])).code, 0);
  for (const known of [from, to])
    assert.equal((await run(['audit', 'verify-proof', proof, '--key', known])).code, 0);
  assert.equal((await run(['audit', 'status', '--data', join(directory, 'absent')])).code, 2);
  const empty = mkdtempSync(join(directory, 'empty-'));
  mkdirSync(join(empty, 'audit'));
  // No log is begun where there is none.
  assert.equal((await run(['audit', 'rotate-key', '--data', empty])).code, 2);
});

test('a long check says how far it is once a second, and only to who looks [cli.verify]', () => {
  const said: string[] = [];
  let now = 0;
  const terminal = {
    out: () => undefined,
    err: (line: string) => void said.push(line),
    columns: 80,
    paint: createPaint(false),
    readInput: async () => '',
  };
  const tell = progressOf(terminal, () => now);
  for (; now < 2500; now += 100) tell(now * 200_000, 1_000_000_000);
  assert.deepEqual(said, [
    'checked 20 % of 1000.0 MB, 200.0 MB a second',
    'checked 40 % of 1000.0 MB, 200.0 MB a second',
  ]);
  const unseen = progressOf({ ...terminal, columns: Number.POSITIVE_INFINITY }, () => now);
  now += 5000;
  unseen(1, 2);
  assert.equal(said.length, 2);
});
