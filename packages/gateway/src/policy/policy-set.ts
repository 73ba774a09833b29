/** One policy set in force: its worker, and the answers it gave. Immutable but for what it remembers. */
import { createHash } from 'node:crypto';
import { BoundedMap } from '../lib/bounded-map.ts';
import { Judge } from './cedar-judge.ts';
import type { PolicyLimits } from './config.ts';
import type { Question, SessionContext } from './decision.ts';
import type { LoadedPolicy, PolicyDirectory } from './directory.ts';
import { factsOf, misplaced, type SessionFacts, unfit } from './entities.ts';
import { type Answer, answerOf, type Terms } from './verdict.ts';

/** A session as answers are remembered under: two sessions with one key are alike to every policy. */
export interface SessionClass {
  readonly facts: SessionFacts;
  readonly key: string;
}

/** Groups of actions that leave the target other than it was, change who may do what there, or reach who knows what. */
const CHANGING: ReadonlySet<string> = new Set(['write', 'define', 'destroy', 'administer', 'pivot']);

/** The answer of the policies in force, and what it would be if those in shadow mode were, too. */
export interface Answers {
  readonly inForce: Answer;
  /** The same object when no policy is in shadow mode. */
  readonly shadowed: Answer;
}

/** The data classes a session may see in clear, likewise. */
export interface Revealed {
  readonly inForce: readonly string[];
  readonly shadowed: readonly string[];
}

export class PolicySet {
  readonly version: string;
  /** Whether any policy asks for the risk of operations. */
  readonly asksRisk: boolean;
  /** The policies in shadow mode. */
  readonly shadows: ReadonlySet<string>;
  readonly #loaded: PolicyDirectory;
  readonly #limits: PolicyLimits;
  readonly #judge: Judge;
  readonly #terms: Terms;
  readonly #answers: BoundedMap<string, Answers>;
  readonly #asked = new Map<string, Promise<Answers>>();
  readonly #revealed: BoundedMap<string, Revealed>;

  private constructor(loaded: PolicyDirectory, limits: PolicyLimits, judge: Judge) {
    this.version = loaded.version;
    this.asksRisk = loaded.asksRisk;
    this.shadows = new Set(loaded.policies.flatMap(({ id, shadow }) => (shadow ? [id] : [])));
    this.#loaded = loaded;
    this.#limits = limits;
    this.#judge = judge;
    const { policies } = loaded;
    this.#terms = {
      requirements: new Map(
        policies.flatMap(({ id, requirement }) => (requirement === null ? [] : [[id, requirement] as const])),
      ),
      limits: new Map(policies.flatMap(({ id, limit }) => (limit === null ? [] : [[id, limit] as const]))),
      asks: new Map(policies.flatMap(({ id, ask }) => (ask === null ? [] : [[id, ask] as const]))),
    };
    this.#answers = new BoundedMap(limits.cachedAnswers);
    this.#revealed = new BoundedMap(limits.cachedAnswers);
  }

  /** Starts the worker of a set without errors. */
  static async start(loaded: PolicyDirectory, limits: PolicyLimits): Promise<PolicySet> {
    const texts = (counted: readonly LoadedPolicy[]) =>
      Object.fromEntries(counted.map(({ id, text }) => [id, text]));
    const inForce = loaded.policies.filter(({ shadow }) => !shadow);
    const shadowed = inForce.length < loaded.policies.length ? texts(loaded.policies) : null;
    const task = { policies: texts(inForce), shadowed, vocabulary: loaded.vocabulary };
    return new PolicySet(loaded, limits, await Judge.start(task, limits));
  }

  /** The group of an action, by which its class of danger is known; null when it stands alone. */
  groupOf(action: string): string | null {
    const { vocabulary } = this.#loaded;
    return (Object.hasOwn(vocabulary, action) ? vocabulary[action]?.groups[0] : undefined) ?? null;
  }

  /** Whether this is an action, or a group that any action is in. */
  isAction(name: string): boolean {
    const { vocabulary } = this.#loaded;
    if (Object.hasOwn(vocabulary, name)) return true;
    return Object.values(vocabulary).some(({ groups }) => groups.includes(name));
  }

  /** Why a question cannot be asked at all, or null when it can. */
  refusal({ action, resource, facts }: Question): string | null {
    const { vocabulary } = this.#loaded;
    const known = Object.hasOwn(vocabulary, action) ? vocabulary[action] : undefined;
    if (known === undefined) return 'this action is not in the policy schema';
    if (!known.types.includes(resource.type))
      return 'the policy schema does not know this action on this type';
    return misplaced(resource, this.#limits) ?? unfit(facts, known.facts, this.#limits);
  }

  /** The group by which an action changes its target, or null: a read-only session has none of these. */
  changing(action: string): string | null {
    const { vocabulary } = this.#loaded;
    const groups = Object.hasOwn(vocabulary, action) ? vocabulary[action]?.groups : undefined;
    return groups?.find((group) => CHANGING.has(group)) ?? null;
  }

  /** The answer to a question without `refusal`. Never rejects. */
  ask(session: SessionClass, question: Question, key = questionKey(question)): Answers | Promise<Answers> {
    const full = `${session.key}${key}`;
    const known = this.#answers.get(full) ?? this.#asked.get(full);
    if (known !== undefined) return known;
    const asked = this.#judge.ask(session.facts, question).then((raw) => {
      const inForce = answerOf(raw?.inForce ?? null, this.#terms);
      const shadowed = raw?.shadowed == null ? inForce : answerOf(raw.shadowed, this.#terms);
      const answers = { inForce, shadowed };
      this.#asked.delete(full);
      if (inForce.effect !== 'fault') this.#answers.set(full, answers);
      return answers;
    });
    this.#asked.set(full, asked);
    return asked;
  }

  /** The data classes a session may see in clear, or null when it cannot be told now. */
  async revealed(session: SessionClass, classes: readonly string[]): Promise<Revealed | null> {
    const known = this.#revealed.get(session.key);
    if (known !== undefined) return known;
    const answers = await Promise.all(
      classes.map(async (name) =>
        this.ask(session, { action: 'reveal', resource: { type: 'DataClass', path: [name] } }),
      ),
    );
    if (answers.some(({ inForce }) => inForce.effect === 'fault')) return null;
    const clear = (which: keyof Answers): string[] =>
      classes.filter((_, index) => isClear(answers[index]?.[which]));
    const revealed = { inForce: clear('inForce'), shadowed: clear('shadowed') };
    this.#revealed.set(session.key, revealed);
    return revealed;
  }

  /** Ends the worker once what is under way is answered. */
  retire(): void {
    this.#judge.retire();
  }

  close(): Promise<void> {
    return this.#judge.close();
  }
}

/** A session's class. Only what crosses to the worker is in the key, and all of it. */
export function classOf(context: SessionContext): SessionClass {
  const facts = factsOf(context);
  return { facts, key: digest(JSON.stringify(facts)) };
}

/** One key per distinct question, with all that crosses to the worker; a long one is kept as its digest. */
export function questionKey({ action, resource, facts, risk }: Question): string {
  const { columns = null, via = null, roles = null } = facts ?? {};
  const key = JSON.stringify([action, resource.type, resource.path, columns, via, risk ?? null, roles]);
  return key.length > 512 ? digest(key) : key;
}

/** A value is seen or not: a permit to see it some of the time, or when somebody approves, is none. */
function isClear(answer: Answer | undefined): boolean {
  return answer?.effect === 'permit' && answer.limited === null;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
