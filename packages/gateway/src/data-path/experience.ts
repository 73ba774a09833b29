import { describeQuestion, type Question } from '../policy/index.ts';
import type { Meaning } from '../protocols/protocol.ts';
import type { Session } from './session.ts';

/** Most things remembered that actors have touched, together (L10); what is forgotten is new to its actor again. */
const REMEMBERED_THINGS = 100_000;

interface Count {
  permitted: number;
  denied: number;
}

/** What one subject and actor did at one target. */
type Past = Map<string, Count>;

/** What was done before, to tell people who decide about more of it. In this process alone: at its start everything is new. */
export class Experience {
  readonly #limit: number;
  readonly #past = new Map<string, Past>();
  #size = 0;

  constructor(limit: number = REMEMBERED_THINGS) {
    this.#limit = limit;
  }

  /** Counts an operation for whoever's session it is. Cheap: it is done for every one. */
  add(session: Session, meaning: Meaning, outcome: keyof Count): void {
    const things = thingsOf(meaning);
    if (things.length === 0) return;
    const past = this.#pastOf(session);
    for (const thing of things) {
      const count = past.get(thing);
      if (count !== undefined) count[outcome] += 1;
      else {
        past.set(thing, { permitted: 0, denied: 0, [outcome]: 1 });
        this.#size += 1;
      }
    }
    if (this.#size > this.#limit) this.#forgetOldest();
  }

  /** What this session's subject and actor did with these things. */
  of(session: Session, questions: readonly Question[]) {
    const past = this.#past.get(session.experienceKey);
    const first: string[] = [];
    let [permitted, denied] = [0, 0];
    for (const question of questions) {
      const count = past?.get(thingOf(question));
      if ((count?.permitted ?? 0) === 0) first.push(describeThing(session.target, question));
      permitted = Math.max(permitted, count?.permitted ?? 0);
      denied = Math.max(denied, count?.denied ?? 0);
    }
    return { first, permitted, denied };
  }

  #pastOf({ experienceKey }: Session): Past {
    let past = this.#past.get(experienceKey);
    if (past === undefined) {
      past = new Map();
      this.#past.set(experienceKey, past);
    }
    return past;
  }

  /** Whoever came first goes first, as a whole; one that alone is over the limit begins anew. */
  #forgetOldest(): void {
    for (const [key, past] of this.#past) {
      this.#past.delete(key);
      this.#size -= past.size;
      if (this.#size <= this.#limit) return;
    }
  }
}

/** `select on Table "shop/public/customers"`, with nothing in it that a terminal would act on. */
export function describeThing(target: string, question: Question): string {
  return `${question.action} on ${describeQuestion(target, question)}`;
}

const things = new WeakMap<Meaning, readonly string[]>();

/** Worked out once for each meaning: they are interned. */
function thingsOf(meaning: Meaning): readonly string[] {
  let known = things.get(meaning);
  if (known === undefined) {
    known = [...new Set(meaning.evaluations.map(thingOf))];
    things.set(meaning, known);
  }
  return known;
}

function thingOf({ action, resource: { type, path } }: Question): string {
  return JSON.stringify([action, type, path]);
}
