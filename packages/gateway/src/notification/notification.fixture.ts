/** A room that tells people, with access requests to tell of, for tests only. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AccessRequestView, NOTHING_SHOWN } from '../approval/index.ts';
import { createRowSeals } from '../storage/index.ts';
import { openNotifications } from './notifications.ts';
import { notificationSection } from './section.ts';

const directory = mkdtempSync(join(tmpdir(), 'sallyport-notify-'));

/** A file with something secret in it. */
export function secretFile(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

export function openDesk(channels: readonly object[], more: object = {}) {
  const faults: unknown[] = [];
  const time = { ahead: 0 };
  const notifications = openNotifications(notificationSection.parse({ channels, ...more }), {
    clock: { now: () => Date.now() + time.ahead, elapsed: () => performance.now() },
    random: (bytes) => 'ab'.repeat(bytes),
    links: {
      put: async () => undefined,
      find: async () => null,
      removeOf: async () => 0,
      removeExpired: async () => undefined,
    },
    seals: createRowSeals({
      key: Buffer.alloc(32),
      marksFile: join(directory, 'store.marks'),
      bus: { publish: async () => undefined, subscribe: () => () => undefined },
      refused: (row) => void faults.push(row),
    }),
    report: (fault) => void faults.push(fault),
  });
  return { notifications, faults, time };
}

let asked = 0;

/** Something alice's agent asks for, with what must not be told in it. */
export function request(overrides: Partial<AccessRequestView> = {}): AccessRequestView {
  asked += 1;
  const now = Date.now();
  return {
    id: `ar-${String(asked).padStart(16, '0')}`,
    sessionId: 's1',
    subject: 'main|alice',
    displayName: 'Alice',
    actor: 'agent-7',
    tokenId: null,
    delegation: [],
    task: null,
    target: 'shop',
    mode: 'hold',
    shown: NOTHING_SHOWN,
    digest: 'd'.repeat(64),
    text: "DELETE FROM orders WHERE note = 'secret-literal'",
    form: 'DELETE FROM orders WHERE note = $1',
    parameters: ['secret-parameter'],
    requirements: [{ group: 'dba', seats: 1 }],
    reason: 'writes need approval',
    state: 'pending',
    createdAt: now,
    expiresAt: now + 900_000,
    endedAt: null,
    redeemedAt: null,
    decisions: [],
    decidable: false,
    ...overrides,
  };
}
