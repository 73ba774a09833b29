import { foldAlias, type Identity } from '../identity/index.ts';
import { BoundedMap } from '../lib/bounded-map.ts';
import type { RevocationKind } from './revocation.ts';

/**
 * Callers who were here: a revocation by one of a person's names is to find them by the others, under another issuer too.
 * Bounded; somebody forgotten is found by the name that was given.
 */
export class Callers {
  readonly #subjects: BoundedMap<string, readonly string[]>;
  readonly #actors: BoundedMap<string, true>;
  readonly #tokens: BoundedMap<string, number>;

  constructor(most: number) {
    this.#subjects = new BoundedMap(most);
    this.#actors = new BoundedMap(most);
    this.#tokens = new BoundedMap(most);
  }

  remember({ subject, subjectAliases, actor, tokenId, issuerTokenId, expiresAt }: Identity): void {
    // A task token does not say: whoever it was exchanged from was here.
    if (subjectAliases.length > 0) this.#subjects.set(subject, subjectAliases);
    if (actor !== null) this.#actors.set(foldAlias(actor), true);
    if (tokenId !== '') this.#rememberToken(tokenId, expiresAt);
    if (issuerTokenId !== null) this.#rememberToken(issuerTokenId, expiresAt);
  }

  /** The longest of all that go by this id, which an issuer chose: a revocation must outlive every one of them. */
  #rememberToken(id: string, expiresAt: number): void {
    this.#tokens.set(id, Math.max(expiresAt, this.#tokens.get(id) ?? 0));
  }

  /** Every name of the subjects that go by this one. */
  namesOf(folded: string): readonly string[] {
    const names = new Set([folded]);
    for (const aliases of this.#subjects.values()) {
      if (aliases.includes(folded)) for (const alias of aliases) names.add(alias);
    }
    return [...names];
  }

  /** When this token expires, if it was here. */
  expiryOf(tokenId: string): number | undefined {
    return this.#tokens.get(tokenId);
  }

  /** What this could be the name of. */
  kindsOf(folded: string): readonly RevocationKind[] {
    const kinds: RevocationKind[] = [];
    const isSubject = [...this.#subjects.values()].some((aliases) => aliases.includes(folded));
    if (isSubject || folded.includes('|') || folded.includes('@')) kinds.push('subject');
    if (this.#actors.has(folded)) kinds.push('actor');
    return kinds;
  }
}
