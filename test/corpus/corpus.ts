/**
 * Texts with what must be hidden in them, made up anew each time from one seed, so that no key in it lies in a file
 * where somebody could take it for one that leaked. `node test/corpus/print.ts` prints it, one text a line.
 */
import { readFileSync } from 'node:fs';
import { Draw } from './draw.ts';
import { byChance, nearMisses } from './near-misses.ts';
import { values } from './values.ts';

export interface Label {
  /** In UTF-8 bytes of the text. */
  readonly start: number;
  readonly end: number;
  readonly class: string;
}

export interface Sample {
  readonly text: string;
  readonly labels: readonly Label[];
  /** `awkward`: a detector may miss it; `chance`: it may find something by chance. */
  readonly kind: 'plain' | 'awkward' | 'chance';
  /** Whether what is in it is of a class that is looked for without being asked to. */
  readonly usual: boolean;
}

const SEED = 20_260_101;
const DRAWS = 24;
const AWKWARD_DRAWS = 4;
const MISSES = 20;

/** Where a value stands. In JSON and SQL its quotes are its own. */
const places: readonly ((value: string, draw: Draw) => string)[] = [
  (value) => value,
  (value) => `Please check ${value}, and call me back.`,
  (value, draw) => `{"id":${draw.digits(5)},"note":"${value.replace(/"/g, '\\"')}","ok":true}`,
  (value, draw) => `${draw.digits(4)};Paris;${value};2024-03-0${1 + draw.below(9)};${draw.below(99)}.50`,
  (value, draw) =>
    `2024-05-05T10:00:0${draw.below(10)}Z INFO [worker-3] request=${draw.hex(8)} got ${value} in 12ms`,
  (value) => `INSERT INTO notes VALUES (7, '${value.replace(/'/g, "''")}');`,
  (value) => `<note lang="en">${value}</note>`,
  (value) => `Für Zoë – ${value} – vielen Dank 🙂`,
];

export function corpus(): readonly Sample[] {
  const samples: Sample[] = [];
  const draw = new Draw(SEED);
  for (const one of values) {
    for (let i = 0; i < DRAWS; i += 1)
      samples.push(sample(one.class, one.draw(draw), draw, i, 'plain', one.usual));
    for (let i = 0; one.awkward !== undefined && i < AWKWARD_DRAWS; i += 1)
      samples.push(sample(one.class, one.awkward(draw), draw, i, 'awkward', one.usual));
  }
  for (const one of Object.values(nearMisses)) {
    for (let i = 0; i < MISSES; i += 1) samples.push(sample('', one(draw), draw, i, 'plain', true));
  }
  for (const one of Object.values(byChance)) {
    for (let i = 0; i < MISSES; i += 1) samples.push(sample('', one(draw), draw, i, 'chance', true));
  }
  return [...samples, ...written()];
}

function sample(
  dataClass: string,
  value: string,
  draw: Draw,
  index: number,
  kind: Sample['kind'],
  usual: boolean,
): Sample {
  const place = places[index % places.length] ?? ((text: string) => text);
  return { ...labelled(place(value, draw), () => dataClass), kind, usual };
}

/** Texts written by hand, with «class:what must be hidden». */
function written(): readonly Sample[] {
  return readFileSync(new URL('written.txt', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const classes = [...line.matchAll(/«([a-z-]+):/g)].map((match) => match[1] ?? '');
      const plain = labelled(line.replace(/«[a-z-]+:/g, '«'), (index) => classes[index] ?? '');
      return { ...plain, kind: 'plain', usual: true };
    });
}

function labelled(marked: string, classOf: (index: number) => string): Pick<Sample, 'text' | 'labels'> {
  const labels: Label[] = [];
  let text = '';
  for (const [index, part] of marked.split('«').entries()) {
    const [value = '', rest] = part.split('»');
    if (index > 0) {
      const start = Buffer.byteLength(text);
      labels.push({ start, end: start + Buffer.byteLength(value), class: classOf(index - 1) });
    }
    text += value + (rest ?? '');
  }
  return { text, labels };
}
