/**
 * What masking costs and how often it is right: bytes per second of the look every reply gets, nanoseconds a row, and
 * precision and recall on a small labelled corpus.
 *
 *   node bench/detectors.ts
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createMasking, maskingSection } from '../packages/gateway/src/masking/index.ts';
import {
  compileRowPlan,
  maskRows,
  type OriginRelation,
} from '../packages/gateway/src/protocols/postgres/mask/index.ts';

const CHUNK_BYTES = 64 * 1024;
const CHUNKS = 1_500;
const mask = createMasking(
  maskingSection.parse({ classified: [{ column: 'public.people.ssn', class: 'ssn' }] }),
).compile('bench', []);

const digest = (i: number): string => createHash('md5').update(String(i)).digest('hex');
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

/** Nanoseconds one call takes, after warming up. */
function time(work: () => void, times = CHUNKS): number {
  for (let i = 0; i < times / 3; i += 1) work();
  const start = process.hrtime.bigint();
  for (let i = 0; i < times; i += 1) work();
  return Number(process.hrtime.bigint() - start) / times;
}

for (const [shape, values] of Object.entries(shapes)) {
  const chunk = chunkOf(values);
  const ns = time(() => mask.suspects(chunk, 0, chunk.length));
  console.log(`suspects ${shape.padEnd(10)} ${(chunk.length / ns).toFixed(2)} GB/s`);
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
for (const [what, note] of Object.entries(notes)) {
  const chunk = chunkOf((i) => [String(i), `name ${i}`, `123-45-${1000 + i}`, 'Paris', note(i)]);
  const { rows } = maskRows(chunk, 0, chunk.length, plan);
  const ns = time(() => maskRows(chunk, 0, chunk.length, plan));
  console.log(
    `one of five columns hidden, ${what}: ${(ns / rows).toFixed(0)} ns a row, ${(chunk.length / ns).toFixed(2)} GB/s`,
  );
}

/** As text and, for noise, as a number. */
const strategies: Readonly<Record<string, readonly [strategy: object, type: number]>> = {
  null: [{ strategy: 'null' }, 25],
  partial: [{ strategy: 'partial', keep: 'last-4' }, 25],
  hash: [{ strategy: 'hash' }, 25],
  format: [{ strategy: 'format' }, 25],
  noise: [{ strategy: 'noise', ratio: 0.1 }, 23],
};
for (const [name, [strategy, type]] of Object.entries(strategies)) {
  const section = { classified: [{ column: 'public.people.ssn', class: 'ssn' }], classes: { ssn: strategy } };
  const by = createMasking(maskingSection.parse(section), Buffer.alloc(32)).compile('bench', []);
  const typed = Buffer.from(description);
  typed.writeUInt32BE(type, description.indexOf('ssn\0') + 10);
  const own = compileRowPlan(typed, 0, typed.length, { ...scope }, by, origins);
  const ssn = (i: number) => (type === 23 ? String(10_000_000 + i) : `123-45-${1000 + i}`);
  const chunk = chunkOf((i) => [String(i), `name ${i}`, ssn(i), 'Paris', digest(i)]);
  const { rows } = maskRows(chunk, 0, chunk.length, own);
  const ns = time(() => maskRows(chunk, 0, chunk.length, own), CHUNKS / 10);
  console.log(`one of five columns hidden by ${name}: ${(ns / rows).toFixed(0)} ns a row`);
}

let right = 0;
let missed = 0;
let wrong = 0;
for (const line of readFileSync(new URL('corpus/detectors.txt', import.meta.url), 'utf8').split('\n')) {
  if (line === '' || line.startsWith('#')) continue;
  const shown = mask.scrubText(line.replace(/[«»]/g, ''));
  const labelled = [...line.matchAll(/«([^»]*)»/g)].map((match) => match[1] as string);
  const hidden = labelled.filter((value) => !shown.includes(value)).length;
  right += hidden;
  missed += labelled.length - hidden;
  wrong += Math.max(0, shown.split('***').length - 1 - hidden);
  if (shown !== line.replace(/«[^»]*»/g, '***')) console.log(`  differs: ${line}\n        as: ${shown}`);
}
console.log(
  `corpus: precision ${(right / (right + wrong)).toFixed(3)}, recall ${(right / (right + missed)).toFixed(3)} of ${right + missed} values`,
);
