/** Whatever the disk refuses, and whenever the process or the machine dies: what was acknowledged is in the log. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { FailingDisk, type Fate } from './failing-disk.ts';
import { type Log, openLog } from './log.ts';
import { readLog } from './read.ts';
import { verifyLog } from './verify.ts';

type Step = 'one' | 'three' | 'sync' | 'checkpoint' | 'wait' | 'kill';
type End =
  | 'kill'
  | 'power cut'
  | 'power cut after all was written'
  | 'power cut after some was written'
  | 'kill, then power cut';

interface Story {
  readonly steps: readonly Step[];
  readonly fate: (call: number) => Fate;
  readonly end: End;
}

const recoverMs = 1;

/** What a log that lived through it must still have. */
class Life {
  readonly disk: FailingDisk;
  readonly directory: string;
  #log: Log | null = null;
  /** Entries appended, those that were killed before an answer included: what each must be. */
  readonly written: string[] = [];
  onDisk = 0;

  constructor(directory: string) {
    this.directory = directory;
    this.disk = new FailingDisk(directory);
  }

  open(): void {
    try {
      this.#log = openLog(this.directory, {
        files: this.disk,
        segmentBytes: 400,
        checkpointMs: 0,
        recoverMs,
        now: () => 1_700_000_000_000,
      });
    } catch (error) {
      // What is damaged stays so; all else may be had another time.
      assert.notEqual((error as { code?: string }).code, 'damaged', String(error));
      return;
    }
    assert.ok(this.#log.size >= this.written.length, `${this.#log.size} of ${this.written.length} are there`);
    // An entry whose append failed may be there all the same.
    while (this.written.length < this.#log.size) this.written.push('');
  }

  async step(step: Step): Promise<void> {
    if (step === 'kill') return this.kill();
    const log = this.#log;
    if (log === null) return this.open();
    try {
      if (step === 'one') this.#append(log, 1);
      else if (step === 'three') this.#append(log, 3);
      else if (step === 'wait') await pause(3 * recoverMs);
      else {
        const size = log.size;
        await (step === 'sync' ? log.synced() : log.checkpoint());
        this.onDisk = Math.max(this.onDisk, size);
      }
    } catch {
      // Refused: nobody was told that it is there.
    }
  }

  /** Nothing of the process reaches the disk any more; the system keeps what it has. */
  async kill(): Promise<void> {
    this.disk.isDead = true;
    await this.#log?.close().catch(() => undefined);
    this.#log = null;
    this.disk.isDead = false;
  }

  #append(log: Log, count: number): void {
    const forms = Array.from(
      { length: count },
      (_, at) => `SELECT ${this.disk.calls}.${at} ${'x'.repeat(40)}`,
    );
    if (count === 1) log.append({ form: forms[0], type: 'decision' });
    else log.appendAll(forms, (form, { seq, time }) => ({ form, seq, time, type: 'decision' }));
    this.written.push(...forms);
  }
}

/** Lives through the story; throws when the log does not have what was acknowledged, or does not verify. */
async function live({ steps, fate, end }: Story): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-life-'));
  try {
    const life = new Life(join(folder, 'log'));
    life.open();
    life.disk.fate = fate;
    const before = life.disk.calls;
    life.disk.fate = (call) => fate(call - before);
    for (const step of steps) await life.step(step);
    const { calls } = life.disk;
    life.disk.fate = () => 'works';
    let left = life.directory;
    let least = life.written.length;
    await life.kill();
    if (end === 'kill, then power cut') {
      life.open();
      await life.step('sync');
      await life.step('one');
      await life.step('checkpoint');
      least = life.onDisk;
      await life.kill();
    }
    if (end !== 'kill') {
      left = join(folder, 'after');
      life.disk.powerCut(left, moreAt[end] ?? null);
      least = life.onDisk;
    }
    await expectWhole(left, life.written.slice(0, least));
    return calls - before;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function expectWhole(directory: string, written: readonly string[]): Promise<void> {
  const log = openLog(directory, { checkpointMs: 0, now: () => 1_700_000_000_000 });
  assert.ok(log.size >= written.length, `${log.size} of ${written.length} acknowledged entries are there`);
  log.append({ type: 'decision', form: 'after' });
  await log.close();
  const forms = [...readLog(directory)].map(({ fields }) => fields.form);
  for (const [seq, form] of written.entries())
    if (form !== '') assert.equal(forms[seq], form, `entry ${seq}`);
  const report = await verifyLog(directory, log.publicKey);
  assert.deepEqual([report.problem, report.covered], [null, forms.length]);
}

const moreAt: Partial<Record<End, (file: number) => boolean>> = {
  'power cut after all was written': () => true,
  'power cut after some was written': (file) => file % 2 === 1,
};
const ends: readonly End[] = [
  'power cut after some was written',
  'kill',
  'power cut',
  'power cut after all was written',
  'kill, then power cut',
];
// Over several segments, with entries that are synced, under a checkpoint, and neither.
const busy: readonly Step[] = [
  ...(['one', 'three', 'sync', 'one', 'three', 'three', 'sync', 'wait', 'one', 'checkpoint'] as const),
  ...([
    'three',
    'one',
    'checkpoint',
    'wait',
    'three',
    'sync',
    'wait',
    'one',
    'checkpoint',
    'wait',
    'one',
  ] as const),
];

test('has every acknowledged entry, whichever call to the disk fails, tears or is the last [audit.disk-fails, audit.recovers]', async () => {
  const most = await live({ steps: busy, fate: () => 'works', end: 'kill' });
  assert.ok(most > 30, `${most} calls`);
  for (let at = 0; at < most; at += 1) {
    const fates: readonly ((call: number) => Fate)[] = [
      (call) => (call === at ? 'fails' : 'works'),
      (call) => (call === at ? 'tears' : 'works'),
      (call) => (call >= at && call < at + 6 ? 'fails' : 'works'),
      (call) => (call >= at ? 'fails' : 'works'),
    ];
    for (const [kind, fate] of fates.entries()) {
      const end = ends[(at + kind) % ends.length] as End;
      await assert.doesNotReject(live({ steps: busy, fate, end }), `call ${at}, kind ${kind}, then ${end}`);
    }
  }
});

test('has every acknowledged entry after any story of faults, kills and power cuts [audit.disk-fails, audit.recovers]', async () => {
  const step = fc.constantFrom<Step>('one', 'one', 'three', 'sync', 'sync', 'checkpoint', 'wait', 'kill');
  const fault = fc.record({ from: fc.nat(80), calls: fc.constantFrom(1, 1, 2, 5, 20), tears: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 3, maxLength: 25 }),
      fc.array(fault, { maxLength: 4 }),
      fc.constantFrom(...ends),
      async (steps, faults, end) => {
        const fate = (call: number): Fate => {
          const hit = faults.find(({ from, calls }) => call >= from && call < from + calls);
          return hit === undefined ? 'works' : hit.tears ? 'tears' : 'fails';
        };
        await live({ steps, fate, end });
      },
    ),
    {
      numRuns: Number(process.env.RUNS ?? 150),
      ...(process.env.SEED === undefined ? {} : { seed: Number(process.env.SEED) }),
    },
  );
});
