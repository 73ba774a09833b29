import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TargetConnection } from '@sallyport/connector';
import type { AuditEntry, AuditLog } from '../audit/index.ts';
import { Fault } from '../lib/fault.ts';
import type { Permit, Refusal } from '../protocols/protocol.ts';
import { recordPermit, recordRefusal } from './permit.ts';
import { GuardedLink } from './target-link.ts';

const ENTRY = { type: 'decision', evaluationId: 'e.1' } as const;

function memoryLog(fails = false): AuditLog & { readonly entries: AuditEntry[] } {
  const entries: AuditEntry[] = [];
  return {
    entries,
    durability: 'write',
    size: 0,
    publicKey: '',
    append(entry) {
      if (fails) throw new Fault('audit-unavailable', 'no space');
      entries.push(entry);
    },
    synced: async () => undefined,
    close: async () => undefined,
  };
}

function memoryTarget(): TargetConnection & { readonly written: string[] } {
  const written: string[] = [];
  const nothing = (): void => undefined;
  return {
    written,
    facts: {},
    write(bytes) {
      written.push(Buffer.from(bytes).toString());
      return true;
    },
    onData: nothing,
    keep: nothing,
    onDrain: nothing,
    onClose: nothing,
    pause: nothing,
    resume: nothing,
    cancel: async () => undefined,
    close: nothing,
    abandon: async () => undefined,
  };
}

test('the entry is in the log before the permit exists [L1]', () => {
  const log = memoryLog();
  const permit = recordPermit(log, {}, ENTRY);
  assert.equal(log.entries.length, 1);
  assert.equal(permit.evaluationId, 'e.1');
});

test('a log that cannot be written makes no permit [L1]', () => {
  assert.throws(() => recordPermit(memoryLog(true), {}, ENTRY), Fault);
});

test('bytes pass only with a permit of this very door [L1]', () => {
  const [door, target] = [{}, memoryTarget()];
  const link = new GuardedLink(door, target, []);
  const genuine = recordPermit(memoryLog(), door, ENTRY);
  const ofAnother = recordPermit(memoryLog(), {}, ENTRY);
  const forged: Permit = { effect: 'permit', evaluationId: 'e.1' };
  const dressedUp = Object.create(Object.getPrototypeOf(genuine)) as Permit;
  for (const wrong of [ofAnother, forged, dressedUp]) {
    assert.throws(() => link.forward(wrong, Buffer.from('DROP')), TypeError);
  }
  link.forward(genuine, Buffer.from('SELECT'));
  link.flush();
  assert.deepEqual(target.written, ['SELECT']);
});

test('a roll-back sends bytes fixed in the protocol, and only for a recorded refusal [L1]', () => {
  const target = memoryTarget();
  const link = new GuardedLink({}, target, [Buffer.from('fixed')]);
  const denial = { evaluationId: 'e.1', code: 'forbidden', reason: '', policies: [], hint: '' } as const;
  const refusal = recordRefusal(memoryLog(), ENTRY, denial, () => undefined);
  const forged: Refusal = { effect: 'deny', denial };
  assert.throws(() => link.rollBack(forged, 0), TypeError);
  assert.throws(() => link.rollBack(refusal, 1), TypeError);
  link.rollBack(refusal, 0);
  link.flush();
  assert.deepEqual(target.written, ['fixed']);
});

test('neighbouring bytes leave as one write and others in order [data-path.one-write]', async () => {
  const [door, target] = [{}, memoryTarget()];
  const link = new GuardedLink(door, target, [Buffer.from('|')]);
  const permit = recordPermit(memoryLog(), door, ENTRY);
  const chunk = Buffer.from('abcdef');
  link.forward(permit, chunk.subarray(0, 2));
  link.forward(permit, chunk.subarray(2, 4));
  link.forward(permit, Buffer.from('xy'));
  link.forward(permit, chunk.subarray(4));
  await Promise.resolve();
  assert.deepEqual(target.written, ['abcdxyef']);
});
