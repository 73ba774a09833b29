import { join } from 'node:path';
import type { ExportStatus } from '@sallyport/contract';
import type { AuditEntry, AuditLog } from '../audit/index.ts';
import { Fault } from '../lib/fault.ts';
import { Follower } from './follower.ts';
import { isOver, type Lag, lagOf } from './lag.ts';
import type { ExportConfig } from './section.ts';
import { openSink } from './sinks/open-sink.ts';

export interface ExportDeps {
  readonly log: AuditLog;
  /** Folder of the log. */
  readonly directory: string;
  /** Folder of the cursors. */
  readonly cursors: string;
  readonly now: () => number;
  /** From 0 to 1; for spreading attempts, not for secrets. */
  readonly random: () => number;
  /** Told when a sink falls behind its limits, and of what it was behind for. */
  readonly report: (fault: unknown) => void;
}

export interface Exports {
  /** How each is doing. Nothing in it is secret: no URL, nothing the other end said. */
  status(): readonly ExportStatus[];
  /** The log as it is to be used: one that records no permit while a sink that may deny is past its limits. */
  guard(log: AuditLog): AuditLog;
  /** Gives sinks that answer a moment for the rest; everything else goes on from its cursor at the next start. */
  close(): Promise<void>;
}

/** How often lag is held against its limits, in milliseconds. */
const WATCH_MS = 250;
/** Longest that stopping waits for sinks to take the last entries, in milliseconds. */
const DRAIN_MS = 2_000;

/** Least time between two alarms of one export, in milliseconds: one that is now over its limits and now not says so once. */
const ALARM_MS = 60_000;

interface Following {
  readonly config: ExportConfig;
  readonly follower: Follower;
  isOver: boolean;
  alarmedAt: number;
}

/** Starts every export; each goes on from its own cursor. Resolves once it is known how far behind each is. */
export async function openExports(configs: readonly ExportConfig[], deps: ExportDeps): Promise<Exports> {
  const { log, directory, cursors, now, random, report } = deps;
  const all: Following[] = configs.map((config) => {
    const sink = openSink(config, log.publicKey, now);
    const cursorFile = join(cursors, `${config.name}.cursor`);
    return {
      config,
      follower: new Follower(config, { log, directory, cursorFile, sink, now, random }),
      isOver: false,
      alarmedAt: Number.NEGATIVE_INFINITY,
    };
  });
  await Promise.all(all.map(({ follower }) => follower.start()));
  const watch = () => {
    for (const one of all) follow(one, log.size, now(), report);
  };
  watch();
  const timer = all.length === 0 ? null : setInterval(watch, WATCH_MS).unref();
  return {
    status: () => all.map((one) => statusOf(one, log.size, now())),
    guard: (guarded) =>
      all.some(({ config }) => config.onLag === 'deny') ? new GuardedLog(guarded, all, now) : guarded,
    async close() {
      if (timer !== null) clearInterval(timer);
      await Promise.all(all.map(({ follower }) => follower.close(DRAIN_MS)));
    },
  };
}

/** Tells that limits were passed, and keeps it known. */
function follow(one: Following, size: number, now: number, report: (fault: unknown) => void): void {
  const { config, follower } = one;
  const { progress } = follower;
  const lag = lagOf(progress, size, now);
  const over = isOver(lag, config);
  if (over && !one.isOver && now - one.alarmedAt >= ALARM_MS) {
    one.alarmedAt = now;
    const refused = config.onLag === 'deny' ? '; operations are refused until it is not' : '';
    const why = progress.problem === null ? 'it acknowledges too slowly' : progress.problem;
    report(
      new Fault(
        'export-behind',
        `the audit export ${config.name} is behind by ${shown(lag)}${refused}: ${why}`,
      ),
    );
  }
  one.isOver = over;
}

function shown({ entries, seconds }: Lag): string {
  return `${entries === null ? 'an unknown number of' : entries} entries and ${seconds} seconds`;
}

function statusOf({ config, follower }: Following, size: number, now: number): ExportStatus {
  const { progress } = follower;
  const { name, type, format, onLag, lagEntries, lagSeconds } = config;
  const lag = lagOf(progress, size, now);
  const { acknowledged, failures, problem } = progress;
  return {
    name,
    type,
    format,
    onLag,
    state: isOver(lag, config) ? 'behind' : failures > 0 ? 'failing' : 'ok',
    acknowledged: acknowledged === null || acknowledged === 0 ? null : acknowledged - 1,
    lag,
    limits: { entries: lagEntries, seconds: lagSeconds },
    failures,
    problem,
  };
}

/**
 * A permit is an entry first (L1), so a log that takes no entry of a permit is one under which nothing is permitted. What is
 * refused, and what ends, is recorded all the same.
 */
class GuardedLog implements AuditLog {
  readonly publicKey: string;
  readonly durability: AuditLog['durability'];
  readonly #log: AuditLog;
  readonly #deniers: readonly Following[];
  readonly #now: () => number;

  constructor(log: AuditLog, all: readonly Following[], now: () => number) {
    this.publicKey = log.publicKey;
    this.durability = log.durability;
    this.#log = log;
    this.#now = now;
    this.#deniers = all.filter(({ config }) => config.onLag === 'deny');
  }

  get size(): number {
    return this.#log.size;
  }

  append(entry: AuditEntry): void {
    if (entry.effect === 'permit') {
      for (const one of this.#deniers) if (this.#mustWait(one)) throw behind(one.config.name);
    }
    this.#log.append(entry);
  }

  /** Entries are counted now: between two looks at the clock many could come, and the sink could catch up. */
  #mustWait({ isOver: wasOver, config, follower }: Following): boolean {
    const { acknowledged } = follower;
    if (acknowledged === null || this.#log.size - acknowledged >= config.lagEntries) return true;
    return wasOver && isOver(lagOf(follower.progress, this.#log.size, this.#now()), config);
  }

  synced(): Promise<void> {
    return this.#log.synced();
  }

  close(): Promise<void> {
    return this.#log.close();
  }
}

function behind(name: string): Fault {
  return new Fault(
    'export-behind',
    `nothing is permitted while the audit export ${name} is behind its limits (audit.export: on_lag: deny)`,
  );
}
