/** The worker that answers questions which bring their own entities. Its policy set never changes. */
import { parentPort, workerData } from 'node:worker_threads';
import { preparsePolicySet, statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs';
import { readAnswer } from './cedar-answer.ts';
import type { JudgeBatch, JudgeReply, RawAnswers } from './cedar-judge.ts';
import type { EntityFacts, EntityQuestion, EntityTask } from './entity-point.ts';

const SET = 'in-force';
const task: EntityTask = workerData;
const prepared = preparsePolicySet(SET, { staticPolicies: { ...task.policies } });
if (prepared.type === 'failure')
  throw new Error(`The policy set cannot be used: ${prepared.errors[0]?.message}`);

// As in the worker that judges operations: a trap ends this worker and it is replaced.
parentPort?.on('message', (batch: JudgeBatch<EntityFacts, EntityQuestion>) => {
  const answers = batch.questions.map(([at, question]) => {
    const facts = batch.sessions[at];
    if (facts === undefined) throw new Error('A question names a principal that was not sent.');
    return judge(facts, question);
  });
  parentPort?.postMessage({ id: batch.id, answers } satisfies JudgeReply);
});
parentPort?.postMessage({ id: 0, answers: [] } satisfies JudgeReply);

function judge(facts: EntityFacts, { action, resource }: EntityQuestion): RawAnswers {
  const word = Object.hasOwn(task.vocabulary, action) ? task.vocabulary[action] : undefined;
  if (word === undefined) throw new Error('An action is asked about that is not in the vocabulary.');
  const principal = {
    uid: { type: facts.type, id: facts.id },
    attrs: facts.attributes,
    parents: [...facts.parents],
  };
  const verb = {
    uid: { type: 'Action', id: action },
    attrs: {},
    parents: word.groups.map((id) => ({ type: 'Action', id })),
  };
  const thing = {
    uid: { type: resource.type, id: resource.id },
    attrs: resource.attributes,
    parents: [],
  };
  const answer = statefulIsAuthorized({
    principal: principal.uid,
    action: verb.uid,
    resource: thing.uid,
    context: {},
    entities: [principal, verb, thing],
    preparsedPolicySetId: SET,
  });
  return { inForce: readAnswer(answer), shadowed: null };
}
