import { foldAlias, type Identity } from '../identity/index.ts';
import type { Revocation, RevocationKind, Use } from './revocation.ts';

/** Names of one scope are compared with each other: a subject and an actor are both parties, whatever they are called. */
type Scope = 'party' | 'task' | 'token' | 'target' | 'connector' | 'session';

const SCOPES: Record<RevocationKind, Scope> = {
  subject: 'party',
  actor: 'party',
  task: 'task',
  token: 'token',
  target: 'target',
  connector: 'connector',
  session: 'session',
};

/** A name as it is compared. Ids are exact; for what people read, spellings that look alike are one. */
export function foldedName(kind: RevocationKind, value: string): string {
  return kind === 'token' || kind === 'session' ? value : foldAlias(value);
}

/** What is revoked now, found by any name of a use: as many look-ups as the use has names, however much is revoked. */
export class Book {
  readonly #byId = new Map<string, Revocation>();
  readonly #byName = new Map<string, Set<Revocation>>();

  get size(): number {
    return this.#byId.size;
  }

  all(): readonly Revocation[] {
    return [...this.#byId.values()];
  }

  get(id: string): Revocation | undefined {
    return this.#byId.get(id);
  }

  add(revocation: Revocation): void {
    this.remove(revocation.id);
    this.#byId.set(revocation.id, revocation);
    for (const key of keysOf(revocation)) {
      const known = this.#byName.get(key);
      if (known === undefined) this.#byName.set(key, new Set([revocation]));
      else known.add(revocation);
    }
  }

  remove(id: string): void {
    const revocation = this.#byId.get(id);
    if (revocation === undefined) return;
    this.#byId.delete(id);
    for (const key of keysOf(revocation)) {
      const known = this.#byName.get(key);
      known?.delete(revocation);
      if (known?.size === 0) this.#byName.delete(key);
    }
  }

  /** The first that this use falls under. */
  find(use: Use): Revocation | undefined {
    if (this.#byId.size === 0) return undefined;
    for (const key of keysOfUse(use)) {
      const [found] = this.#byName.get(key) ?? [];
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/** Whether this use falls under this revocation. */
export function hits(revocation: Pick<Revocation, 'kind' | 'names'>, use: Use): boolean {
  const keys = new Set(keysOf(revocation));
  for (const key of keysOfUse(use)) if (keys.has(key)) return true;
  return false;
}

function keysOf({ kind, names }: Pick<Revocation, 'kind' | 'names'>): readonly string[] {
  return names.map((name) => keyOf(SCOPES[kind], name));
}

function* keysOfUse({ identity, target, connector, sessionId }: Use): Generator<string> {
  if (identity !== undefined) {
    const { subject, actor, task, aliases, subjectAliases, issuerTokenId } = identity;
    yield keyOf('party', foldAlias(subject));
    if (actor !== null) yield keyOf('party', foldAlias(actor));
    // The earlier actors of its chain are among them.
    for (const alias of [...aliases, ...subjectAliases]) yield keyOf('party', foldAlias(alias));
    if (task !== null) yield keyOf('task', foldAlias(task));
    for (const id of [...lineageOf(identity), issuerTokenId]) {
      if (id !== null && id !== '') yield keyOf('token', id);
    }
  }
  if (target !== undefined) yield keyOf('target', foldAlias(target));
  if (connector !== undefined) yield keyOf('connector', foldAlias(connector));
  if (sessionId !== undefined) yield keyOf('session', sessionId);
}

/** The token and those it was exchanged for: revoking one of them revokes it too. */
function lineageOf({ tokenId, scope }: Identity): readonly string[] {
  return scope === null ? [tokenId] : [tokenId, ...scope.ancestors, scope.origin];
}

/** A name cannot reach into another scope: no scope has a space. */
function keyOf(scope: Scope, name: string): string {
  return `${scope} ${name}`;
}
