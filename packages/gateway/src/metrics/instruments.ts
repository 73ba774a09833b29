/**
 * Counters, gauges and histograms in the text format of Prometheus (version 0.0.4). No label value comes from a client: each
 * label has its values named beforehand, and whatever else is counted as `other`.
 */

/** A label with every value it can have. */
export interface Label {
  readonly name: string;
  readonly values: readonly string[];
}

/** What an instrument writes. */
export interface Instrument {
  lines(): readonly string[];
}

/** The value of a label that none was named for. */
export const OTHER = 'other';

/** Counts per combination of labels, in one flat array: counting is an addition. */
export class Counter implements Instrument {
  readonly #name: string;
  readonly #help: string;
  readonly #labels: readonly Label[];
  readonly #places: readonly ReadonlyMap<string, number>[];
  readonly #counts: Float64Array;

  constructor(name: string, help: string, labels: readonly Label[] = []) {
    this.#name = name;
    this.#help = help;
    this.#labels = labels.map((one) => ({ name: one.name, values: [...new Set([...one.values, OTHER])] }));
    this.#places = this.#labels.map(({ values }) => new Map(values.map((value, at) => [value, at])));
    this.#counts = new Float64Array(this.#labels.reduce((product, { values }) => product * values.length, 1));
  }

  add(values: readonly string[] = [], by = 1): void {
    let at = 0;
    for (const [index, places] of this.#places.entries()) {
      at = at * places.size + (places.get(values[index] ?? OTHER) ?? places.size - 1);
    }
    this.#counts[at] = (this.#counts[at] ?? 0) + by;
  }

  /** Combinations that never were are left out, but for a counter without labels. */
  lines(): readonly string[] {
    const lines = [...heading(this.#name, this.#help, 'counter')];
    for (const [at, count] of this.#counts.entries()) {
      if (count > 0 || this.#labels.length === 0) lines.push(`${this.#name}${this.#labelled(at)} ${count}`);
    }
    return lines;
  }

  #labelled(place: number): string {
    let rest = place;
    const pairs: string[] = [];
    for (const { name, values } of this.#labels.toReversed()) {
      pairs.unshift(`${name}="${escaped(values[rest % values.length] ?? OTHER)}"`);
      rest = Math.floor(rest / values.length);
    }
    return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
  }
}

/** How long something takes, in seconds. */
export class Histogram implements Instrument {
  readonly #name: string;
  readonly #help: string;
  readonly #bounds: Float64Array;
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(name: string, help: string, bounds: readonly number[]) {
    this.#name = name;
    this.#help = help;
    this.#bounds = Float64Array.from(bounds);
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(seconds: number): void {
    let at = 0;
    while (at < this.#bounds.length && seconds > (this.#bounds[at] ?? 0)) at += 1;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#sum += seconds;
  }

  lines(): readonly string[] {
    const lines = [...heading(this.#name, this.#help, 'histogram')];
    let total = 0;
    for (const [at, count] of this.#counts.entries()) {
      total += count;
      const bound = at < this.#bounds.length ? String(this.#bounds[at]) : '+Inf';
      lines.push(`${this.#name}_bucket{le="${bound}"} ${total}`);
    }
    return [...lines, `${this.#name}_sum ${this.#sum}`, `${this.#name}_count ${total}`];
  }
}

/** A value that is read when somebody asks. */
export class Gauge implements Instrument {
  readonly #name: string;
  readonly #help: string;
  readonly #read: () => readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[];

  /** The values of labels come from the configuration, never from a client. */
  constructor(
    name: string,
    help: string,
    read: () => readonly (readonly [Readonly<Record<string, string>>, number])[],
  ) {
    this.#name = name;
    this.#help = help;
    this.#read = read;
  }

  lines(): readonly string[] {
    const values = this.#read().map(([labels, value]) => {
      const pairs = Object.entries(labels).map(([name, one]) => `${name}="${escaped(one)}"`);
      return `${this.#name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
    });
    return [...heading(this.#name, this.#help, 'gauge'), ...values];
  }
}

function heading(name: string, help: string, type: string): readonly string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

function escaped(value: string): string {
  return value.replace(/[\\"\n]/g, (one) => (one === '\n' ? '\\n' : `\\${one}`));
}
