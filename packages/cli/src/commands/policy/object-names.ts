import { type Desk, objectUid, type Workbench } from '@sallyport/gateway';

type Meaning = Parameters<ReturnType<Desk['begin']>['forwarded']>[0];

export interface NamedMeaning {
  /** Cedar's names of everything it touches, each once: `Table::"warehouse/shop/public/customers"`. */
  readonly objects: readonly string[];
  readonly actions: readonly string[];
}

/** What the meanings of one target touch, by the names policies use. Worked out once for each meaning. */
export class ObjectNames {
  readonly #target: string;
  readonly #known = new WeakMap<Meaning, NamedMeaning>();

  constructor(target: string) {
    this.#target = target;
  }

  of(meaning: Meaning, asked: () => ReturnType<Workbench['evaluations']>): NamedMeaning {
    const known = this.#known.get(meaning);
    if (known !== undefined) return known;
    const evaluations = asked();
    const objects = [...new Set(evaluations.map(({ resource }) => objectUid(this.#target, resource)))];
    const actions = [...new Set(evaluations.map(({ action }) => action))];
    const named = { objects, actions };
    this.#known.set(meaning, named);
    return named;
  }
}
