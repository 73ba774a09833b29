/** One policy set in force: its worker, and the answers it gave. Immutable but for what it remembers. */
import { createHash } from 'node:crypto';
import { Judge } from './cedar-judge.ts';
import type { PolicyLimits } from './config.ts';
import type { ApprovalRequirement, SessionContext } from './decision.ts';
import type { PolicyDirectory } from './directory.ts';
import { factsOf, misplaced, type Question, type SessionFacts, unfit } from './entities.ts';
import { Remembered } from './remembered.ts';
import { type Answer, answerOf } from './verdict.ts';

/** A session as answers are remembered under: two sessions with one key are alike to every policy. */
export interface SessionClass {
  readonly facts: SessionFacts;
  readonly key: string;
}

export class PolicySet {
  readonly version: string;
  readonly #loaded: PolicyDirectory;
  readonly #limits: PolicyLimits;
  readonly #judge: Judge;
  readonly #requirements: ReadonlyMap<string, ApprovalRequirement>;
  readonly #answers: Remembered<Answer>;
  readonly #asked = new Map<string, Promise<Answer>>();
  readonly #revealed: Remembered<readonly string[]>;

  private constructor(loaded: PolicyDirectory, limits: PolicyLimits, judge: Judge) {
    this.version = loaded.version;
    this.#loaded = loaded;
    this.#limits = limits;
    this.#judge = judge;
    this.#requirements = new Map(
      loaded.policies.flatMap(({ id, requirement }) =>
        requirement === null ? [] : [[id, requirement] as const],
      ),
    );
    this.#answers = new Remembered(limits.cachedAnswers);
    this.#revealed = new Remembered(limits.cachedAnswers);
  }

  /** Starts the worker of a set without errors. */
  static async start(loaded: PolicyDirectory, limits: PolicyLimits): Promise<PolicySet> {
    const policies = Object.fromEntries(loaded.policies.map(({ id, text }) => [id, text]));
    return new PolicySet(
      loaded,
      limits,
      await Judge.start({ policies, vocabulary: loaded.vocabulary }, limits),
    );
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

  /** The answer to a question without `refusal`. Never rejects. */
  ask(session: SessionClass, question: Question, key = questionKey(question)): Answer | Promise<Answer> {
    const full = `${session.key}${key}`;
    const known = this.#answers.get(full) ?? this.#asked.get(full);
    if (known !== undefined) return known;
    const asked = this.#judge.ask(session.facts, question).then((raw) => {
      const answer = answerOf(raw, this.#requirements);
      this.#asked.delete(full);
      if (answer.effect !== 'fault') this.#answers.set(full, answer);
      return answer;
    });
    this.#asked.set(full, asked);
    return asked;
  }

  /** The data classes a session may see in clear, or null when it cannot be told now. */
  async revealed(session: SessionClass, classes: readonly string[]): Promise<readonly string[] | null> {
    const known = this.#revealed.get(session.key);
    if (known !== undefined) return known;
    const answers = await Promise.all(
      classes.map(async (name) =>
        this.ask(session, { action: 'reveal', resource: { type: 'DataClass', path: [name] } }),
      ),
    );
    if (answers.some(({ effect }) => effect === 'fault')) return null;
    const revealed = classes.filter((_, index) => answers[index]?.effect === 'permit');
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
export function questionKey({ action, resource, facts }: Question): string {
  const { columns = null, via = null } = facts ?? {};
  const key = JSON.stringify([action, resource.type, resource.path, columns, via]);
  return key.length > 512 ? digest(key) : key;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
