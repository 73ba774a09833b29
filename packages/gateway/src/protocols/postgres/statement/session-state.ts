/**
 * What must be remembered of a session to tell what its next statement means.
 *
 * It only ever grows towards more: every search path a session had stays possible, and every statement prepared under a
 * name stays a candidate for it, because a rollback, an error halfway through a text, or a pipelined message can bring
 * an earlier one back. A name with too many candidates is not tracked at all, and then running it is undetermined.
 */
import { createHash } from 'node:crypto';
import type { Evaluation } from '../../protocol.ts';
import type { BodyText, RelationName, SessionEffect, StatementMeaning } from './meaning.ts';
import { splitSearchPath } from './settings.ts';

/** Limits of one session's memory; going over one makes what depends on it undetermined. */
export interface SessionLimits {
  /** Names of prepared statements, of cursors, of temporary relations and of new objects, each. */
  readonly namedStatements: number;
}

/** Candidates for one name before it is given up on. */
const CANDIDATES = 8;
/** Search paths before they are given up on. */
const PATHS = 32;
/** Roles a session may become before they are given up on. */
const USERS = 16;
/** Evaluations remembered of one view that the session made. */
const VIEW_EVALUATIONS = 1000;
const DEFAULT_LIMITS: SessionLimits = { namedStatements: 1000 };

export type ChildMade = Extract<SessionEffect, { kind: 'child' }>;

/** How the key of a temporary relation begins: of these no catalog that others read says anything. */
const TEMPORARY_KEY = '["relation","pg_temp"';

/** Effects after which names may resolve to something else. */
const RENAMING: ReadonlySet<SessionEffect['kind']> = new Set([
  'search-path',
  'role',
  'temporary',
  'created',
  'view',
  'active',
  'unsettled',
  'child',
]);

/** `facts` are the server's parameter values at login: session_authorization, and search_path where it is reported. */
export function initialSessionState(
  facts: Readonly<Record<string, string>>,
  limits: SessionLimits = DEFAULT_LIMITS,
): SessionState {
  return new SessionState(facts.session_authorization ?? '', facts.search_path ?? null, limits);
}

/** Call this when a statement is forwarded: what it adds may hold from then on, even if it fails. */
export function applyEffects(state: SessionState, meaning: StatementMeaning): void {
  state.forwarded(meaning);
}

export function createdKey(what: string, schema: string, name: string): string {
  return JSON.stringify([what, schema, name]);
}

export class SessionState {
  /** The role of the login, and every one the session may have become. */
  readonly #users: Set<string>;
  readonly #limit: number;
  readonly #paths = new Map<string, readonly string[]>();
  readonly #temporary = new Map<string, readonly RelationName[]>();
  /** Relations that were given something to do in this session, as createdKey. */
  readonly #active = new Set<string>();
  #unsettled = false;
  readonly #created = new Set<string>();
  /** By createdKey: what functions the session made may run, and a digest of all that. */
  readonly #bodies = new Map<string, readonly (BodyText | null)[]>();
  #bodiesDigest = '';
  /** By createdKey: what reading views the session made does. */
  readonly #views = new Map<string, readonly Evaluation[]>();
  /** By JSON of schema and name: children of relations, as far as the session made them. */
  readonly #children = new Map<string, readonly ChildMade[]>();
  readonly #prepared = new Map<string, readonly StatementMeaning[] | null>();
  readonly #cursors = new Map<string, readonly StatementMeaning[] | null>();
  #overflow = false;
  #key = '';

  constructor(user: string, searchPath: string | null, limits: SessionLimits) {
    this.#users = new Set([user]);
    this.#limit = limits.namedStatements;
    if (searchPath === null) this.#addPath(['$user', 'public']);
    else this.rememberSearchPath(searchPath);
    this.#rekey();
  }

  /** Everything that decides how names resolve, as one string: equal keys, equal resolution. */
  get key(): string {
    return this.#key;
  }

  /** The roles that `$user` in a search path may stand for. */
  get users(): ReadonlySet<string> {
    return this.#users;
  }

  /** Every search path the session may have, schemas in order, with `$user` as it is. */
  get paths(): Iterable<readonly string[]> {
    return this.#paths.values();
  }

  /** Whether more was done than can be remembered: then names cannot be resolved any more. */
  get overflow(): boolean {
    return this.#overflow;
  }

  /** The relations a temporary relation's rows may come from, or undefined when there is none of this name. */
  temporary(name: string): readonly RelationName[] | undefined {
    return this.#temporary.get(name);
  }

