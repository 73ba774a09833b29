import { createHash } from 'node:crypto';

const TEXT_BYTES = 64 * 1024;

export const digest = (i: number): string => createHash('md5').update(String(i)).digest('hex');

/** Lines as replies have them, without anything to hide. */
const lines: Readonly<Record<string, (i: number) => string>> = {
  prose: (i) =>
    `The quick brown fox jumps over the lazy dog while June and James plan a trip to Paris for ${i} days.`,
  json: (i) =>
    `{"id":${i},"name":"user ${i}","at":"2024-05-05T10:00:00Z","ok":true,"price":${i * 17.25},"trace":"${digest(i)}"}`,
  log: (i) =>
    `2024-01-01 12:00:00.123 INFO [worker-${i % 8}] request=${digest(i).slice(0, 8)}-4bf9-11ee-be56-0242ac120002 GET /v1/orders/${i}?page=2 200 ${i % 97}ms`,
  csv: (i) => `${i},Order ${i},2024-02-03,${(i * 3.1).toFixed(2)},EUR,shipped,1Z999AA1012345${1000 + i}`,
};

const values: readonly ((i: number) => string)[] = [
  (i) => `contact u${i}@example.com about it`,
  () => 'card 4111 1111 1111 1111 expires',
  (i) => `ssn 123-45-${1000 + (i % 9000)} ok`,
  () => 't=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2VjcmV0c2VjcmV0 x',
  () => 'to DE89 3704 0044 0532 0130 00 today',
  (i) => `password=Zx81-Spectrum-${i}`,
];

/** Texts of 64 KiB by what is in them: lines of one kind, of every kind, and with a value in every tenth and every one. */
export function mixedTexts(): Readonly<Record<string, Buffer>> {
  const kinds = Object.values(lines);
  const any = (i: number): string => kinds[i % kinds.length]?.(i) ?? '';
  const value = (i: number): string => values[i % values.length]?.(i) ?? '';
  const shapes = {
    ...lines,
    'all of them': any,
    'a value in every tenth line': (i: number) =>
      i % 10 === 9 ? `${any(i)} ${value((i - 9) / 10)}` : any(i),
    'a value in every line': (i: number) => `${any(i)} ${value(i)}`,
  };
  return Object.fromEntries(Object.entries(shapes).map(([name, line]) => [name, textOf(line)]));
}

function textOf(line: (i: number) => string): Buffer {
  const parts: string[] = [];
  for (let i = 0, length = 0; length < TEXT_BYTES; i += 1)
    length += parts[parts.push(line(i)) - 1]?.length ?? 0;
  return Buffer.from(parts.join('\n'));
}
