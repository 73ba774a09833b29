/**
 * What masking costs and how often it is right: bytes per second of the look every reply gets and of scrubbing, in CPU
 * time of one core; nanoseconds a row; precision and recall on a labelled corpus.
 */
import { createMasking, maskingSection } from '../packages/gateway/src/masking/index.ts';
import {
  compileRowPlan,
  maskRows,
  type OriginRelation,
} from '../packages/gateway/src/protocols/postgres/mask/index.ts';
import { benchDetection } from './detection.ts';
import { digest, mixedTexts } from './mixed-text.ts';
import { printTable } from './table.ts';

const CHUNK_BYTES = 64 * 1024;
const CALLS = 60;
const ROUNDS = 10;
const mask = createMasking(
  maskingSection.parse({ classified: [{ column: 'public.people.ssn', class: 'ssn' }] }),
).compile('bench', []);

const prose =
  'The quick brown fox jumps over the lazy dog while June and James plan a trip to Paris for 12 days. '.repeat(
    9,
  );
const shapes: Readonly<Record<string, (i: number) => readonly string[]>> = {
  prose: (i) => [String(i), prose.slice(i % 97, (i % 97) + 300)],
  digests: (i) => [String(i), digest(i), digest(i + 1)],
  dates: (i) => [String(i), '2024-01-01 12:00:00.123456+00', String(i * 17.25), '2024-05-05'],
  prices: (i) => ['$12.34', `$${i}`, '$1,234.50', 'USD'],
};

/** One DataRow message. */
function row(values: readonly string[]): Buffer {
  const fields = values.map((value) => {
    const field = Buffer.alloc(4 + Buffer.byteLength(value));
    field.writeInt32BE(field.length - 4);
    field.write(value, 4);
    return field;
  });
  const header = Buffer.alloc(7);
  header.write('D');
  header.writeInt32BE(6 + fields.reduce((sum, { length }) => sum + length, 0), 1);
  header.writeInt16BE(values.length, 5);
  return Buffer.concat([header, ...fields]);
}

function chunkOf(values: (i: number) => readonly string[]): Buffer {
  const rows: Buffer[] = [];
  for (let i = 0, bytes = 0; bytes < CHUNK_BYTES; i += 1)
    bytes += rows[rows.push(row(values(i))) - 1]?.length ?? 0;
  return Buffer.concat(rows);
}

/** Nanoseconds of CPU time one call takes: the best of some rounds, as others may use the machine. */
function time(work: () => void): number {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const before = process.cpuUsage();
    for (let i = 0; i < CALLS; i += 1) work();
    const { user, system } = process.cpuUsage(before);
    return ((user + system) * 1_000) / CALLS;
  });
  return Math.min(...rounds);
}

/** `npm run bench -- detectors` */
export async function benchDetectors(): Promise<void> {
  benchTexts();
  benchRows();
  benchStrategies();
  await benchDetection();
}

function benchTexts(): void {
  const chunks = Object.entries(shapes).map(([shape, values]): [string, Buffer] => [
    `rows of ${shape}`,
    chunkOf(values),
  ]);
  const rows = [...chunks, ...Object.entries(mixedTexts())].map(([name, text]) => {
    const megabytes = (ns: number): string => ((text.length / ns) * 1_000).toFixed(0);
    // Where there is a value, the quick look ends at it and its speed says nothing.
    const clean = !mask.suspects(text, 0, text.length);
    return [
      name,
      clean ? megabytes(time(() => mask.suspects(text, 0, text.length))) : '',
      megabytes(time(() => mask.scrub(text, 0, text.length))),
      name.startsWith('rows') ? '' : megabytes(time(() => scrubLines(text))),
    ];
  });
  printTable('MB of text a second of CPU', ['text', 'suspects', 'scrub', 'scrub, line by line'], rows);
}

function scrubLines(text: Buffer): void {
  for (let from = 0, to = text.indexOf(10); to >= 0; from = to + 1, to = text.indexOf(10, from))
    mask.scrub(text, from, to);
}

const people: OriginRelation = {
  oid: 1,
  schema: 'public',
  name: 'people',
  columns: ['id', 'name', 'ssn', 'city', 'note'],
  parents: [],
  origins: [],
};
const description = Buffer.concat([
  Buffer.from([0, 5]),
  ...people.columns.map((name, i) =>
    Buffer.concat([
      Buffer.from(`${name}\0`),
      Buffer.from([0, 0, 0, 1, 0, i + 1, 0, 0, 0, 25, 255, 255, 255, 255, 255, 255, 0, 0]),
    ]),
  ),
]);
const scope = {
  relations: [],
  columnNames: new Set<string>(),
  anyColumn: false,
  copy: null,
  evaluations: [],
};
const origins = { version: 1, declares: false, relation: () => people, named: () => people };
const plan = compileRowPlan(description, 0, description.length, scope, mask, origins);
const notes: Readonly<Record<string, (i: number) => string>> = {
  clean: digest,
  'an address in each': (i) => `u${i}@example.com`,
};
function benchRows(): void {
  for (const [what, note] of Object.entries(notes)) {
    const chunk = chunkOf((i) => [String(i), `name ${i}`, `123-45-${1000 + i}`, 'Paris', note(i)]);
    const { rows } = maskRows(chunk, 0, chunk.length, plan);
    const ns = time(() => maskRows(chunk, 0, chunk.length, plan));
    process.stdout.write(
      `\none of five columns hidden, ${what}: ${(ns / rows).toFixed(0)} ns a row, ${(chunk.length / ns).toFixed(2)} GB/s\n`,
    );
  }
}

/** As text and, for noise, as a number. */
const strategies: Readonly<Record<string, readonly [strategy: object, type: number]>> = {
  null: [{ strategy: 'null' }, 25],
  partial: [{ strategy: 'partial', keep: 'last-4' }, 25],
  hash: [{ strategy: 'hash' }, 25],
  format: [{ strategy: 'format' }, 25],
  noise: [{ strategy: 'noise', ratio: 0.1 }, 23],
};
function benchStrategies(): void {
  for (const [name, [strategy, type]] of Object.entries(strategies)) {
    const section = {
      classified: [{ column: 'public.people.ssn', class: 'ssn' }],
      classes: { ssn: strategy },
    };
    const by = createMasking(maskingSection.parse(section), Buffer.alloc(32)).compile('bench', []);
    const typed = Buffer.from(description);
    typed.writeUInt32BE(type, description.indexOf('ssn\0') + 10);
    const own = compileRowPlan(typed, 0, typed.length, { ...scope }, by, origins);
    const ssn = (i: number) => (type === 23 ? String(10_000_000 + i) : `123-45-${1000 + i}`);
    const chunk = chunkOf((i) => [String(i), `name ${i}`, ssn(i), 'Paris', digest(i)]);
    const { rows } = maskRows(chunk, 0, chunk.length, own);
    const ns = time(() => maskRows(chunk, 0, chunk.length, own));
    process.stdout.write(`one of five columns hidden by ${name}: ${(ns / rows).toFixed(0)} ns a row\n`);
  }
}
