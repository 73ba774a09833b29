import type { AuditLog } from '../audit/index.ts';
import { foldAlias, type Identity } from '../identity/index.ts';
import type { Clock } from '../lib/clock.ts';
import { Fault } from '../lib/fault.ts';
import type { Storage } from '../storage/index.ts';
import type { Arrived, Provider, Standing } from './provider.ts';
import { refusal } from './refusal.ts';
import { hashOf, isSecret, newSecret, type Sealing } from './sealing.ts';
import type { SignInSection } from './section.ts';

export interface SessionsDependencies {
  readonly config: SignInSection;
  readonly store: Storage['signIns'];
  readonly sealing: Sealing;
  readonly clock: Clock;
  readonly audit: Pick<AuditLog, 'append'>;
  provider(name: string): Provider | undefined;
  /** Why somebody may not be let in any more; null when nothing speaks against it. */
  objectionTo(identity: Identity): string | null;
  /** A session ended: whatever else was opened with it should end too. */
  ended(idHash: string, reason: string): void;
  /** A fault nobody waits for. */
  report(fault: unknown): void;
}

/** A cookie is for a browser, a bearer token for a command line; neither is good as the other. */
export type SessionKind = 'browser' | 'bearer';

/** What tells a session of ours from a token of an issuer. */
const PREFIX = 'sps_';
const SEALED = 'session';
/** How often the time of use is written. */
const TOUCH_MS = 30_000;

/** Whether this bearer token is one of ours. */
export function isSessionToken(bearer: string): boolean {
  return bearer.startsWith(PREFIX);
}

/** Who is signed in. An id is given out once, and only its SHA-256 is kept. */
export class Sessions {
  readonly #deps: SessionsDependencies;
  readonly #asking = new Map<string, Promise<Identity>>();
  /** Which session an identity was read from, so that what it opened can be found. */
  readonly #origins = new WeakMap<Identity, { readonly kind: SessionKind; readonly id: string }>();

  constructor(deps: SessionsDependencies) {
    this.#deps = deps;
  }

  /** Begins one; gives its id, never one that was known before (session fixation). */
  async begin(kind: SessionKind, provider: string, arrived: Arrived): Promise<{ id: string; until: number }> {
    const { config, store, clock, sealing } = this.#deps;
    const id = newSecret();
    const now = clock.now();
    const until = Math.min(arrived.until, now + config.sessionSeconds * 1_000);
    await store.addSession(
      {
        id_hash: hashOf(id),
        kind,
        provider,
        subject: arrived.identity.subject,
        created_at: now,
        used_at: now,
        expires_at: until,
        sealed: sealing.seal(arrived.standing, id, SEALED),
      },
      config.sessionsPerSubject,
    );
    return { id: kind === 'bearer' ? `${PREFIX}${id}` : id, until };
  }

  /**
   * Who this is. Rejects with Fault `credential-rejected`, or `issuer-unavailable` when the issuer has to be asked and is away.
   * One at a time for a session: a refresh token is good once, and using it twice looks like theft (RFC 9700 section 4.14).
   */
  async identify(kind: SessionKind, presented: string): Promise<Identity> {
    const id = idOf(kind, presented);
    const idHash = hashOf(id);
    const under = this.#asking.get(`${kind} ${idHash}`);
    if (under !== undefined) return await under;
    const started = this.#identify(kind, id, idHash).finally(() => this.#asking.delete(`${kind} ${idHash}`));
    this.#asking.set(`${kind} ${idHash}`, started);
    return await started;
  }

