/** Everything one text names, use by use. */
import { ROW_FUNCTIONS } from './builtin-functions.ts';
import { type Frame, nameOf, type Resolving } from './frame.ts';
import type { RoutineUse } from './meaning.ts';
import type { RelationUses } from './relation-uses.ts';
import type { RoutineCalls } from './routine-calls.ts';
import { schemaDropped } from './schema-dropped.ts';

export class FrameUses {
  readonly #resolving: Resolving;
  readonly #relations: RelationUses;
  readonly #routines: RoutineCalls;

  constructor(resolving: Resolving, relations: RelationUses, routines: RoutineCalls) {
    this.#resolving = resolving;
    this.#relations = relations;
    this.#routines = routines;
  }

  all(frame: Frame): void {
    const { draft } = frame;
    const { catalog, state, findings } = this.#resolving;
    const named = draft.relations.length > 0 || draft.routines.length > 0 || draft.schemas.length > 0;
    if (state.overflow && named)
      this.#resolving.cannotTell(frame, 'the session has done more than can be tracked: open a new one');
    if (catalog.unread.size > 0 && named)
      this.#resolving.cannotTell(frame, "some definitions of the target's catalog cannot be read");
    const renames = draft.statements > 1 && draft.effects.some(({ kind }) => kind === 'unsettled');
    const looksUp = named || draft.operators.length > 0 || draft.types.length > 0;
    if (renames || (state.unsettled && looksUp))
      this.#resolving.cannotTell(frame, 'a name was changed in this transaction: commit it first');
    for (const use of draft.relations) this.#relations.use(frame, use);
    for (const use of draft.routines) this.#routine(frame, use);
    for (const use of draft.schemas) {
      for (const schema of use.schema === null ? frame.names.searched : [use.schema])
        findings.evaluate(use.action, frame.via, 'Schema', schema);
    }
    for (const { action, type, path } of draft.fixed) {
      // A condition compares a setting, and shows it to nobody.
      if (action !== 'show' || frame.answers) findings.evaluate(action, frame.via, type, ...path);
    }
    for (const name of draft.rowCalls) this.#rowCall(frame, name);
    for (const schema of draft.emptied) schemaDropped(this.#resolving, frame, schema);
    this.#types(frame);
    this.#routines.operators(frame);
    this.#routines.operatorClasses(frame);
    this.#maintained(frame);
  }

  #types(frame: Frame): void {
    const { catalog } = this.#resolving;
    if (catalog.activeTypes.size === 0) return;
    for (const { schema, name } of frame.draft.types) {
      for (const type of catalog.typesNamed(name)) {
        const seen = type.schema === 'pg_catalog' || frame.names.searched.has(type.schema);
        if (schema === null ? seen : schema === type.schema) this.#routines.types(frame, [type.oid], true);
      }
    }
  }

  #maintained(frame: Frame): void {
    const { draft } = frame;
    const { catalog } = this.#resolving;
    if (draft.everyIndex) {
      for (const relation of catalog.computedIndexes)
        this.#resolving.access(frame, null, relation, 'maintain');
    }
    for (const { name, routine } of catalog.eventTriggers)
      if (draft.enables.includes(name)) this.#routines.called(frame, name, routine);
  }

  #routine(frame: Frame, use: RoutineUse): void {
    const { findings } = this.#resolving;
    const { names, via } = frame;
    if (use.mode === 'new') {
      for (const schema of use.schema === null ? names.creatable() : [use.schema])
        findings.evaluate(use.action, via, 'Function', schema, use.name);
      return;
    }
    const places = names.places('routine', use);
    for (const schema of places) {
      // A built-in function that was judged by its effect needs no `call` as well; others of its name do.
      if (!(use.builtIn && schema === 'pg_catalog'))
        findings.evaluate(use.action, via, 'Function', schema, use.name);
      if (use.action === 'call') this.#routines.named(frame, schema, use.name, use.builtIn);
    }
    if (places.length === 0 && !use.builtIn) this.#missing(frame, use);
  }

  #missing(frame: Frame, use: RoutineUse): void {
    this.#resolving.missing(frame);
    if (use.mode === 'maybe') {
      const schemas = use.schema === null ? frame.names.searched : [use.schema];
      for (const schema of schemas)
        this.#resolving.findings.evaluate(use.action, frame.via, 'Function', schema, use.name);
      return;
    }
    const shown = use.schema === null ? use.name : nameOf({ schema: use.schema, name: use.name });
    this.#resolving.cannotTell(frame, `function ${shown} is not in the catalog`);
  }

  /**
   * `x.name` calls a function when `x` has no such column: PostgreSQL's functional notation. That another relation has
   * the column says nothing, and which one `x` is may be a matter of types: a function that could be meant counts.
   */
  #rowCall(frame: Frame, name: string): void {
    const { findings } = this.#resolving;
    const own = [...frame.names.searched, 'pg_catalog'].some((schema) => this.#takesRow(frame, schema, name));
    if (!ROW_FUNCTIONS.has(name) && !own) return;
    findings.anyColumn = true;
    this.#routine(frame, { action: 'call', schema: null, name, mode: 'existing', builtIn: true });
    if (ROW_FUNCTIONS.has(name)) findings.evaluate('call', frame.via, 'Function', 'pg_catalog', name);
  }

  /** Whether somebody's function of this name can take a row; of one made a moment ago nobody knows. */
  #takesRow(frame: Frame, schema: string, name: string): boolean {
    const { catalog } = this.#resolving;
    if (this.#resolving.bodiesMade(schema, name).length > 0) return true;
    const known = catalog.routines(schema, name);
    if (known.length > 0) return known.some(({ takesRow }) => takesRow);
    return schema !== 'pg_catalog' && frame.names.knows('routine', schema, name);
  }
}
