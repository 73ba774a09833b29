/** How often a detector is right: what it finds, held against what the corpus says is there. */
import {
  type DetectorName,
  detectorNames,
  detectorsOf,
} from '../../packages/gateway/src/masking/detectors/all.ts';
import { compileScan } from '../../packages/gateway/src/masking/detectors/scan.ts';
import { Spans } from '../../packages/gateway/src/masking/detectors/spans.ts';
import type { Label, Sample } from './corpus.ts';

export type Finder = (text: string) => readonly Label[];

/** Our detectors of these names, each by itself, so that one does not lend another what it covers. */
export function ourFinder(names: readonly DetectorName[] = detectorNames): Finder {
  const found = new Spans();
  const scans = names.flatMap((name) =>
    detectorsOf[name].map((detector) => ({ class: detector.dataClass, scan: compileScan([detector]) })),
  );
  return (text) => {
    const bytes = Buffer.from(text);
    return scans.flatMap(({ class: dataClass, scan }) => {
      scan.finds(bytes, 0, bytes.length, found);
      const count = found.merge();
      return Array.from({ length: count }, (_, i) => ({
        start: found.startOf(i),
        end: found.endOf(i),
        class: dataClass,
      }));
    });
  };
}

export interface Tally {
  /** Labelled values, and how many of them are covered from end to end by what is found of their class. */
  values: number;
  hidden: number;
  /** Things found, and how many of them touch nothing that is labelled at all. */
  found: number;
  wrong: number;
}

export function tally(samples: readonly Sample[], find: Finder): ReadonlyMap<string, Tally> {
  const tallies = new Map<string, Tally>();
  const of = (dataClass: string): Tally => {
    const known = tallies.get(dataClass) ?? { values: 0, hidden: 0, found: 0, wrong: 0 };
    tallies.set(dataClass, known);
    return known;
  };
  for (const { text, labels } of samples) {
    const spans = find(text);
    for (const label of labels) {
      // A sign or quote at either end tells nothing by itself.
      const value = Buffer.from(text).toString('latin1', label.start, label.end);
      const start = label.start + value.search(/[^ -/]/);
      const end = label.end - (/[ -/]*$/.exec(value)?.[0].length ?? 0);
      const covers = (span: Label): boolean =>
        span.class === label.class && span.start <= start && span.end >= end;
      of(label.class).values += 1;
      if (spans.some(covers)) of(label.class).hidden += 1;
    }
    for (const span of spans) {
      of(span.class).found += 1;
      if (!labels.some((label) => span.start < label.end && label.start < span.end))
        of(span.class).wrong += 1;
    }
  }
  return tallies;
}
