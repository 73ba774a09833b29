/** Columns of relations as one text uses them, and where the values of anything else come from. */
import type { ColumnRole, RelationCandidate } from './column-use.ts';

/** A column of a relation in the catalog. `*` by `any` is any of them. */
export interface BaseColumn {
  readonly relation: BaseRelation;
  readonly name: string;
  readonly any: boolean;
  /** Whether the text refers to it at all. */
  read: boolean;
  roles: number;
  /** Its own value. */
  readonly source: Source;
}

/** What a value is made of. */
export interface Source {
  readonly columns: ReadonlySet<BaseColumn>;
  /** Columns that went through an aggregate: they are not shown one by one. */
  readonly aggregated: ReadonlySet<BaseColumn>;
  /** The value of one of its columns, unchanged. */
  readonly direct: boolean;
  /** There may be more that it is made of. */
  readonly opaque: boolean;
}

const NO_COLUMNS: ReadonlySet<BaseColumn> = new Set();
export const NOTHING: Source = { columns: NO_COLUMNS, aggregated: NO_COLUMNS, direct: false, opaque: false };
export const ANYTHING: Source = { ...NOTHING, opaque: true };

export type Bit = ColumnRole | 'insert' | 'update';

const BITS: Readonly<Record<Bit, number>> = {
  output: 1,
  filter: 2,
  join: 4,
  order: 8,
  group: 16,
  aggregate: 32,
  limit: 64,
  other: 128,
  write: 256,
  insert: 512,
  update: 1024,
  store: 2048,
  compute: 4096,
};

export function bitsOf(column: BaseColumn, among: readonly Bit[]): Bit[] {
  return among.filter((bit) => (column.roles & BITS[bit]) !== 0);
}

/** Notes that a value is used so. An aggregate's argument is not output by showing the aggregate. */
export function use(source: Source, role: Bit): void {
  const bit = BITS[role];
  for (const column of source.columns) column.roles |= bit;
  if (role !== 'output') for (const column of source.aggregated) column.roles |= bit;
}

export function touch(source: Source): void {
  for (const column of source.columns) column.read = true;
  for (const column of source.aggregated) column.read = true;
}

/** The value may be any of these. */
export function oneOf(sources: readonly Source[]): Source {
  const [first, ...more] = sources;
  if (first === undefined) return NOTHING;
  return more.length === 0 ? first : { ...madeOf(sources), direct: sources.every(({ direct }) => direct) };
}

/** The value is computed of all of these. */
export function madeOf(sources: readonly Source[]): Source {
  const columns = new Set<BaseColumn>();
  const aggregated = new Set<BaseColumn>();
  let opaque = false;
  for (const source of sources) {
    for (const column of source.columns) columns.add(column);
    for (const column of source.aggregated) aggregated.add(column);
    opaque ||= source.opaque;
  }
  return { columns, aggregated, direct: false, opaque };
}

export function derived(source: Source): Source {
  return source.direct ? { ...source, direct: false } : source;
}

/** An aggregate over the value. */
export function aggregate(source: Source): Source {
  return {
    columns: NO_COLUMNS,
    aggregated: new Set([...source.columns, ...source.aggregated]),
    direct: false,
    opaque: source.opaque,
  };
}

export function sizeOf(source: Source): number {
  return source.columns.size + source.aggregated.size + 1;
}

/** System columns of anything with rows on disk (heap.c). */
const SYSTEM = new Set(['ctid', 'xmin', 'cmin', 'xmax', 'cmax', 'tableoid']);
const SEQUENCE: readonly string[] = ['last_value', 'log_cnt', 'is_called'];

/** Look-ups and columns that one text may cost: above this, any column may be used. */
export const COLUMN_STEPS = 100_000;

/** Attributing the text takes too much. */
export class TooMuchWork extends Error {
  override readonly name = 'TooMuchWork';
}

/** What is left of COLUMN_STEPS. */
export class Steps {
  #left = COLUMN_STEPS;

  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw new TooMuchWork();
  }
}

/** One relation of the catalog, in whatever ranges of the text it is. */
export class BaseRelation {
  readonly schema: string;
  readonly table: string;
  /** Columns there are, in order; null when that is not known. */
  readonly names: readonly string[] | null;
  readonly #hasSystemColumns: boolean;
  readonly #opaque: boolean;
  readonly columns = new Map<string, BaseColumn>();
  readonly steps: Steps;
  #positions: Map<string, number> | null = null;
  #any: BaseColumn | null = null;

  constructor(candidate: RelationCandidate, steps: Steps) {
    this.steps = steps;
    this.schema = candidate.schema;
    this.table = candidate.table;
    const { kind, columns } = candidate;
    this.names = kind === 'S' ? SEQUENCE : (columns?.filter((name) => name !== null) ?? null);
    this.#hasSystemColumns = kind !== 'v';
    this.#opaque = candidate.opaque;
  }

  /** The position of a column among `names`; -1 when it is none. */
  position(name: string): number {
    const { names } = this;
    this.steps.spend(1);
    if (names === null) return -1;
    if (names.length <= 8) return names.indexOf(name);
    if (this.#positions === null) {
      this.steps.spend(names.length);
      this.#positions = new Map(names.map((one, position) => [one, position]));
    }
    return this.#positions.get(name) ?? -1;
  }

  /** Whether a name that is no column of it is one all the same. */
  hasSystem(name: string): boolean {
    return this.#hasSystemColumns && SYSTEM.has(name);
  }

  column(name: string): BaseColumn {
    const known = this.columns.get(name);
    if (known !== undefined) return known;
    const column = this.#make(name, false);
    this.columns.set(name, column);
    return column;
  }

  /** Any column, or all of them. */
  get any(): BaseColumn {
    this.#any ??= this.#make('*', true);
    return this.#any;
  }

  get used(): readonly BaseColumn[] {
    return [...(this.#any === null ? [] : [this.#any]), ...this.columns.values()].filter(
      ({ read, roles }) => read || roles !== 0,
    );
  }

  #make(name: string, any: boolean): BaseColumn {
    const columns = new Set<BaseColumn>();
    const source = { columns, aggregated: NO_COLUMNS, direct: !any, opaque: this.#opaque };
    const column: BaseColumn = { relation: this, name, any, read: false, roles: 0, source };
    columns.add(column);
    return column;
  }
}
