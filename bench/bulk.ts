/** One large result through each route, in turn: wall time against direct, CPU a gigabyte. */
import { runBeside } from './processes.ts';
import type { Route, Stand } from './stand.ts';
import { median, pairedRatio, printTable } from './table.ts';

const ROWS = 800_000;

/** Five columns of which one, `email`, is classified; about 130 bytes a row on the wire. */
const TABLE = `
DROP TABLE IF EXISTS bulk;
CREATE TABLE bulk AS SELECT g AS id, 'customer number ' || g AS name, 'person' || g || '@example.com' AS email,
  repeat('lorem ipsum ', 4) || g AS note, g * 3 AS amount FROM generate_series(1, ${ROWS}) g;
ANALYZE bulk;
`;

/** What is asked for, and how: a SELECT as text, and the same as COPY. */
const READS: readonly (readonly [string, string])[] = [
  ['SELECT', 'SELECT * FROM bulk'],
  ['COPY', 'COPY bulk TO STDOUT'],
];

export async function benchBulk(stand: Stand, rounds: number): Promise<void> {
  const [direct] = stand.routes;
  if (direct === undefined) return;
  await runBeside('psql', ['-qX', '-c', TABLE], direct.env);
  for (const [name, sql] of READS) {
    const samples = new Map<string, { seconds: number; cpu: number; bytes: number }[]>();
    for (let round = 0; round < rounds; round += 1) {
      for (let turn = 0; turn < stand.routes.length; turn += 1) {
        const route = stand.routes[(turn + round) % stand.routes.length] as Route;
        const before = { time: performance.now(), cpu: route.cpu() };
        await runBeside('psql', ['-qAtX', '-o', '/dev/null', '-c', sql], route.env);
        const seconds = (performance.now() - before.time) / 1000;
        const sample = { seconds, cpu: route.cpu() - before.cpu, bytes: ROWS * 130 };
        samples.set(route.name, [...(samples.get(route.name) ?? []), sample]);
      }
    }
    const base = (samples.get('direct') ?? []).map(({ seconds }) => 1 / seconds);
    const rows = [...samples].map(([route, taken]) => [
      route,
      pairedRatio(
        taken.map(({ seconds }) => 1 / seconds),
        base,
      ).toFixed(2),
      median(taken.map(({ bytes, seconds }) => bytes / seconds / 1e6)).toFixed(0),
      route === 'direct' ? '-' : median(taken.map(({ cpu, bytes }) => cpu / (bytes / 1e9))).toFixed(2),
    ]);
    printTable(
      `${name} of about ${Math.round((ROWS * 130) / 1e6)} MB by psql, one column of five masked (${rounds} rounds)`,
      ['route', '× direct', 'MB/s', 'CPU s/GB'],
      rows,
    );
  }
}
