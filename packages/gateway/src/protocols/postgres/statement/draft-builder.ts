/** Collects what a walk finds; duplicates are dropped. */
import type { ResourceType } from '../../protocol.ts';
import { ShapeReader } from './columns/read-statement.ts';
import type {
  Declassified,
  Draft,
  DraftEffect,
  DraftName,
  FixedUse,
  NameMode,
  RelationUse,
  RoutineUse,
  SchemaUse,
} from './meaning.ts';

/** A relation as the parser gives it. */
export interface RangeVar {
  readonly catalogname?: string;
  readonly schemaname?: string;
  readonly relname?: string;
  readonly relpersistence?: string;
  /** Absent with ONLY. */
  readonly inh?: boolean;
  readonly alias?: { readonly aliasname?: string; readonly colnames?: readonly unknown[] };
}

export class DraftBuilder {
  readonly #relations = new Map<string, RelationUse>();
  readonly #routines = new Map<string, RoutineUse>();
  readonly #schemas = new Map<string, SchemaUse>();
  readonly #fixed = new Map<string, FixedUse>();
  readonly #effects: DraftEffect[] = [];
  readonly #runs: { kind: 'prepared' | 'cursor'; name: string }[] = [];
  readonly columnNames = new Set<string>();
  readonly rowCalls = new Set<string>();
  /** Last fields of column references, and names that stand for whole rows. */
  readonly referenced = new Set<string>();
  readonly ranges = new Set<string>();
  readonly shape = new ShapeReader();
  readonly #operators = new Map<string, DraftName>();
  readonly #types = new Map<string, DraftName>();
  readonly #operatorClasses = new Map<string, DraftName>();
  everyIndex = false;
  copy: Draft['copy'] = null;
  /** Columns that are given values. */
  readonly assigned = new Set<string>();
  /** Event triggers that are switched on. */
  readonly enables = new Set<string>();
  readonly declassified: Declassified[] = [];
  /** Schemas dropped with what is in them. */
  readonly emptied = new Set<string>();
  base: DraftName | null = null;
  setsDefault = false;
  unfiltered = false;
  /** Set while the code of a DO block is walked: what cannot be told there is the block's. */
  inBlock = false;
  opaqueBlock: string | null = null;
  star = false;
  anyColumn = false;
  shareable = true;
  undetermined: string | null = null;
  readonly database: string;

  constructor(database: string) {
    this.database = database;
  }

  /** The first reason is kept: later ones often follow from it. */
  cannotTell(why: string): void {
    if (this.inBlock) this.opaqueBlock ??= why;
    else this.undetermined ??= why;
  }

  relation(
    action: string,
    name: RangeVar,
    mode: NameMode = 'existing',
    type: 'Table' | 'Sequence' = 'Table',
    cascade = false,
    part?: string,
  ): void {
    if (name.catalogname !== undefined && name.catalogname !== '' && name.catalogname !== this.database) {
      this.cannotTell('a name in another database cannot be resolved');
    }
    const use: RelationUse = {
      action,
      type,
      schema: name.schemaname || null,
      name: name.relname ?? '',
      mode,
      // The parser says of every relation in a text whether its children are meant; names from elsewhere mean them.
      ...(name.relpersistence !== undefined && name.inh !== true ? { only: true } : {}),
      ...(cascade ? { cascade: true } : {}),
      ...(part === undefined ? {} : { part }),
    };
    this.#relations.set(JSON.stringify(use), use);
  }

  /** Every use of a relation so far: to tell which came from a part of the tree. */
  relationUses(): readonly RelationUse[] {
    return [...this.#relations.values()];
  }

  addRelation(use: RelationUse): void {
    this.#relations.set(JSON.stringify(use), use);
  }

  routine(action: string, name: readonly string[], mode: NameMode = 'existing', builtIn = false): void {
    const own = this.unqualified(name);
    if (own === null) return;
    const use: RoutineUse = { action, schema: own.schema, name: own.name, mode, builtIn };
    this.#routines.set(JSON.stringify(use), use);
  }

  operator(name: readonly string[]): void {
    this.#named(this.#operators, name);
  }

  operatorClass(name: readonly string[]): void {
    this.#named(this.#operatorClasses, name);
  }

  type(name: readonly string[]): void {
    this.#named(this.#types, name);
  }

  #named(all: Map<string, DraftName>, name: readonly string[]): void {
    const [own = '', schema = null] = [...name].reverse();
    all.set(JSON.stringify([schema, own]), { schema, name: own });
  }

  /** An object judged by the schema it is in. */
  inSchema(action: string, name: readonly string[]): void {
    const own = this.unqualified(name);
    if (own === null) return;
    this.#schemas.set(JSON.stringify([action, own.schema]), { action, schema: own.schema });
  }

  fixed(action: string, type: ResourceType, ...path: readonly string[]): void {
    this.#fixed.set(JSON.stringify([action, type, path]), { action, type, path });
  }

  effect(effect: DraftEffect): void {
    const again = effect.kind === 'catalog-changed' && this.#effects.some(({ kind }) => kind === effect.kind);
    if (!again) this.#effects.push(effect);
  }

  runs(kind: 'prepared' | 'cursor', name: string): void {
    this.#runs.push({ kind, name });
  }

  /** Splits `[database.][schema.]name`. */
  unqualified(name: readonly string[]): { readonly schema: string | null; readonly name: string } | null {
    const parts = name.length === 3 && name[0] === this.database ? name.slice(1) : name;
    const [first, second] = parts;
    if (first === undefined || parts.length > 2) {
      this.cannotTell('a name in another database cannot be resolved');
      return null;
    }
    return second === undefined ? { schema: null, name: first } : { schema: first, name: second };
  }

  finish(statements: number, form: string | null): Draft {
    for (const name of this.referenced) if (this.ranges.has(name)) this.anyColumn = true;
    const shape = this.shape.finish();
    return {
      statements,
      form,
      undetermined: this.undetermined,
      opaqueBlock: this.opaqueBlock,
      shareable: this.shareable && shape?.ordinals !== true,
      relations: [...this.#relations.values()],
      routines: [...this.#routines.values()],
      schemas: [...this.#schemas.values()],
      fixed: [...this.#fixed.values()],
      columnNames: [...this.columnNames],
      rowCalls: [...this.rowCalls],
      operators: [...this.#operators.values()],
      types: [...this.#types.values()],
      operatorClasses: [...this.#operatorClasses.values()],
      everyIndex: this.everyIndex,
      setsDefault: this.setsDefault,
      unfiltered: this.unfiltered,
      base: this.base,
      assigned: [...this.assigned],
      declassified: this.declassified,
      emptied: [...this.emptied],
      enables: [...this.enables],
      star: this.star,
      anyColumn: this.anyColumn,
      copy: this.copy,
      effects: this.#effects,
      runs: this.#runs,
      shape,
    };
  }
}
