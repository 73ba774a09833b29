/**
 * What writing the audit log costs: entries appended one by one, as the data path does, against batches, in paired rounds;
 * how long one append takes, which is what a read waits for; and opening and verifying a large log.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type EntryFields, type Log, logStatus, openLog, type Stamp, verifyLog } from '@sallyport/audit-log';
import { median, pairedRatio, printTable } from './table.ts';

const ENTRIES = 100_000;
const BATCHES = [4, 16, 64] as const;
/** Entries between turns of the loop. */
const ENTRIES_A_TURN = 1_024;

/** An entry as the data path writes it. */
export function decision(at: number, { seq, time }: Stamp): EntryFields {
  return {
    actions: ['select'],
    actor: 'react-agent-1',
    digest: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    effect: 'permit',
    evaluationId: `9f3c2a41d0e7b865.${at}`,
    form: 'SELECT id, total FROM public.orders WHERE customer_id = $1 AND status = ? ORDER BY placed_at DESC',
    policies: ['agents-read-monitoring'],
    policyVersion: '3f9a8b7c6d5e4f30',
    protocol: 'postgres',
    seq,
    sessionId: 'df6e063b8e59771c',
    subject: 'company|nora',
    target: 'warehouse',
    task: 'look at late orders',
    time,
    type: 'decision',
  };
}

export async function benchAppend(rounds: number, megabytes: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  try {
    const log = openLog(directory);
    const took: number[] = [];
    await appendBatches(log, 1);
    const measured: Rates[] = [];
    for (let round = 0; round < rounds; round += 1) {
      measured.push(await measureRound(log));
      took.push(...(await timeAppends(log)));
    }
    await log.close();
    const alone = measured.map(({ one }) => one.perCpuSecond);
    const row = (name: string, rates: readonly Rate[]): readonly string[] => [
      name,
      median(rates.map(({ perSecond }) => perSecond)).toFixed(0),
      median(rates.map(({ perCpuSecond }) => perCpuSecond)).toFixed(0),
      pairedRatio(
        rates.map(({ perCpuSecond }) => perCpuSecond),
        alone,
      ).toFixed(2),
    ];
    printTable(
      `appending ${ENTRIES} entries (medians of ${rounds} rounds)`,
      ['', 'entries/s', 'entries per CPU s', '× one by one'],
      [
        row(
          'one by one',
          measured.map(({ one }) => one),
        ),
        ...BATCHES.map((size, at) =>
          row(
            `batches of ${size}`,
            measured.map(({ batches }) => batches[at] as Rate),
          ),
        ),
      ],
    );
    took.sort((a, b) => a - b);
    const share = (part: number): string => (took[Math.floor(took.length * part)] ?? NaN).toFixed(1);
    process.stdout.write(`\none append: p50 ${share(0.5)} µs, p99 ${share(0.99)} µs\n`);
    await benchOpening(join(directory, 'large'), megabytes);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

interface Rate {
  readonly perSecond: number;
  readonly perCpuSecond: number;
}

interface Rates {
  readonly one: Rate;
  readonly batches: readonly Rate[];
}

async function measureRound(log: Log): Promise<Rates> {
  const one = await rateOf(() => appendBatches(log, 1));
  const batches: Rate[] = [];
  for (const size of BATCHES) batches.push(await rateOf(() => appendBatches(log, size)));
  return { one, batches };
}

async function appendBatches(log: Log, size: number): Promise<void> {
  const items = Array.from({ length: size }, (_, at) => at);
  for (let at = 0; at < ENTRIES; at += size) {
    if (size === 1) log.append(decision(at, log.next()));
    else log.appendAll(items, decision);
    if (at % ENTRIES_A_TURN === 0) await nextTurn();
  }
}

/** Of the whole process: the tree is hashed by a thread of its own at the same time. */
async function rateOf(work: () => Promise<void>): Promise<Rate> {
  const before = process.cpuUsage();
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(before);
  return { perSecond: ENTRIES / seconds, perCpuSecond: ENTRIES / ((user + system) / 1e6) };
}

async function timeAppends(log: Log): Promise<readonly number[]> {
  const took: number[] = [];
  for (let at = 0; at < 20_000; at += 1) {
    const started = performance.now();
    log.append(decision(at, log.next()));
    took.push((performance.now() - started) * 1000);
    if (at % 16 === 0) await nextTurn();
  }
  return took;
}

async function benchOpening(directory: string, megabytes: number): Promise<void> {
  const log = openLog(directory, { checkpointMs: 0 });
  const items = Array.from({ length: 1_000 }, (_, at) => at);
  const wanted = megabytes * 1e6;
  for (let entries = 0; entries * 548 < wanted; entries += items.length) {
    log.appendAll(items, decision);
    if (entries % 5_000 === 0) await log.checkpoint();
  }
  await log.close();
  const { bytes, entries } = logStatus(directory, log.publicKey);
  const open = await seconds(() => openLog(directory, { checkpointMs: 0 }).close());
  const verify = await seconds(async () => {
    const { problem, covered } = await verifyLog(directory, log.publicKey);
    if (problem !== null || covered !== entries) throw new Error('the log of the bench does not verify');
  });
  const line = ({ wall, cpu }: Cost): readonly string[] => [
    wall.toFixed(1),
    (bytes / 1e6 / wall).toFixed(0),
    cpu.toFixed(1),
    (bytes / 1e6 / cpu).toFixed(0),
  ];
  printTable(
    `a log of ${entries} entries, ${(bytes / 1e6).toFixed(0)} MB`,
    ['', 's', 'MB/s', 'CPU s', 'MB per CPU s'],
    [
      ['open', ...line(open)],
      ['verify', ...line(verify)],
    ],
  );
}

interface Cost {
  readonly wall: number;
  readonly cpu: number;
}

async function seconds(work: () => unknown): Promise<Cost> {
  const before = process.cpuUsage();
  const started = performance.now();
  await work();
  const wall = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(before);
  return { wall, cpu: (user + system) / 1e6 };
}
