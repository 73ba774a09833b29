/**
 * A draft, one catalog and one session's state make a meaning.
 *
 *   draft ─► evaluations ─► what each sets off ─► its body, a draft again ─► … until nothing new is set off
 *
 * A body that has not been parsed yet is asked for (`needs`); the binder has it parsed and resolves again.
 */
import type { Evaluation } from '../../protocol.ts';
import type { CatalogRelation, CatalogSnapshot, FunctionRef } from './catalog.ts';
import { Findings } from './findings.ts';
import { type BodyUse, type Frame, nameOf, type Resolving, through } from './frame.ts';
import { FrameColumns } from './frame-columns.ts';
import { FrameUses } from './frame-uses.ts';
import type { BodyText, Draft, StatementMeaning } from './meaning.ts';
import { Names } from './names.ts';
import { childEffects, notedEffects } from './noted-effects.ts';
import { RelationUses } from './relation-uses.ts';
import { RoutineCalls } from './routine-calls.ts';
import type { ChildMade, SessionState } from './session-state.ts';
import { copyOf, type Ran, type RunNames, runNames, traitsOf } from './statement-traits.ts';

/** A meaning, and whether a newer catalog might give a better one. */
export interface Resolution {
  readonly meaning: StatementMeaning;
  readonly unknownName: boolean;
  /** Bodies to parse before this is the whole meaning. */
  readonly needs: readonly BodyText[];
}

/** What only the text decides, added to every meaning made from it. */
export interface ResolveInput extends RunNames {
  readonly draft: Draft;
  readonly form: string;
  readonly database: string;
  readonly catalog: CatalogSnapshot;
  readonly state: SessionState;
  readonly serial: number;
  /** A body that was parsed; undefined when it has to be. */
  readonly body: (body: BodyText) => Draft | undefined;
  /** Only to find the bodies that are needed: each is looked at once, whatever ways lead to it. */
  readonly survey?: boolean;
  /** Search paths that the text running this one sets. */
  readonly paths?: readonly (readonly string[])[];
}

/** Limits of what one statement may set off; over one, its effect is undetermined. */
export interface ResolveLimits {
  /** Bodies, relations and functions looked at, each once for every way that leads to it. */
  readonly steps: number;
  /** Views, functions and tables on one way. */
  readonly depth: number;
  /** Evaluations of one statement. */
  readonly evaluations: number;
}

export const DEFAULT_RESOLVE_LIMITS: ResolveLimits = { steps: 2000, depth: 32, evaluations: 4096 };

/** Times a statement is resolved again because something it runs changes what names mean. */
const ROUNDS = 4;

/** What is set off changes how the rest is to be read: search paths, and functions made anew. */
interface Carried {
  readonly paths: Map<string, readonly string[]>;
  readonly users: Set<string>;
  readonly routines: Map<string, BodyText | null>;
}

export function resolve(input: ResolveInput, limits: ResolveLimits = DEFAULT_RESOLVE_LIMITS): Resolution {
  let carried: Carried = { paths: new Map(), users: new Set(), routines: new Map() };
  for (let round = 1; ; round += 1) {
    const before = sizeOf(carried);
    const resolver = new Resolver(input, limits, carried);
    const resolution = resolver.resolution();
    carried = resolver.found;
    if (sizeOf(carried) === before) return resolution;
    if (round === ROUNDS) {
      const undetermined = 'what it runs changes what names mean without end';
      const { undeterminedOn: _, ...meaning } = resolution.meaning;
      return { ...resolution, meaning: Object.freeze({ ...meaning, undetermined }) };
    }
  }
}

function sizeOf({ paths, users, routines }: Carried): number {
  return paths.size + users.size + routines.size;
}

/** Actions that leave the target as it was. */
const HARMLESS = new Set([
  'select',
  'show',
  'transact',
  'transact_writable',
  'set',
  'set_role',
  'listen',
  'credentials',
  'server_file',
]);

/** Actions that run event triggers. */
const DEFINES = new Set(['create', 'alter', 'drop', 'comment', 'grant', 'maintain']);

class Resolver implements Resolving {
  readonly catalog: CatalogSnapshot;
  readonly state: SessionState;
  readonly findings: Findings;
  readonly users: ReadonlySet<string>;
  readonly columns: FrameColumns;
  /** What is carried into the next round. */
  readonly found: Carried;
  readonly #input: ResolveInput;
  readonly #limits: ResolveLimits;
  readonly #needs = new Set<BodyText>();
  readonly #ids = new Map<BodyText, number>();
  readonly #steps = new Set<string>();
  readonly #frames: Frame[] = [];
  readonly #relations: RelationUses;
  readonly #routines: RoutineCalls;
  readonly #uses: FrameUses;
  readonly #top: Frame;
  readonly #drafts: Draft[] = [];
  readonly #children: ChildMade[] = [];
  #unknownName = false;