  /** Whether the session gave the relation something to do, such as a trigger. */
  isActive(schema: string, name: string): boolean {
    return this.#active.size > 0 && this.#active.has(createdKey('relation', schema, name));
  }

  /** Whether names were changed in a transaction that may be open. */
  get unsettled(): boolean {
    return this.#unsettled;
  }

  /** The server is outside a transaction: what was changed in it is in the catalog, or is not. */
  settled(): void {
    const active = this.#active.size;
    for (const key of this.#active) if (!key.startsWith(TEMPORARY_KEY)) this.#active.delete(key);
    const bodies = this.#bodies.size;
    // Functions of its own the session keeps: the next statement waits for a catalog that has the others.
    for (const key of this.#bodies.keys()) if (!/^\["routine","pg_temp/.test(key)) this.#bodies.delete(key);
    if (!this.#unsettled && this.#active.size === active && this.#bodies.size === bodies) return;
    this.#unsettled = false;
    this.#rekey();
  }

  /** Every function the session made or changed. */
  get made(): readonly { readonly schema: string; readonly name: string }[] {
    return [...this.#bodies.keys()].map((key) => {
      const [, schema, name] = JSON.parse(key) as [string, string, string];
      return { schema, name };
    });
  }

  /** Children that the session gave a relation. */
  children(schema: string, name: string): readonly ChildMade[] {
    return this.#children.size === 0 ? [] : (this.#children.get(JSON.stringify([schema, name])) ?? []);
  }

  hasCreated(what: string, schema: string, name: string): boolean {
    return this.#created.size > 0 && this.#created.has(createdKey(what, schema, name));
  }

  /** What reading a view that the session made does; empty for any other relation. */
  viewEvaluations(schema: string, name: string): readonly Evaluation[] {
    return this.#views.size === 0 ? [] : (this.#views.get(createdKey('view', schema, name)) ?? []);
  }

  /** What a function the session made, or changed, may run from then on; null when that cannot be told. */
  routineBodies(schema: string, name: string): readonly (BodyText | null)[] {
    return this.#bodies.size === 0 ? [] : (this.#bodies.get(createdKey('routine', schema, name)) ?? []);
  }

  /** What a prepared statement of this name may be; empty when it cannot be told. */
  preparedUnder(name: string): readonly StatementMeaning[] {
    return this.#prepared.get(name) ?? [];
  }

  /** What a cursor or portal of this name may be; empty when it cannot be told. */
  cursorsUnder(name: string): readonly StatementMeaning[] {
    return this.#cursors.get(name) ?? [];
  }

  /** Also for names of the extended protocol's Parse, which EXECUTE can run. */
  rememberPrepared(name: string, meaning: StatementMeaning): void {
    this.#remember(this.#prepared, name, meaning);
  }

  /** Also for portals of the extended protocol's Bind, which FETCH can read. */
  rememberCursor(name: string, meaning: StatementMeaning): void {
    this.#remember(this.#cursors, name, meaning);
  }

  /** A search path as the server shows it (PostgreSQL 18 reports every change). */
  rememberSearchPath(shown: string): void {
    const path = splitSearchPath(shown);
    if (path === null) this.#overflow = true;
    else this.#addPath(path);
    this.#rekey();
  }

  forwarded(meaning: StatementMeaning): void {
    let renamed = false;
    for (const effect of meaning.effects) {
      if (effect.kind === 'prepare') this.rememberPrepared(effect.name, meaning);
      else if (effect.kind === 'cursor') this.rememberCursor(effect.name, meaning);
      else if (effect.kind === 'search-path') this.#addPath(effect.schemas);
      else if (effect.kind === 'role') this.#addUser(effect.name);
      else if (effect.kind === 'temporary') this.#addTemporary(effect);
      else if (effect.kind === 'active') this.#addActive(effect.schema, effect.name);
      else if (effect.kind === 'unsettled') this.#unsettled = true;
      else if (effect.kind === 'child') this.#addChild(effect);
      else if (effect.kind === 'created') {
        const key = createdKey(effect.what, effect.schema, effect.name);
        this.#addCreated(key);
        if (effect.what === 'routine') this.#addBody(key, effect.body ?? null);
      } else if (effect.kind === 'view') this.#addView(effect);
      renamed ||= RENAMING.has(effect.kind);
    }
    if (renamed) this.#rekey();
  }

  /**
   * Forgets names a statement gave up: call it once the statement succeeded. Only when it stands alone in its text,
   * since the same text may have taken the name again. A cursor's CLOSE may be undone by a rollback and forgets nothing.
   */
  succeeded(meaning: StatementMeaning): void {
    if (meaning.statements !== 1) return;
    for (const effect of meaning.effects) {
      if (effect.kind !== 'deallocate') continue;
      if (effect.name === null) this.#prepared.clear();
      else this.#prepared.delete(effect.name);
    }
  }

  #remember(
    names: Map<string, readonly StatementMeaning[] | null>,
    name: string,
    meaning: StatementMeaning,
  ): void {
    const known = names.get(name);
    if (known === null || known?.includes(meaning) === true) return;
    // A name that is not remembered cannot be run in SQL; the one forgotten first is the one longest unused.
    if (known === undefined && names.size >= this.#limit) names.delete(names.keys().next().value ?? '');
    names.set(name, known !== undefined && known.length >= CANDIDATES ? null : [...(known ?? []), meaning]);
  }

  #addPath(path: readonly string[]): void {
    if (this.#paths.size >= PATHS) this.#overflow = true;
    else this.#paths.set(JSON.stringify(path), path);
  }

  #addUser(name: string | null): void {
    if (name === null || this.#users.size >= USERS) this.#overflow = true;
    else this.#users.add(name);
  }

  #addActive(schema: string, name: string): void {
    if (this.#active.size >= this.#limit) this.#overflow = true;
    else this.#active.add(createdKey('relation', schema, name));
  }

  #addTemporary({ name, sources }: Extract<SessionEffect, { kind: 'temporary' }>): void {
    const known = this.#temporary.get(name);
    if (known === undefined && this.#temporary.size >= this.#limit) this.#overflow = true;
    const all = known ?? [];
    const fresh = sources.filter(
      (one) => !all.some((old) => old.schema === one.schema && old.table === one.table),
    );
    this.#temporary.set(name, [...all, ...fresh]);
  }

  #addChild(made: ChildMade): void {
    const key = JSON.stringify([made.parent.schema, made.parent.table]);
    const known = this.#children.get(key) ?? [];
    if (known.some((one) => JSON.stringify(one) === JSON.stringify(made))) return;
    if (known.length >= this.#limit || this.#children.size >= this.#limit) this.#overflow = true;
    else this.#children.set(key, [...known, made]);
  }

  #addCreated(key: string): void {
    if (this.#created.size >= this.#limit) this.#overflow = true;
    else this.#created.add(key);
  }

  #addBody(key: string, body: BodyText | null): void {
    const known = this.#bodies.get(key) ?? [];
    if (known.some((one) => one?.text === body?.text && one?.kind === body?.kind)) return;
    // Past so many, nobody can say which it is.
    const full = known.includes(null) || known.length >= CANDIDATES;
    this.#bodies.set(key, full ? [null] : [...known, body]);
    const hash = createHash('sha256')
      .update(this.#bodiesDigest)
      .update(JSON.stringify([key, body]));
    this.#bodiesDigest = hash.digest('base64');
  }

  #addView({ schema, name, evaluations }: Extract<SessionEffect, { kind: 'view' }>): void {
    const key = createdKey('view', schema, name);
    const known = this.#views.get(key) ?? [];
    const fresh = evaluations.filter((one) => !known.some((old) => sameEvaluation(old, one)));
    const full = this.#views.size >= this.#limit || known.length + fresh.length > VIEW_EVALUATIONS;
    if (full) this.#overflow = true;
    else this.#views.set(key, [...known, ...fresh]);
    const said = evaluations.map(({ action, resource, facts }) => [action, resource, facts]);
    const hash = createHash('sha256')
      .update(this.#bodiesDigest)
      .update(JSON.stringify([key, said]));
    this.#bodiesDigest = hash.digest('base64');
  }

  #rekey(): void {
    const parts = [
      [...this.#users],
      [...this.#paths.keys()],
      [...this.#temporary],
      [...this.#active],
      this.#unsettled,
      [...this.#created],
      [...this.#children],
      this.#overflow,
      this.#bodiesDigest,
    ];
    this.#key = JSON.stringify(parts);
  }
}

function sameEvaluation(one: Evaluation, other: Evaluation): boolean {
  return (
    JSON.stringify([one.action, one.resource, one.facts]) ===
    JSON.stringify([other.action, other.resource, other.facts])
  );
}
