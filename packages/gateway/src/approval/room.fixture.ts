/** A room on a real store, with people in it, for tests only. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testStore } from '../../../../test/fixtures/store.ts';
import type { AuditEntry } from '../audit/index.ts';
import { type Identity, PLAIN_TOKEN } from '../identity/index.ts';
import type { Storage } from '../storage/index.ts';
import type { AccessRequestSubject, Shown } from './approval.ts';
import { createApprovals } from './room.ts';
import { approvalSection } from './section.ts';

export function identity(name: string, overrides: Partial<Identity> = {}): Identity {
  return {
    subject: `main|${name}`,
    displayName: name,
    groups: [],
    actor: null,
    task: null,
    kind: 'person',
    expiresAt: Number.MAX_SAFE_INTEGER,
    aliases: [`main|${name}`, `${name}@example.com`, 'client:main|cli'],
    ...PLAIN_TOKEN,
    ...overrides,
  };
}

/** Alice's agent, asking. */
export const agent = identity('alice', {
  kind: 'machine',
  actor: 'agent-7',
  aliases: ['main|alice', 'alice@example.com', 'agent-7', 'client:main|agent-7'],
});

export const SHOWN: Shown = {
  touches: ['delete on Table "shop/public/orders"'],
  touchesLeftOut: 0,
  rows: 12,
  risk: null,
  policies: ['writes'],
  stated: '',
  history: { first: [], permitted: 0, denied: 0 },
  grantMs: null,
};

export const KEY = Buffer.alloc(32, 7);

export function asking(overrides: Partial<AccessRequestSubject> = {}): AccessRequestSubject {
  return {
    sessionId: 's1',
    identity: agent,
    target: 'shop',
    digest: 'd'.repeat(64),
    text: "DELETE FROM orders WHERE note = 'hush'",
    form: 'DELETE FROM orders WHERE note = $1',
    parameters: ['1'],
    requirements: [{ group: 'dba', seats: 1 }],
    reason: 'writes need approval',
    mode: 'hold',
    shown: SHOWN,
    scope: [{ action: 'delete', resource: { type: 'Table', path: ['shop', 'public', 'orders'] } }],
    ...overrides,
  };
}

/** Time that the test moves; timers fire when it passes them. */
export function manualTime() {
  let now = 1_700_000_000_000;
  let timers: { readonly at: number; readonly run: () => void }[] = [];
  return {
    clock: { now: () => now, elapsed: () => now },
    schedule: (delayMs: number, run: () => void) => {
      const timer = { at: now + delayMs, run };
      timers.push(timer);
      return {
        cancel: () => {
          timers = timers.filter((one) => one !== timer);
        },
      };
    },
    timers: () => timers.length,
    pass(ms: number) {
      now += ms;
      const due = timers.filter((one) => one.at <= now);
      timers = timers.filter((one) => one.at > now);
      for (const one of due) one.run();
    },
  };
}

export async function openRoom(
  options: {
    readonly limits?: Record<string, unknown>;
    readonly directory?: string;
    readonly storage?: Storage;
    readonly storeKey?: Uint8Array;
  } = {},
) {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'sallyport-approval-')));
  const time = manualTime();
  const storage = options.storage ?? (await testStore(directory, { clock: time.clock }));
  const entries: AuditEntry[] = [];
  const faults: unknown[] = [];
  const log = { full: false };
  let count = 0;
  const room = createApprovals({
    config: approvalSection.parse(options.limits ?? {}),
    storage,
    clock: time.clock,
    schedule: time.schedule,
    key: KEY,
    storeKey: options.storeKey ?? KEY,
    audit: {
      append(entry) {
        if (log.full) throw new Error('no space left');
        entries.push(entry);
      },
    },
    random: () => {
      count += 1;
      return String(count).padStart(16, '0');
    },
    report: (fault) => faults.push(fault),
  });
  const close = async () => {
    await room.close();
    await storage.close();
    await rm(directory, { recursive: true, force: true });
  };
  return { room, storage, time, entries, faults, log, directory, close };
}
