/**
 * What checking the audit log costs, on entries as the data path writes them: verifying the whole log, opening it, proving
 * one entry, and checking that proof with the public key alone. The anchor is SHA-256 over the same bytes, in the same run.
 */
import { createHash } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { logStatus, openLog, proveEntry, verifyLog } from '@sallyport/audit-log';
import { verifyProof, writeProof } from '@sallyport/audit-log/verifier';
import { decision } from './append.ts';
import { median, printTable } from './table.ts';

const ENTRIES = 400_000;
/** A checkpoint for about a second of a busy gateway. */
const ENTRIES_A_CHECKPOINT = 5_000;

export async function benchAudit(rounds: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  try {
    const key = await makeLog(directory);
    const measured: Measured[] = [];
    for (let round = 0; round < rounds; round += 1) measured.push(await measure(directory, key));
    const { bytes } = logStatus(directory, key);
    const of = (pick: (one: Measured) => Cost): readonly [number, number] => [
      median(measured.map((one) => pick(one).wall)),
      median(measured.map((one) => pick(one).cpu)),
    ];
    const row = (name: string, pick: (one: Measured) => Cost): readonly string[] => {
      const [wall, cpu] = of(pick);
      const rate = (ms: number): string => (bytes / 1000 / ms).toFixed(0);
      return [name, wall.toFixed(0), rate(wall), cpu.toFixed(0), rate(cpu)];
    };
    printTable(
      `a log of ${ENTRIES} entries, ${(bytes / 1e6).toFixed(0)} MB, ${Math.round(bytes / ENTRIES)} bytes each (medians of ${rounds} rounds)`,
      ['', 'ms', 'MB/s', 'CPU ms', 'MB per CPU s'],
      [
        row('SHA-256 alone', ({ anchor }) => anchor),
        row('verify', ({ verify }) => verify),
        row('prove one entry', ({ prove }) => prove),
        row('open', ({ open }) => open),
      ],
    );
    const [check] = of(({ check }) => check);
    process.stdout.write(`\nchecking the proof: ${check.toFixed(1)} ms\n`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

interface Cost {
  readonly wall: number;
  readonly cpu: number;
}

type Measured = Readonly<Record<'anchor' | 'verify' | 'prove' | 'open' | 'check', Cost>>;

async function makeLog(directory: string): Promise<string> {
  const log = openLog(directory, { checkpointMs: 0 });
  for (let at = 0; at < ENTRIES; at += 1) {
    log.append(decision(at, log.next()));
    if (at % ENTRIES_A_CHECKPOINT === 0) await log.checkpoint();
  }
  await log.close();
  return log.publicKey;
}

async function measure(directory: string, key: string): Promise<Measured> {
  const names = logStatus(directory, key).segments.map(({ name }) => name);
  const piece = Buffer.alloc(256 * 1024);
  const anchor = await cost(() => {
    const hash = createHash('sha256');
    for (const name of names) {
      const fd = openSync(join(directory, name), 'r');
      for (let read = readSync(fd, piece); read > 0; read = readSync(fd, piece))
        hash.update(piece.subarray(0, read));
      closeSync(fd);
    }
    hash.digest();
  });
  const verify = await cost(async () => {
    const { problem, covered } = await verifyLog(directory, key);
    if (problem !== null || covered !== ENTRIES) throw new Error('the log of the bench does not verify');
  });
  let proof = '';
  const prove = await cost(async () => {
    proof = writeProof(await proveEntry(directory, key, Math.floor(ENTRIES / 3)));
  });
  const open = await cost(() => openLog(directory, { checkpointMs: 0 }).close());
  const check = await cost(async () => {
    if (!(await verifyProof(proof, { key })).proven) throw new Error('the proof of the bench does not hold');
  });
  return { anchor, verify, prove, open, check };
}

/** Milliseconds of the clock, and of all threads of this process. */
async function cost(work: () => unknown): Promise<Cost> {
  const before = process.cpuUsage();
  const started = performance.now();
  await work();
  const wall = performance.now() - started;
  const { user, system } = process.cpuUsage(before);
  return { wall, cpu: (user + system) / 1000 };
}
