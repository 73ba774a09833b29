/** pgbench -S through each route, in turn: transactions a second, latency, CPU a transaction. */
import { runBeside } from './processes.ts';
import type { Route, Stand } from './stand.ts';
import { median, pairedRatio, printTable } from './table.ts';

const SCALE = 5;

interface Sample {
  readonly tps: number;
  readonly cpuMicros: number;
  readonly p50: number;
  readonly p99: number;
}

export async function benchTransactions(stand: Stand, rounds: number, seconds: number): Promise<void> {
  const [direct] = stand.routes;
  if (direct === undefined) return;
  await runBeside('pgbench', ['-i', '-q', '-s', String(SCALE)], direct.env);
  for (const mode of ['simple', 'extended', 'prepared']) {
    for (const clients of [1, 16]) {
      const samples = new Map<string, Sample[]>();
      for (let round = 0; round < rounds; round += 1) {
        // Turned each round, so that no route always comes after the same other.
        for (let turn = 0; turn < stand.routes.length; turn += 1) {
          const route = stand.routes[(turn + round) % stand.routes.length] as Route;
          const sample = await runOnce(stand, route, mode, clients, seconds);
          samples.set(route.name, [...(samples.get(route.name) ?? []), sample]);
        }
      }
      report(
        `pgbench -S, ${mode}, ${clients} client${clients === 1 ? '' : 's'} (${rounds} rounds of ${seconds} s)`,
        samples,
      );
    }
  }
}

async function runOnce(
  stand: Stand,
  route: Route,
  mode: string,
  clients: number,
  seconds: number,
): Promise<Sample> {
  const before = route.cpu();
  const prefix = `${stand.surroundings.directory}/pgbench-${route.name}-${process.hrtime.bigint()}`;
  const output = await runBeside(
    'pgbench',
    [
      '-n',
      '-S',
      '-s',
      String(SCALE),
      '-M',
      mode,
      '-c',
      String(clients),
      '-j',
      '1',
      '-T',
      String(seconds),
      '-l',
      `--log-prefix=${prefix}`,
      '--sampling-rate=0.2',
    ],
    route.env,
  );
  const done = Number(output.match(/number of transactions actually processed: (\d+)/)?.[1]);
  const tps = Number(output.match(/tps = ([\d.]+)/)?.[1]);
  const { globSync, readFileSync } = await import('node:fs');
  const micros = globSync(`${prefix}.*`)
    .flatMap((file) => readFileSync(file, 'utf8').trim().split('\n'))
    .map((line) => Number(line.split(' ')[2]))
    .sort((a, b) => a - b);
  const at = (share: number): number => micros[Math.floor(micros.length * share)] ?? NaN;
  return { tps, cpuMicros: ((route.cpu() - before) / done) * 1e6, p50: at(0.5), p99: at(0.99) };
}

function report(title: string, samples: ReadonlyMap<string, readonly Sample[]>): void {
  const of = (name: string, pick: (sample: Sample) => number): number[] =>
    (samples.get(name) ?? []).map(pick);
  const rows = [...samples.keys()].map((name) => {
    const ratio = (against: string): string => {
      const base = of(against, ({ tps }) => tps);
      return base.length === 0
        ? '-'
        : pairedRatio(
            of(name, ({ tps }) => tps),
            base,
          ).toFixed(2);
    };
    const added = (pick: (sample: Sample) => number): string =>
      name === 'direct' ? '-' : (median(of(name, pick)) - median(of('direct', pick))).toFixed(0);
    const cpu = median(of(name, ({ cpuMicros }) => cpuMicros));
    return [
      name,
      ratio('direct'),
      ratio('pgbouncer'),
      name === 'direct' ? '-' : cpu.toFixed(1),
      added(({ p50 }) => p50),
      added(({ p99 }) => p99),
    ];
  });
  printTable(title, ['route', '× direct', '× pgbouncer', 'CPU µs/tx', 'added p50 µs', 'added p99 µs'], rows);
}
