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
    if (tokenId !== '') this.#tokens.set(tokenId, expiresAt);
    if (issuerTokenId !== null) this.#tokens.set(issuerTokenId, expiresAt);
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
