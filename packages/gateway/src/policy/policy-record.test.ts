import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pointOver, policyFiles } from './policy.test-support.ts';

const ALLOW = '@id("all") permit (principal, action, resource);';

test('a file that is too large, or one too many, makes another set and is on record [audit.policy-change] [policy.reload-recorded]', async (t) => {
  const directory = policyFiles(t, { 'a.cedar': ALLOW });
  const point = await pointOver(t, directory, { limits: { fileBytes: 4_096, files: 2 } });
  const { version } = point;
  const last = () => point.entries.at(-1);
  writeFileSync(join(directory, 'z.cedar'), ' '.repeat(5_000));
  assert.equal((await point.reload()).inForce, false);
  assert.deepEqual([last()?.type, last()?.facts?.added], ['policy-rejected', ['unread z.cedar']]);
  assert.notEqual(last()?.policyVersion, version);
  writeFileSync(join(directory, 'z.cedar'), ALLOW);
  writeFileSync(join(directory, 'zz.cedar'), ALLOW);
  assert.equal((await point.reload()).inForce, false);
  assert.deepEqual(last()?.facts?.added, [`${hash('sha256', ALLOW, 'hex')} z.cedar`, 'unread zz.cedar']);
  assert.deepEqual([point.version, point.entries.length], [version, 3]);
});