  async #identify(kind: SessionKind, id: string, idHash: string): Promise<Identity> {
    const { store, clock, config } = this.#deps;
    const row = await store.findSession(idHash);
    if (row === null || row.kind !== kind) throw refusal('there is no such session; sign in again');
    const now = clock.now();
    const idle = now >= Number(row.used_at) + config.idleSeconds * 1_000;
    if (idle || now >= Number(row.expires_at)) {
      await this.#end(idHash, row.subject, row.provider, idle ? 'it was not used' : 'its time was over');
      throw refusal('the session has ended; sign in again');
    }
    if (now - Number(row.used_at) >= TOUCH_MS) await store.touchSession(idHash, now);
    const standing = this.#deps.sealing.unseal(row.sealed, id, SEALED) as Standing | null;
    const provider = this.#deps.provider(row.provider);
    if (standing === null || provider === undefined) throw refusal('there is no such session; sign in again');
    const identity = await this.#renewed({ id, idHash, subject: row.subject, standing, provider });
    const objection = this.#deps.objectionTo(identity);
    if (objection !== null) {
      await this.#end(idHash, row.subject, row.provider, objection);
      throw refusal(`${objection}; ask an operator of the gateway`);
    }
    const expiresAt = Math.min(identity.expiresAt, Number(row.expires_at));
    const bounded = Object.freeze({ ...identity, expiresAt });
    this.#origins.set(bounded, { kind, id });
    return bounded;
  }

  /** Signs out; gives where the issuer signs out too. */
  async end(kind: SessionKind, presented: string): Promise<string | null> {
    const id = idOf(kind, presented);
    const row = await this.#deps.store.findSession(hashOf(id));
    if (row === null || row.kind !== kind) return null;
    const standing = this.#deps.sealing.unseal(row.sealed, id, SEALED) as Standing | null;
    await this.#end(row.id_hash, row.subject, row.provider, 'signed out');
    return standing === null ? null : ((await this.#deps.provider(row.provider)?.leave(standing)) ?? null);
  }

  /** The same for whoever this identity is; undefined when it did not come out of a session of ours. */
  async endOf(identity: Identity): Promise<string | null | undefined> {
    const origin = this.#origins.get(identity);
    if (origin === undefined) return undefined;
    return this.end(origin.kind, origin.kind === 'bearer' ? `${PREFIX}${origin.id}` : origin.id);
  }

  /** The cookie this identity came out of; null when it came out of something else. */
  cookieOf(identity: Identity): string | null {
    const origin = this.#origins.get(identity);
    return origin?.kind === 'browser' ? origin.id : null;
  }

  /** Ends those of everybody whose subject is one of these names, folded. */
  async endAllOf(names: readonly string[], reason: string): Promise<void> {
    for (const { id_hash, subject, provider } of await this.#deps.store.allSessions()) {
      if (!names.includes(foldAlias(subject))) continue;
      // One that cannot be logged is over all the same, and keeps no other from ending.
      await this.#end(id_hash, subject, provider, reason).catch(this.#deps.report);
    }
  }

  /** Ends the one a browser had before it signed in anew. */
  async replace(idHash: string): Promise<void> {
    const row = await this.#deps.store.findSession(idHash);
    if (row !== null) await this.#end(idHash, row.subject, row.provider, 'signed in anew');
  }

  /** Whether this identity came out of that session. */
  isOf(identity: Identity, idHash: string): boolean {
    const origin = this.#origins.get(identity);
    return origin !== undefined && hashOf(origin.id) === idHash;
  }

  /** The session a browser has, if it has one. */
  async standing(cookie: string | undefined): Promise<{ idHash: string; subject: string } | null> {
    if (!isSecret(cookie)) return null;
    const row = await this.#deps.store.findSession(hashOf(cookie));
    if (row === null || row.kind !== 'browser' || this.#deps.clock.now() >= Number(row.expires_at))
      return null;
    return { idHash: row.id_hash, subject: row.subject };
  }

  async #renewed(session: {
    readonly id: string;
    readonly idHash: string;
    readonly subject: string;
    readonly standing: Standing;
    readonly provider: Provider;
  }): Promise<Identity> {
    const { id, idHash, subject, standing, provider } = session;
    const arrived = await this.#asked(provider, standing);
    if (typeof arrived === 'string' || arrived.identity.subject !== subject) {
      const reason = typeof arrived === 'string' ? arrived : 'it became somebody else';
      await this.#end(idHash, subject, provider.name, reason);
      throw refusal('the session has ended; sign in again');
    }
    if (arrived.standing !== standing && provider.kind === 'oidc') {
      const kept = await this.#deps.store.touchSession(
        idHash,
        this.#deps.clock.now(),
        this.#deps.sealing.seal(arrived.standing, id, SEALED),
      );
      // Signed out meanwhile: what was renewed must not bring it back.
      if (!kept) throw refusal('the session has ended; sign in again');
    }
    return arrived.identity;
  }

  /** Or why not, in words for the log. */
  async #asked(provider: Provider, standing: Standing): Promise<Arrived | string> {
    try {
      return (await provider.renew(standing)) ?? 'the issuer did not renew it';
    } catch (error) {
      if (error instanceof Fault && error.code === 'credential-rejected') return error.message;
      throw error;
    }
  }

  async #end(idHash: string, subject: string, provider: string, reason: string): Promise<void> {
    const facts = { door: 'control-plane', issuer: provider };
    if (await this.#deps.store.removeSession(idHash)) {
      this.#deps.audit.append({ type: 'signed-out', subject, reason, facts });
      this.#deps.ended(idHash, reason);
    }
  }
}

function idOf(kind: SessionKind, presented: string): string {
  const id = kind === 'bearer' && isSessionToken(presented) ? presented.slice(PREFIX.length) : presented;
  if (!isSecret(id) || (kind === 'bearer') !== isSessionToken(presented))
    throw refusal('there is no such session; sign in again');
  return id;
}
