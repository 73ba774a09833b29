import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openLog, readLog, verifyLog } from '@sallyport/audit-log';
import { systemClock } from '../lib/clock.ts';
import { Fault } from '../lib/fault.ts';
import { type AuditEntry, auditSection, createAudit, ENTRY_VERSION } from './index.ts';

function scratch(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-audit-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const isUnavailable = (error: unknown): boolean =>
  error instanceof Fault && error.code === 'audit-unavailable';

test('puts exactly the named fields of an entry in the log [audit.classified]', async (t) => {
  const directory = scratch(t);
  const audit = createAudit(auditSection.parse({ directory }), { clock: { ...systemClock, now: () => 5 } });
  const smuggled = { type: 'decision', effect: 'deny', actor: null, text: 'SELECT secret', password: 'x' };
  audit.append(smuggled as unknown as AuditEntry);
  audit.append({ type: 'admin', facts: { z: 1, a: ['x'], m: true } });
  await audit.synced();
  await audit.close();
  assert.deepEqual(
    [...readLog(directory)].map(({ fields }) => fields),
    [
      { actor: null, effect: 'deny', seq: 0, time: 5, type: 'decision', v: 1 },
      { facts: { a: ['x'], m: true, z: 1 }, seq: 1, time: 5, type: 'admin', v: 1 },
    ],
  );
  assert.equal((await verifyLog(directory, audit.publicKey)).problem, null);
});

test('keeps an entry bounded however long the statement was [audit.bounded]', async (t) => {
  const directory = scratch(t);
  const audit = createAudit(auditSection.parse({ directory, formBytes: 256 }), { clock: systemClock });
  audit.append({ type: 'decision', form: 'x'.repeat(5_000_000), reason: 'y'.repeat(300) });
  await audit.close();
  const [entry] = readLog(directory);
  assert.equal(entry?.fields.form, `${'x'.repeat(256)}\u2026 (4999744 more left out)`);
  assert.equal(entry?.fields.reason, `${'y'.repeat(256)}\u2026 (44 more left out)`);
});

test('turns every failure of the log into one fault that names the cause [audit.fault]', async (t) => {
  const directory = scratch(t);
  writeFileSync(join(directory, 'file'), '');
  const clock = systemClock;
  assert.throws(
    () => createAudit(auditSection.parse({ directory: join(directory, 'file', 'log') }), { clock }),
    isUnavailable,
  );
  const config = auditSection.parse({ directory: join(directory, 'log') });
  const audit = createAudit(config, { clock });
  assert.throws(() => createAudit(config, { clock }), isUnavailable);
  audit.append({ type: 'gateway-started' });
  await audit.close();
  assert.throws(() => audit.append({ type: 'gateway-stopped' }), isUnavailable);
  const segment = readdirSync(config.directory).find((name) => name.endsWith('.entries')) ?? '';
  writeFileSync(join(config.directory, segment), '');
  assert.throws(
    () => createAudit(config, { clock }),
    (error: unknown) => isUnavailable(error) && error instanceof Fault && error.message.includes(segment),
  );
});

test('has documented defaults and refuses what it does not know [audit.fault]', () => {
  assert.deepEqual(auditSection.parse({}), {
    directory: './audit',
    origin: 'sallyport/audit',
    durability: 'write',
    checkpointMs: 1000,
    segmentBytes: 64 * 1024 * 1024,
    formBytes: 8192,
  });
  for (const bad of [{ durability: 'none' }, { segmentBytes: 1 }, { origin: 'a b' }, { directry: 'x' }]) {
    assert.equal(auditSection.safeParse(bad).success, false);
  }
});

test('gives the newest entry of what is compared over restarts, and what has no version is read like any [audit.version, audit.policy-change]', async (t) => {
  const directory = scratch(t);
  const log = openLog(directory);
  // As an earlier gateway wrote it, and what only looks like it.
  log.append({ type: 'policy-loaded', policyVersion: 'old', facts: { files: ['a.cedar'] } });
  log.append({ type: 'decision', task: '"type":"policy-loaded"', form: '"type":"policy-loaded"' });
  await log.close();
  const config = auditSection.parse({ directory });
  const first = createAudit(config, { clock: systemClock });
  assert.equal(first.lastEntry('policy-loaded')?.policyVersion, 'old');
  assert.equal(first.lastEntry('configuration-loaded'), null);
  first.append({ type: 'policy-loaded', policyVersion: 'new' });
  first.append({ type: 'configuration-loaded', facts: { sections: [] } });
  first.append({ type: 'admin' });
  await first.close();
  const second = createAudit(config, { clock: systemClock });
  assert.deepEqual(
    [second.lastEntry('policy-loaded')?.policyVersion, second.lastEntry('configuration-loaded')?.v],
    ['new', ENTRY_VERSION],
  );
  await second.close();
  assert.equal((await verifyLog(directory, second.publicKey)).problem, null);
});