  constructor(input: ResolveInput, limits: ResolveLimits, carried: Carried) {
    const { catalog, state, draft } = input;
    this.#input = input;
    this.#limits = limits;
    this.found = {
      paths: new Map(carried.paths),
      users: new Set(carried.users),
      routines: new Map(carried.routines),
    };
    this.users = new Set([...state.users, ...rolesOf(draft), ...carried.users]);
    this.catalog = catalog;
    this.state = state;
    this.findings = new Findings(input.database);
    this.columns = new FrameColumns(this);
    this.#routines = new RoutineCalls(this);
    this.#relations = new RelationUses(
      this,
      (frame, oids, made) => this.#routines.types(frame, oids, made),
      (frame, made) => this.#routines.anyType(frame, made),
    );
    this.#uses = new FrameUses(this, this.#relations, this.#routines);
    const further = [...(input.paths ?? []), ...carried.paths.values(), catalog.searchPath];
    const paths = [...state.paths, ...pathsOf(draft), ...further];
    const all = paths.flatMap((path) => withUsers(path, this.users));
    const names = new Names(catalog, state, new Set(), all);
    this.#top = { draft, via: [], names, running: names, blame: null, answers: true };
  }

  resolution(): Resolution {
    this.#start(this.#top);
    this.#drain();
    const defines =
      this.findings.evaluations.some(({ action }) => DEFINES.has(action)) ||
      this.#drafts.some(({ effects }) => effects.some(({ kind }) => kind === 'catalog-changed'));
    if (defines) {
      for (const { name, routine, disabled } of this.catalog.eventTriggers)
        if (!disabled) this.call(this.#top, name, routine);
      this.#drain();
    }
    const columnNames = new Set(this.#drafts.flatMap((draft) => draft.columnNames));
    const ran = runNames(this.#input, this.findings, columnNames);
    for (const body of ran.needs) this.#needs.add(body);
    if (this.findings.count === 0) this.findings.evaluate('transact', [], 'Database');
    this.#checkLimits();
    return {
      meaning: this.#meaning(columnNames, ran),
      unknownName: this.#unknownName || ran.unknownName,
      needs: [...this.#needs],
    };
  }

  #meaning(columnNames: ReadonlySet<string>, ran: Ran): StatementMeaning {
    const { draft, form, serial } = this.#input;
    const { findings } = this;
    const { basis, undeterminedOn: on } = findings;
    const evaluations = Object.freeze(this.columns.evaluations(findings.evaluations));
    return Object.freeze<StatementMeaning>({
      form,
      evaluations,
      undetermined: findings.undetermined,
      // Nothing but the target as a whole is said by saying nothing.
      ...(on.some(({ type }) => type !== 'Target') ? { undeterminedOn: Object.freeze([...on]) } : {}),
      ...(basis === undefined ? {} : { basis }),
      changesState: evaluations.some(changesState),
      traits: traitsOf(this.#drafts, this.#relations.counted),
      relations: Object.freeze(findings.relations),
      columnNames,
      anyColumn: findings.anyColumn,
      ...this.columns.meaning(draft, ran.meanings),
      mark: draft.mark ?? null,
      copy: draft.statements === 1 ? copyOf(draft, this.#top.names, this.state) : null,
      mixedCopy: ran.runsCopy || (draft.copy !== null && draft.statements !== 1),
      statements: draft.statements,
      effects: Object.freeze(notedEffects(this.#drafts, this.#top.names, findings)),
      serial,
    });
  }

  #drain(): void {
    for (let frame = this.#frames.shift(); frame !== undefined; frame = this.#frames.shift()) {
      this.#start(frame);
    }
  }

  #start(frame: Frame): void {
    const { draft, names } = frame;
    this.#drafts.push(draft);
    if (draft.undetermined !== null) this.cannotTell(frame, draft.undetermined);
    if (draft.effects.some((effect) => effect.kind === 'role' && effect.name === null))
      this.cannotTell(frame, 'the role it becomes is not a plain name');
    if (draft.opaqueBlock !== null)
      this.findings.cannotTell(draft.opaqueBlock, this.findings.resource('Database'));
    this.findings.anyColumn ||= draft.anyColumn && frame.answers;
    for (const effect of draft.effects) {
      if (effect.kind !== 'created') continue;
      const places = effect.schema === null ? names.creatable() : [effect.schema];
      for (const schema of places) {
        names.make(effect.what, schema, effect.name);
        if (effect.what === 'routine') this.#made(schema, effect.name, effect.body ?? null);
      }
    }
    if (frame === this.#top) this.#counted(frame);
    for (const effect of draft.effects)
      if (effect.kind === 'child') this.#children.push(...childEffects(effect, names));
    if (frame !== this.#top) {
      // It was not parsed this time: the answer is not for keeps.
      if (draft.statements === 0) this.#unknownName = true;
      for (const path of pathsOf(draft)) this.found.paths.set(JSON.stringify(path), path);
      for (const role of rolesOf(draft)) this.found.users.add(role);
      if (draft.runs.length > 0) this.cannotTell(frame, 'what a function runs under a name cannot be told');
    }
    this.#uses.all(frame);
    this.columns.frame(frame);
  }

  /**
   * What a function does counts when it is made: somebody else's call of it may have been judged a moment ago, and be
   * waiting for a lock.
   */
  #counted(frame: Frame): void {
    const { draft, names } = frame;
    const makes = draft.routines.some(({ action, mode }) => action === 'create' && mode === 'new');
    for (const effect of makes ? draft.effects : []) {
      if (effect.kind !== 'created' || effect.what !== 'routine' || effect.inline === true) continue;
      for (const schema of effect.schema === null ? names.creatable() : [effect.schema])
        this.#routines.anyMade(frame, null, [{ schema, name: effect.name }]);
    }
  }

  #made(schema: string, name: string, body: BodyText | null): void {
    const key = JSON.stringify([schema, name, body]);
    this.found.routines.set(key, body);
  }

  anyMade(frame: Frame, schema: string, name: string): void {
    this.#routines.anyMade(frame, nameOf({ schema, name }), [...this.state.made, ...this.#ownRoutines()]);
  }

  #ownRoutines(): readonly { readonly schema: string; readonly name: string }[] {
    return [...this.found.routines.keys()].map((key) => {
      const [schema, name] = JSON.parse(key) as [string, string, unknown];
      return { schema, name };
    });
  }

  bodiesMade(schema: string, name: string): readonly (BodyText | null)[] {
    const prefix = JSON.stringify([schema, name]).slice(0, -1);
    const made = [...this.found.routines].filter(([key]) => key.startsWith(`${prefix},`));
    return [...this.state.routineBodies(schema, name), ...made.map(([, body]) => body)];
  }

  childrenMade(schema: string, name: string): readonly ChildMade[] {
    const made = this.#children.filter(({ parent }) => parent.schema === schema && parent.table === name);
    return [...this.state.children(schema, name), ...made];
  }

  #checkLimits(): void {
    const { steps, evaluations } = this.#limits;
    if (this.#steps.size > steps)
      this.findings.cannotTell(`it sets off more than can be followed: steps, ${steps}`, null);
    if (this.findings.count > evaluations)
      this.findings.cannotTell(`it touches more than can be judged: evaluations, ${evaluations}`, null);
  }

  cannotTell(frame: Frame, why: string): void {
    this.findings.cannotTell(why, frame.blame);
  }

  missing(frame: Frame): void {
    // In a body it is the body that is broken, most likely.
    if (frame.via.length === 0) this.#unknownName = true;
  }

  step(via: readonly string[], ...key: readonly unknown[]): boolean {
    const text = JSON.stringify(this.#input.survey === true ? key : [via, key]);
    if (this.#steps.has(text) || this.#steps.size > this.#limits.steps) return false;
    this.#steps.add(text);
    return true;
  }

  parsed(body: BodyText): Draft | undefined {
    const draft = this.#input.body(body);
    if (draft === undefined) this.#needs.add(body);
    return draft;
  }

  /** A number for a body whose text may be long. */
  #id(body: BodyText): number {
    const known = this.#ids.get(body);
    if (known !== undefined) return known;
    this.#ids.set(body, this.#ids.size);
    return this.#ids.size - 1;
  }

  follow(body: BodyText, use: BodyUse): void {
    const { frame, owner, names } = use;
    const via = through(frame.via, owner);
    const running = use.running ?? names;
    if (!this.step(via, 'body', this.#id(body), names.key, running.key, use.answers === true)) return;
    if (via.length > this.#limits.depth) {
      this.cannotTell(frame, `it leads through more than can be followed: depth, ${this.#limits.depth}`);
      return;
    }
    this.findings.restsOn(JSON.stringify([body, names.key]));
    const draft = this.parsed(body);
    if (draft === undefined) return;
    const blame = use.blame ?? frame.blame;
    const { beforeTypes } = frame;
    const inside: Frame = { draft, via, names, running, blame, answers: use.answers === true };
    this.#frames.push(beforeTypes === undefined ? inside : { ...inside, beforeTypes });
  }

  access(
    frame: Frame,
    owner: string | null,
    relation: CatalogRelation,
    action: string,
    cascade = false,
  ): void {
    this.#relations.access(frame, owner, relation, action, cascade);
  }

  call(frame: Frame, owner: string, routine: FunctionRef): void {
    this.#routines.called(frame, owner, routine);
  }
}

function changesState({ action, resource }: Evaluation): boolean {
  if (action === 'call') return resource.path[1] !== 'pg_catalog';
  return !HARMLESS.has(action);
}

/** The paths one path is, for each role that `$user` may stand for. */
function withUsers(path: readonly string[], users: ReadonlySet<string>): (readonly string[])[] {
  if (!path.includes('$user')) return [path];
  return [...users].map((user) => path.map((schema) => (schema === '$user' ? user : schema)));
}

/** Search paths a text sets. */
function pathsOf(draft: Draft): (readonly string[])[] {
  return draft.effects.flatMap((effect) => (effect.kind === 'search-path' ? [effect.schemas] : []));
}

/** Roles a text becomes, as far as they are plain names. */
function rolesOf(draft: Draft): string[] {
  return draft.effects.flatMap((effect) =>
    effect.kind === 'role' && effect.name !== null ? [effect.name] : [],
  );
}
