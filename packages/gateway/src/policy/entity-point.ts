/**
 * A decision point for questions that bring their own entities, over a schema of their own: what the control plane asks.
 * The same care as for operations: policies are capped, parsed and validated strictly in a worker that is thrown away,
 * judged in one that is replaced when it breaks, and whatever is not a clean permit is a deny.
 */
import { createHash } from 'node:crypto';
import { BoundedMap } from '../lib/bounded-map.ts';
import { Fault } from '../lib/fault.ts';
import type { Vocabulary } from './cedar-check.ts';
import { Judge, type RawAnswer } from './cedar-judge.ts';
import { defaultPolicyLimits, type PolicyLimits } from './config.ts';
import { type LoadedPolicy, loadPolicyDirectory } from './directory.ts';

/** Attributes as Cedar reads them from JSON; a list is a set. */
export type EntityAttributes = { [name: string]: string | boolean | number | string[] };

/** Who asks. */
export interface EntityFacts {
  readonly type: string;
  readonly id: string;
  readonly attributes: EntityAttributes;
  readonly parents: readonly { readonly type: string; readonly id: string }[];
}

export interface EntityQuestion {
  readonly action: string;
  readonly resource: {
    readonly type: string;
    readonly id: string;
    readonly attributes: EntityAttributes;
  };
}

export interface EntityTask {
  readonly policies: Readonly<Record<string, string>>;
  readonly vocabulary: Vocabulary;
}

export interface EntityAnswer {
  readonly effect: 'permit' | 'deny' | 'fault';
  /** Ids of the policies that determined it. */
  readonly policies: readonly string[];
}

export interface EntityPoint {
  /** 16 hex digits over schema and policies. */
  readonly version: string;
  /** Actions of the schema. */
  readonly actions: ReadonlySet<string>;
  /** Never rejects; `fault` when there is no answer to be had, which is a deny. */
  decide(facts: EntityFacts, question: EntityQuestion): Promise<EntityAnswer>;
  close(): Promise<void>;
}

export interface EntityPolicies {
  readonly schema: string;
  /** Each with the name its policies' ids begin with. */
  readonly directories: readonly { readonly name: string; readonly directory: string }[];
  readonly limits?: PolicyLimits;
}

const NO_ANSWER: EntityAnswer = { effect: 'fault', policies: [] };
/** Answers remembered, over all callers. */
const REMEMBERED = 10_000;

/** Reads the policies and starts the worker. Rejects with Fault `policy-invalid` that names the first mistake. */
export async function openEntityPoint(asked: EntityPolicies): Promise<EntityPoint> {
  const { schema, directories, limits = defaultPolicyLimits } = asked;
  const policies: Record<string, string> = {};
  let vocabulary: Vocabulary = {};
  const hash = createHash('sha256').update(schema);
  for (const { name, directory } of directories) {
    const loaded = await loadPolicyDirectory(directory, limits, schema);
    const [first] = [...loaded.errors, ...loaded.policies.flatMap(unfit)];
    if (first !== undefined) {
      const line = first.line === 0 ? '' : `:${first.line}`;
      throw new Fault('policy-invalid', `${directory}: ${first.file}${line}: ${first.message}`);
    }
    for (const { id, text } of loaded.policies) policies[`${name}/${id}`] = text;
    vocabulary = loaded.vocabulary;
    hash.update(`${name} ${loaded.version}`);
  }
  const judge = await Judge.startForEntities({ policies, vocabulary }, limits);
  const known = new BoundedMap<string, EntityAnswer>(REMEMBERED);
  return {
    version: hash.digest('hex').slice(0, 16),
    actions: new Set(Object.keys(vocabulary)),
    async decide(facts, question) {
      const word = Object.hasOwn(vocabulary, question.action) ? vocabulary[question.action] : undefined;
      if (word === undefined || !word.types.includes(question.resource.type)) return NO_ANSWER;
      const key = createHash('sha256')
        .update(JSON.stringify([facts, question]))
        .digest('base64url');
      const before = known.get(key);
      if (before !== undefined) return before;
      const raw = await judge.ask(facts, question);
      if (raw === null) return NO_ANSWER;
      const answer = answerOf(raw.inForce);
      if (answer.effect !== 'fault') known.set(key, answer);
      return answer;
    },
    close: () => judge.close(),
  };
}

/** Cedar skips a policy that cannot be evaluated: a forbid that was skipped forbids nothing, so that is no answer. */
function answerOf({ allowed, policies, erred, failure }: RawAnswer): EntityAnswer {
  if (failure !== null || erred.length > 0) return NO_ANSWER;
  return { effect: allowed ? 'permit' : 'deny', policies };
}

/** Annotations that ask for something only operations have would be read as if they were not there. */
function unfit({ file, line, requirement, limit, shadow }: LoadedPolicy) {
  if (requirement === null && limit === null && !shadow) return [];
  const message =
    'a policy of the control plane permits or forbids: @approval, @limit and @shadow are for operations';
  return [{ file, line, message }];
}
