/** What a call of a function, an operator or a cast runs. */
import type { Resource } from '../../protocol.ts';
import { builtInEffect, extensionEffect } from './builtin-functions.ts';
import type { CatalogRoutine, FunctionRef, TypeBehaviour } from './catalog.ts';
import { type Frame, nameOf, type Resolving, through } from './frame.ts';
import { onlyComputes, RANGE_CONSTRUCTOR } from './known-extensions.ts';
import type { Names } from './names.ts';
import { isPinned, splitSearchPath } from './settings.ts';

/** Operators that are looked up without being written: by IN, BETWEEN, CASE, USING and the like. */
const UNWRITTEN: readonly string[] = ['=', '<>', '<', '<=', '>', '>=', '~~', '~~*', '!~~', '!~~*', '~'];

export class RoutineCalls {
  readonly #resolving: Resolving;

  constructor(resolving: Resolving) {
    this.#resolving = resolving;
  }

  /** All of this name in the schema: which is called depends on types. `judged`: the walk saw what code in C does. */
  named(frame: Frame, schema: string, name: string, judged: boolean): void {
    const { catalog } = this.#resolving;
    for (const routine of catalog.routines(schema, name)) this.#runs(frame, routine, null, judged);
    this.#made(frame, schema, name);
  }

  /** What the session, or the statement itself, made of the function: also of one that the catalog has. */
  #made(frame: Frame, schema: string, name: string): void {
    for (const body of this.#resolving.bodiesMade(schema, name)) {
      const blame = this.#resource({ schema, name });
      const owner = nameOf({ schema, name });
      if (body === null) this.#opaque(frame, blame, `what function ${owner} does now is not in the catalog`);
      else {
        this.#resolving.follow(body, {
          frame,
          owner,
          names: frame.running,
          running: frame.running,
          blame,
          answers: true,
        });
      }
    }
  }

  /** All of these: through something that may call any of them, or by themselves because they are being made. */
  anyMade(
    frame: Frame,
    owner: string | null,
    routines: readonly { readonly schema: string; readonly name: string }[],
  ): void {
    const via = through(frame.via, owner);
    for (const { schema, name } of routines) {
      if (owner !== null) this.#resolving.findings.evaluate('call', via, 'Function', schema, name);
      this.#made({ ...frame, via }, schema, name);
    }
  }

  /** A function that something else calls: a trigger, an operator, a type. */
  called(frame: Frame, owner: string, called: FunctionRef): void {
    const { catalog, findings } = this.#resolving;
    if (typeof called === 'string') return this.#builtIn(frame, owner, called);
    const routine = catalog.routineByOid(called);
    // One of the server's own, such as suppress_redundant_updates_trigger.
    if (routine === undefined) return;
    findings.evaluate('call', through(frame.via, owner), 'Function', routine.schema, routine.name);
    this.#runs(frame, routine, owner, false);
    this.#made({ ...frame, via: through(frame.via, owner) }, routine.schema, routine.name);
  }

  /** One of the server's own that does more than compute, behind an operator, a cast or an aggregate of somebody's. */
  #builtIn(frame: Frame, owner: string, name: string): void {
    const effect = builtInEffect(name);
    if (effect === undefined) return;
    const { findings } = this.#resolving;
    const via = through(frame.via, owner);
    findings.evaluate('call', via, 'Function', 'pg_catalog', name);
    if (effect.kind === 'file') findings.evaluate('server_file', via, 'File', '*');
    else if (effect.kind === 'current-setting') findings.evaluate('show', via, 'Setting', '*');
    else if (effect.kind === 'notify') findings.evaluate('notify', via, 'Channel', '*');
    else if (effect.kind === 'signal' || effect.kind === 'maintain')
      findings.evaluate(effect.kind, via, 'Database');
    else if (effect.kind === 'large-object')
      findings.evaluate(effect.action, via, 'Table', 'pg_catalog', 'pg_largeobject');
    else this.#resolving.cannotTell(frame, `what ${name} does behind ${owner} cannot be told`);
  }

  #runs(frame: Frame, routine: CatalogRoutine, owner: string | null, judged: boolean): void {
    const resolving = this.#resolving;
    const via = through(frame.via, owner);
    const own = nameOf(routine);
    if (!resolving.step(via, 'routine', routine.oid, frame.running.key)) return;
    const inside: Frame = { ...frame, via };
    const blame = this.#resource(routine);
    if (routine.defaults !== null) {
      const names = frame.names.exact();
      resolving.follow(routine.defaults, {
        frame: inside,
        owner: own,
        names,
        running: frame.running,
        answers: true,
      });
    }
    for (const oid of routine.parts) this.called(inside, own, oid);
    this.types(inside, routine.types, true);
    const running = this.#settings(inside, routine, blame);
    if (routine.body !== null) {
      const names = routine.body.kind === 'sql-routine' ? frame.names.exact() : running;
      resolving.follow(routine.body, { frame: inside, owner: own, names, running, blame, answers: true });
    } else if (!isKnown(routine, judged)) {
      const why = `what function ${own} does cannot be told: it is written in ${routine.language}`;
      this.#opaque(inside, blame, why);
    }
  }

  /** Settings a function runs under, and the names its body sees with them. */
  #settings(frame: Frame, routine: CatalogRoutine, blame: Resource): Names {
    let names = frame.running;
    for (const setting of routine.settings) {
      const at = setting.indexOf('=');
      const [name, value] = [setting.slice(0, at).toLowerCase(), setting.slice(at + 1)];
      if (name === 'search_path') {
        const path = splitSearchPath(value);
        if (path === null)
          this.#opaque(frame, blame, `the search path of function ${nameOf(routine)} cannot be read`);
        else names = names.under(this.#withUsers(path, routine));
      } else if (name === 'role' || name === 'session_authorization') {
        this.#resolving.findings.evaluate(
          'set_role',
          through(frame.via, nameOf(routine)),
          'Role',
          value || '*',
        );
      } else if (isPinned(name)) {
        this.#opaque(frame, blame, `function ${nameOf(routine)} runs under another ${name}`);
      }
    }
    return names;
  }

  /** `"$user"` is the role a SECURITY DEFINER function runs as, or that of the session. */
  #withUsers(path: readonly string[], routine: CatalogRoutine): string[] {
    const session = [...this.#resolving.users];
    const users = routine.definer === null ? session : [routine.definer, ...session];
    return path.flatMap((schema) => (schema === '$user' ? users : [schema]));
  }

  /** What values of these types run: conversions and comparisons always, CHECKs where values are made. */
  types(frame: Frame, oids: readonly number[], made: boolean): void {
    const { activeTypes } = this.#resolving.catalog;
    if (activeTypes.size === 0) return;
    this.#behaviours(frame, new Set(oids.flatMap((oid) => activeTypes.get(oid) ?? [])), made);
  }

  /** All types there are: for a relation of whose columns nothing is known. */
  anyType(frame: Frame, made: boolean): void {
    const { activeTypes } = this.#resolving.catalog;
    if (activeTypes.size > 0) this.#behaviours(frame, new Set([...activeTypes.values()].flat()), made);
  }

  #behaviours(outside: Frame, behaviours: Iterable<TypeBehaviour>, made: boolean): void {
    const frame = { ...outside, beforeTypes: outside.beforeTypes ?? outside.via };
    const fresh = [...behaviours].filter((behaviour) =>
      this.#resolving.step(frame.beforeTypes, 'type', nameOf(behaviour), made),
    );
    for (const behaviour of fresh) {
      const owner = nameOf(behaviour);
      for (const check of made ? behaviour.checks : [])
        this.#resolving.follow(check, { frame, owner, names: frame.names.exact(), running: frame.running });
    }
    // Their own types come after, so that the shortest way to each is the one that is told.
    for (const behaviour of fresh) {
      for (const routine of behaviour.routines) this.called(frame, nameOf(behaviour), routine);
    }
  }

  operatorClasses(frame: Frame): void {
    const { catalog } = this.#resolving;
    for (const { schema, name } of frame.draft.operatorClasses) {
      for (const found of catalog.operatorClasses.get(name) ?? []) {
        const seen = found.schema === 'pg_catalog' || frame.names.searched.has(found.schema);
        if (schema === null ? seen : schema === found.schema)
          this.called(frame, nameOf(found), found.routine);
      }
    }
  }

  /** Operators over the server's own types that are somebody's: by name, wherever it is looked up. */
  operators(frame: Frame): void {
    const { catalog } = this.#resolving;
    for (const oid of catalog.castRoutines) this.called(frame, 'pg_catalog.cast', oid);
    const written = frame.draft.operators;
    for (const { schema, name } of written) {
      if (schema === null || schema === 'pg_catalog' || catalog.hasOperator(schema, name)) continue;
      this.#resolving.missing(frame);
      this.#resolving.cannotTell(frame, `operator ${schema}.${name} is not in the catalog`);
    }
    if (catalog.ownOperators.size === 0) return;
    const unwritten = UNWRITTEN.map((name) => ({ schema: null, name }));
    for (const { schema, name } of [...written, ...unwritten]) {
      for (const operator of catalog.ownOperators.get(name) ?? []) {
        const seen = operator.schema === 'pg_catalog' || frame.names.searched.has(operator.schema);
        if (schema === null ? seen : schema === operator.schema)
          this.called(frame, nameOf(operator), operator.routine);
      }
    }
  }

  #opaque(frame: Frame, blame: Resource, why: string): void {
    this.#resolving.cannotTell({ ...frame, blame }, why);
  }

  #resource({ schema, name }: { readonly schema: string; readonly name: string }): Resource {
    return this.#resolving.findings.resource('Function', schema, name);
  }
}

/** Whether there is nothing to be followed in a function without a body. */
function isKnown(routine: CatalogRoutine, judged: boolean): boolean {
  const { extension, language, schema, name, parts, internal } = routine;
  if (parts.length > 0 || RANGE_CONSTRUCTOR.test(internal)) return true;
  if (extension === null || (language !== 'c' && language !== 'internal')) return false;
  return onlyComputes(extension, name) || (judged && extensionEffect(schema, name) !== undefined);
}
