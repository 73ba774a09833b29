/** What open holds cost: heap for each, the time to open one among many, and to list a page of them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { approvalSection, createApprovals } from '../packages/gateway/src/approval/index.ts';
import { judge } from '../packages/gateway/src/data-path/judge.ts';
import { Session } from '../packages/gateway/src/data-path/session.ts';
import type { Identity } from '../packages/gateway/src/identity/index.ts';
import { systemClock } from '../packages/gateway/src/lib/clock.ts';
import type { Operation } from '../packages/gateway/src/protocols/protocol.ts';
import { openStorage, storageSection } from '../packages/gateway/src/storage/index.ts';
import { IDENTITY, operation, requestableUnder, stagedHouse } from '../test/bypass/data-path/staged-house.ts';
import { printTable } from './table.ts';

const HOLDS = 10_000;
const PAGE = 100;
const TEXT_BYTES = 500;

export async function benchHolds(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-bench-'));
  const storage = await openStorage(storageSection.parse({ directory }), { clock: systemClock });
  const staged = stagedHouse();
  staged.decide = async () => requestableUnder('v1');
  const room = createApprovals({
    config: approvalSection.parse({ pendingTotal: 100_000, pendingPerSubject: 10_000 }),
    storage,
    clock: systemClock,
    audit: { append: () => undefined },
    key: Buffer.alloc(32, 1),
    storeKey: Buffer.alloc(32, 1),
    random: staged.house.random,
    report: (fault) => console.error(fault),
  });
  Object.assign(staged.house, { approvals: room });
  const before = heapBytes();
  const abort = new AbortController();
  const started = performance.now();
  const waiting: unknown[] = [];
  for (let at = 0; at < HOLDS; at += 1) waiting.push(hold(staged.house, at, abort.signal));
  const bob: Identity = {
    ...IDENTITY,
    subject: 'main|bob',
    groups: ['approvers'],
    actor: null,
    kind: 'person',
    aliases: ['main|bob'],
  };
  while (room.pending < HOLDS) await new Promise(setImmediate);
  const opened = performance.now() - started;
  const listing = performance.now();
  const { next } = await room.page(bob, { state: 'pending', limit: PAGE });
  const first = performance.now() - listing;
  const later = performance.now();
  await room.page(bob, { state: 'pending', limit: PAGE, ...(next === null ? {} : { before: next }) });
  const second = performance.now() - later;
  const after = heapBytes();
  printTable(
    'open holds, a session each',
    ['holds', 'heap MB', 'KB each', 'all opened ms', `page of ${PAGE} ms`, 'next page ms'],
    [
      [
        ...[
          String(HOLDS),
          ((after - before) / 1_048_576).toFixed(1),
          ((after - before) / 1_024 / HOLDS).toFixed(2),
        ],
        ...[opened.toFixed(0), first.toFixed(2), second.toFixed(2)],
      ],
    ],
  );
  abort.abort();
  await Promise.all(waiting);
  await room.close();
  await storage.close();
  await rm(directory, { recursive: true, force: true });
}

function hold(house: Session['house'], at: number, signal: AbortSignal): unknown {
  const identity = { ...IDENTITY, subject: `main|agent-${at}`, aliases: [`main|agent-${at}`, `agent-${at}`] };
  const context = { identity, target: 'db', protocol: 'toy', secure: true, access: 'read-write' } as const;
  const caller = { facet: '', client: '', startup: {} } as unknown as ConstructorParameters<
    typeof Session
  >[3];
  const session = new Session(house, identity, context, caller);
  const one: Operation = { ...operation(true), text: `select ${at} -- ${'x'.repeat(TEXT_BYTES)}` };
  return judge(session, one, { held: () => undefined, signal });
}

function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  for (let round = 0; round < 3; round += 1) collect();
  return process.memoryUsage().heapUsed;
}
