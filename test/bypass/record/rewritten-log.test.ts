/** What someone who can write to the disk, but has no key or another one, makes of the log, and what verifying says. */
import assert from 'node:assert/strict';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openLog } from '@sallyport/audit-log';
import { run } from '../../../packages/cli/src/captured-terminal.test-support.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-record-'));
after(() => rmSync(folder, { recursive: true }));

const HOUR = 3_600_000;
let made = 0;

/** A data directory with a log of ten hours, a checkpoint after each entry. Gives the checkpoint over the first `keep`. */
async function data(
  forms: readonly string[],
  keep = forms.length,
): Promise<{ directory: string; kept: string }> {
  made += 1;
  const directory = join(folder, `data-${made}`);
  mkdirSync(join(directory, 'recordings'), { recursive: true });
  let now = 1_700_000_000_000;
  const log = openLog(join(directory, 'audit'), { checkpointMs: 0, now: () => now });
  let kept = '';
  for (const [index, form] of forms.entries()) {
    log.append({ type: 'decision', effect: 'permit', form });
    now += HOUR;
    const { note } = await log.checkpoint();
    if (index + 1 === keep) kept = note;
  }
  await log.close();
  return { directory, kept };
}

const TRUE = Array.from({ length: 10 }, (_, index) => `select ${index}`);
const FALSE = TRUE.with(7, 'nothing happened');

function verify(directory: string, ...more: string[]) {
  return run(['audit', 'verify', '--data', directory, ...more]);
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test('a log as it was written verifies, with its key and a checkpoint kept elsewhere [audit.rewritten]', async () => {
  const { directory, kept } = await data(TRUE);
  const key = join(directory, 'audit', 'log.pub');
  const { code, out, err } = await verify(directory, '--public-key', key, '--checkpoint', file('kept', kept));
  assert.equal(code, 0, out + err);
});

test('a log written anew with another key does not verify under the true one [audit.rewritten, L9]', async () => {
  const { directory } = await data(TRUE);
  const key = file('true.pub', readFileSync(join(directory, 'audit', 'log.pub'), 'utf8'));
  const forged = await data(FALSE);
  const { code } = await verify(forged.directory, '--public-key', key);
  assert.equal(code, 1);
  // Beside the log lies the forger's own key, and it says so.
  assert.match((await verify(forged.directory)).err, /keep it elsewhere and use --public-key/);
});

test('entries written without a key, and the checkpoints taken away, prove nothing [audit.rewritten, L9]', async () => {
  const { directory } = await data(TRUE);
  const forged = await data(FALSE);
  const audit = join(directory, 'audit');
  for (const name of readdirSync(audit).filter((one) => one.endsWith('.entries') || one === 'checkpoints'))
    rmSync(join(audit, name));
  for (const name of readdirSync(join(forged.directory, 'audit')).filter((one) => one.endsWith('.entries')))
    copyFileSync(join(forged.directory, 'audit', name), join(audit, name));
  const { code, out, err } = await verify(directory);
  assert.equal(code, 1, out);
  assert.match(err, /10 entries, .* under no signed checkpoint/);
  const json = await verify(directory, '--json');
  assert.equal((JSON.parse(json.out) as { sound: boolean }).sound, false);
});

test('a tail written without a key behind true checkpoints proves nothing [audit.rewritten, L9]', async () => {
  const { directory } = await data(TRUE);
  const audit = join(directory, 'audit');
  const notes = readFileSync(join(audit, 'checkpoints'), 'utf8');
  const first = /^(?:[^\n]+\n){3}\n[^\n]+\n/.exec(notes)?.[0] ?? '';
  writeFileSync(join(audit, 'checkpoints'), first);
  const { code, err } = await verify(directory);
  assert.equal(code, 1);
  assert.match(err, /9 entries/);
});

test('a log cut back together with its checkpoints is found by a checkpoint kept elsewhere [audit.rewritten, L9]', async () => {
  const { directory, kept } = await data(TRUE, 8);
  const audit = join(directory, 'audit');
  const key = readFileSync(join(audit, 'log.pub'), 'utf8');
  // Cut with the gateway's own key: the worst case.
  const cut = join(folder, 'cut');
  cpSync(directory, cut, { recursive: true });
  for (const name of readdirSync(join(cut, 'audit')).filter((one) => /entries$|checkpoints/.test(one)))
    rmSync(join(cut, 'audit', name));
  let now = 1_700_000_000_000;
  const log = openLog(join(cut, 'audit'), { checkpointMs: 0, now: () => now });
  for (const form of TRUE.slice(0, 5)) {
    log.append({ type: 'decision', effect: 'permit', form });
    now += HOUR;
  }
  await log.close();
  const publicKey = file('cut.pub', key);
  assert.equal((await verify(cut, '--public-key', publicKey)).code, 0);
  const known = file('kept-8', kept);
  const { code, out } = await verify(cut, '--public-key', publicKey, '--checkpoint', known);
  assert.equal(code, 1);
  assert.match(out, /CHANGED {2}audit log/);
});

test('a checkpoint that is none, or is not there, is an argument that cannot be used [audit.rewritten]', async () => {
  const { directory } = await data(TRUE.slice(0, 1));
  assert.equal((await verify(directory, '--checkpoint', file('none', 'hello'))).code, 2);
  assert.equal((await verify(directory, '--checkpoint', join(folder, 'absent'))).code, 2);
});
