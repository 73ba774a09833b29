/** Follows columns of views, and those a table generates, to the columns they are made of. */
import type { BaseColumnName, ColumnUse, ColumnUses, OutputColumn } from './column-use.ts';
import { together } from './facts.ts';
import type { Steps } from './source.ts';

/**
 * What columns of a relation are made of, by their names: those of a view, those a table computes of its own. Null when
 * it has neither; its `outputs` are null when what they are made of is not known.
 */
export type ViewOutputs = (
  schema: string,
  table: string,
) => {
  readonly columns: readonly (string | null)[];
  readonly outputs: readonly OutputColumn[] | null;
  /** There are others, which hold values of their own. */
  readonly others: boolean;
} | null;

/** Views over views that are followed. */
export const VIEW_DEPTH = 32;

/** A column of a view and everything under it; null when there may be more. */
interface Lineage {
  readonly inputs: readonly BaseColumnName[] | null;
  readonly direct: boolean;
}

export class ViewLineage {
  readonly #view: ViewOutputs;
  readonly #steps: Steps;
  readonly #known = new Map<string, Lineage>();
  readonly #lost: (use: ColumnUse) => void;

  /** `lost` is told of uses of columns that may be made of anything. */
  constructor(view: ViewOutputs, steps: Steps, lost: (use: ColumnUse) => void = () => undefined) {
    this.#view = view;
    this.#steps = steps;
    this.#lost = lost;
  }

  /** Outputs with what is under the views among their inputs; the views' own columns stay. */
  outputs(outputs: readonly OutputColumn[]): readonly OutputColumn[] {
    return Object.freeze(outputs.map((output) => this.#output(output, VIEW_DEPTH)));
  }

  /** Uses with those of the columns under views: what is done to a view's column is done to them. */
  uses(uses: ColumnUses): ColumnUses {
    const below = uses.uses.flatMap((use) => this.#below(use));
    if (below.length === 0) return uses;
    return Object.freeze({
      ...together([uses, { complete: true, known: [], uses: below }]),
      known: uses.known,
    });
  }

  #below(use: ColumnUse): readonly ColumnUse[] {
    const roles = Object.freeze(use.roles.filter((role) => role !== 'write'));
    if (roles.length === 0) return [];
    const { inputs } = this.#column(use, VIEW_DEPTH);
    if (inputs === null) this.#lost(use);
    return (inputs ?? [])
      .filter((one) => keyOf(one) !== keyOf(use))
      .map(({ schema, table, column }) => Object.freeze({ schema, table, column, roles, writtenBy: [] }));
  }

  #output(output: OutputColumn, depth: number): OutputColumn {
    if (output.inputs === null) return output;
    const all = output.inputs.map((input) => this.#column(input, depth));
    const inputs = all.some((one) => one.inputs === null)
      ? null
      : Object.freeze([
          ...new Map(all.flatMap((one) => (one.inputs ?? []).map((name) => [keyOf(name), name]))).values(),
        ]);
    const direct = output.direct && inputs !== null && all.every((one) => one.direct);
    return Object.freeze({ ...output, inputs, direct });
  }

  #column(name: BaseColumnName, depth: number): Lineage {
    const view = this.#view(name.schema, name.table);
    const own = Object.freeze({ schema: name.schema, table: name.table, column: name.column });
    if (view === null) return { inputs: [own], direct: true };
    const key = keyOf(name);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const { outputs, columns, others } = view;
    const position = columns.indexOf(name.column);
    if (others && position < 0 && name.column !== '*') return { inputs: [own], direct: true };
    if (outputs === null || depth === 0) return { inputs: null, direct: false };
    const shown = position < 0 ? outputs : outputs.slice(position, position + 1);
    // A view that is not what the catalog says it is.
    if (outputs.length !== columns.length) return { inputs: null, direct: false };
    const below = shown.map((output) => this.#output(output, depth - 1));
    this.#steps.spend(below.reduce((sum, { inputs }) => sum + (inputs?.length ?? 0), below.length));
    const complete = below.every(({ inputs }) => inputs !== null);
    const lineage: Lineage = {
      inputs: complete ? [own, ...below.flatMap(({ inputs }) => inputs ?? [])] : null,
      direct: below.length === 1 && below[0]?.direct === true,
    };
    this.#known.set(key, lineage);
    return lineage;
  }
}

function keyOf({ schema, table, column }: BaseColumnName): string {
  return JSON.stringify([schema, table, column]);
}
